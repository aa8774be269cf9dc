"""The studio's own worker: a second process that is restarted when it dies and ends with the app."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import trainer
from puzzlecam_app.settings import Settings, environment_variable

_RESTART_S = (0.5, 2.0, 5.0, 15.0, 60.0)
_LIVED_LONG_S = 120.0
_PATIENCE_S = 10.0


class AppWorker:
    """Keeps `worker --attached` running as long as the app does. Use it as a context manager.

    The worker's standard input is a pipe that only this process holds: when the app ends, however it ends,
    the pipe closes, and the worker stores the state of its run, hands it back and ends too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="app worker", daemon=True)

    def __enter__(self) -> AppWorker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker gently. This may take as long as the trainer needs to store its state."""
        self._is_closing.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        self._thread.join(self._settings.run_stop_seconds + _PATIENCE_S)

    @property
    def is_well(self) -> bool:
        """Whether the worker runs, or has just been started."""
        return self._process is None or self._process.poll() is None

    def _keep_running(self) -> None:
        deaths = 0
        started = time.monotonic()
        while not self._is_closing.is_set():
            started = time.monotonic()
            try:
                self._process = self._start()
            except OSError:
                self._process = None
            if self._process is not None:
                if self._is_closing.is_set() and self._process.stdin is not None:
                    self._process.stdin.close()
                self._process.wait()
            deaths = 0 if time.monotonic() - started > _LIVED_LONG_S else deaths + 1
            self._is_closing.wait(_RESTART_S[min(deaths, len(_RESTART_S) - 1)])

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        environment = dict(os.environ)
        home = str(Path(trainer.__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environment.get("PYTHONPATH"))))
        # In the environment, not in the arguments: the URL may contain a password.
        environment[environment_variable("workspace")] = str(settings.workspace)
        environment[environment_variable("database_url")] = settings.resolve_database_url()
        environment[environment_variable("worker_device")] = settings.worker_device or ""
        environment[environment_variable("cluster")] = settings.cluster or ""
        environment[environment_variable("cluster_processes")] = str(settings.cluster_processes)
        environment[environment_variable("run_attempts")] = str(settings.run_attempts)
        environment[environment_variable("run_stop_seconds")] = str(settings.run_stop_seconds)
        return subprocess.Popen(  # our own program
            [sys.executable, "-P", "-m", "puzzlecam_app", "worker", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=environment,
        )

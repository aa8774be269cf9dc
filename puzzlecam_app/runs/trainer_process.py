"""The trainer as a process: it is started, found again, asked to end, and killed with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

import trainer

NICENESS = 10
"""Reviewing has priority: the trainer gets the CPU time that the studio leaves."""

_SAME_START_S = 2.0
"""Tolerance when start times are compared: the system's boot time moves with its clock."""


@dataclass
class TrainerProcess:
    """A trainer that runs or ran. Pid and start time identify it, because pids are reused."""

    pid: int
    started: float
    child: subprocess.Popen[bytes] | None = None

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs, or if another process started it."""
        return None if self.child is None else self.child.poll()

    def is_alive(self) -> bool:
        """Whether it is still running."""
        if self.child is not None:
            return self.child.poll() is None
        return _is_running(self.pid, self.started)

    def ask_to_end(self) -> None:
        """Ask it to finish the current step, store its state and end."""
        if not self.is_alive():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError, OSError):
            os.kill(self.pid, getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))

    def kill(self) -> None:
        """Kill it and every process that it started."""
        for process in (self._process(), *self.left_behind()):
            if process is not None:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        if self.child is not None:
            self.child.wait()

    def left_behind(self) -> list[psutil.Process]:
        """Other running processes of its group; there may be some after it has ended."""
        return list(_group_members(self.pid, self.started)) if os.name == "posix" else []

    def _process(self) -> psutil.Process | None:
        if not _is_running(self.pid, self.started):
            return None
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.pid)
        return None


def launch(arguments: Sequence[str | Path], log: Path) -> TrainerProcess:
    """Start Python with arguments such as `-m trainer`, in its own process group and with low priority.

    Its output is appended to `log`.

    Raises:
        OSError: it cannot be started, or the log cannot be written.
    """
    environment = dict(os.environ)
    # Import the trainer from where this program did; -P keeps the current folder out.
    home = str(Path(trainer.__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environment.get("PYTHONPATH"))))
    environment["PYTHONUNBUFFERED"] = "1"
    options: dict[str, object] = {}
    if sys.platform == "win32":
        options["creationflags"] = (
            subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    else:
        options["start_new_session"] = True
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-P", *(str(one) for one in arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=log.parent,
            **options,  # type: ignore[call-overload]
        )
    process = psutil.Process(child.pid)
    with contextlib.suppress(psutil.Error):
        if os.name == "posix":
            # Threads and processes that it starts inherit this.
            process.nice(NICENESS)
    try:
        started = process.create_time()
    except psutil.Error:
        started = 0.0
    return TrainerProcess(child.pid, started, child)


def find(pid: int | None, started: float | None, run_dir: Path) -> TrainerProcess | None:
    """The trainer of a run directory that another process has started: by its pid, or by its arguments.

    The arguments find one whose worker died before it could store the pid.
    """
    if pid is not None and started is not None and _is_running(pid, started):
        return TrainerProcess(pid, started)
    for process in psutil.process_iter(["cmdline", "create_time", "status"]):
        command = process.info["cmdline"] or []
        is_trainer = "train" in command and str(run_dir) in command
        if is_trainer and process.info["status"] != psutil.STATUS_ZOMBIE:
            return TrainerProcess(process.pid, process.info["create_time"])
    return None


def is_running(pid: int, started: float) -> bool:
    """Whether the process with this pid is running and is the one that was started at this time."""
    return _is_running(pid, started)


def _is_running(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < _SAME_START_S
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _group_members(group: int, started: float) -> Iterator[psutil.Process]:
    """Processes of the group whose leader was started at this time; not of a later group with this number."""
    if psutil.pid_exists(group) and not _is_running(group, started):
        with contextlib.suppress(psutil.Error):
            if abs(psutil.Process(group).create_time() - started) >= _SAME_START_S:
                return
    for process in psutil.process_iter(["create_time", "status"]):
        if process.pid == group or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        with contextlib.suppress(OSError, psutil.Error):
            if os.getpgid(process.pid) == group and process.info["create_time"] >= started - _SAME_START_S:
                yield process

"""A worker: processes queued runs one at a time, and takes over runs of workers that have ended."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import psutil
from sqlalchemy.exc import DBAPIError

from db import run_queue
from db.engine import Database
from db.errors import StorageError
from db.run_events import say
from db.runs import get_run
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.stored import copy_finished
from puzzlecam_app.runs.supervisor import Supervisor, WorkerOptions
from puzzlecam_app.runs.trainer_process import is_running

_log = logging.getLogger(__name__)


class Worker:
    """Works until it is told to end. Several workers may run on one host; those of one device take turns.

    Args:
        database: the database of the studio.
        runs_dir: folder of the runs in the workspace.
        options: how it works.
    """

    def __init__(self, database: Database, runs_dir: Path, options: WorkerOptions) -> None:
        self._database = database
        self._runs_dir = runs_dir
        self._options = options
        self.name = worker_name()
        # A cluster shares its nodes out by itself, so workers need not take turns.
        self.slot = (
            f"{socket.gethostname()}/{options.device or 'auto'}"
            if options.cluster is None
            else f"cluster/{self.name}"
        )

    def work(self, stop: threading.Event) -> None:
        """Process the queue until `stop` is set; the current run is then stopped gently and handed back."""
        while not stop.is_set():
            try:
                run_id = self._next()
                if run_id is None:
                    stop.wait(self._options.poll_s)
                    continue
                folder = RunFolder.of(self._runs_dir, run_id)
                Supervisor(self._database, folder, run_id, self.name, self._options, stop).supervise()
                if self._options.runs_url is not None:
                    self._copy(self._options.runs_url, folder, run_id, stop)
            except (StorageError, DBAPIError):
                _log.warning("the database cannot be reached; trying again", exc_info=True)
                stop.wait(self._options.poll_s * 5)

    def _copy(self, url: str, folder: RunFolder, run_id: int, stop: threading.Event) -> None:
        """Copy a run to a store, if it is done now."""
        with self._database.read() as session:
            run = get_run(session, run_id)
        if run.status == "done" and run.worker in (None, self.name):
            became = copy_finished(url, folder, run, lambda: not stop.is_set())
            with self._database.write() as session:
                say(session, run_id, became)

    def _next(self) -> int | None:
        lease = self._options.lease
        if not self._has_work():
            return None
        with self._database.write() as session:
            left = run_queue.take_over(
                session,
                worker=self.name,
                slot=self.slot,
                is_dead=is_dead_worker,
                is_here=lambda run_id: RunFolder.of(self._runs_dir, run_id).snapshot_path.is_file(),
                lease=lease,
            )
            if left is not None:
                return left
            return run_queue.claim(
                session, worker=self.name, slot=self.slot, device=self._options.device, lease=lease
            )

    def _has_work(self) -> bool:
        """Whether there are runs to work on; an idle worker writes nothing."""
        with self._database.read() as session:
            return run_queue.has_open_runs(session)


def worker_name() -> str:
    """Host, pid and start time of this process, from which others can tell whether it still runs."""
    process = psutil.Process()
    return f"{socket.gethostname()}/{process.pid}/{process.create_time():.2f}"


def is_dead_worker(name: str) -> bool:
    """Whether the worker of this name has certainly ended; always false for workers of other hosts."""
    host, *process = name.rsplit("/", 2)
    if host != socket.gethostname() or len(process) != 2:
        return False
    try:
        return not is_running(int(process[0]), float(process[1]))
    except ValueError:
        return False

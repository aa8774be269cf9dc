"""A worker: takes runs from the queue, one at a time, and those of workers that are gone."""

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
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.supervisor import Supervisor, WorkerOptions
from puzzlecam_app.runs.trainer_process import is_running

_log = logging.getLogger(__name__)


class Worker:
    """Works until told to end. Several may run on one host; those of one device take turns.

    Args:
        database: the studio's.
        runs_dir: folder of the runs in the workspace.
    """

    def __init__(self, database: Database, runs_dir: Path, options: WorkerOptions) -> None:
        self._database = database
        self._runs_dir = runs_dir
        self._options = options
        self.name = worker_name()
        self.slot = f"{socket.gethostname()}/{options.device or 'auto'}"

    def work(self, stop: threading.Event) -> None:
        """Serve the queue until `stop` is set; a run in hand is then stopped gently and handed back."""
        while not stop.is_set():
            try:
                run_id = self._next()
                if run_id is None:
                    stop.wait(self._options.poll_s)
                    continue
                folder = RunFolder.of(self._runs_dir, run_id)
                Supervisor(self._database, folder, run_id, self.name, self._options, stop).supervise()
            except (StorageError, DBAPIError):
                _log.warning("the database cannot be reached; trying again", exc_info=True)
                stop.wait(self._options.poll_s * 5)

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
        """Whether there is anything to look at; an idle worker writes nothing."""
        with self._database.read() as session:
            return run_queue.has_open_runs(session)


def worker_name() -> str:
    """Host, pid and start time of this process: enough to tell later whether it still runs."""
    process = psutil.Process()
    return f"{socket.gethostname()}/{process.pid}/{process.create_time():.2f}"


def is_dead_worker(name: str) -> bool:
    """Whether the worker of that name is known to have ended; of other hosts nothing is known."""
    host, *process = name.rsplit("/", 2)
    if host != socket.gethostname() or len(process) != 2:
        return False
    try:
        return not is_running(int(process[0]), float(process[1]))
    except ValueError:
        return False

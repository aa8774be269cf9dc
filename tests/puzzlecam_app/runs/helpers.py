"""Runs on the small drawn pictures of the neighbours, with a trainer that takes milliseconds."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil

from db.engine import Database
from db.run_events import list_events
from db.run_models import Run
from db.runs import get_run
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.runs.supervisor import WorkerOptions
from puzzlecam_app.runs.worker import Worker
from puzzlecam_app.services import Services
from tests import warm
from trainer.recipes import load_recipe

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE_S = 30


@dataclass
class Runs:
    """Runs of one workspace, and workers to work on them."""

    services: Services
    options: WorkerOptions = field(
        default_factory=lambda: WorkerOptions(
            max_attempts=3,
            grace_s=5,
            lease=timedelta(seconds=30),
            poll_s=0.02,
            program=(str(HERE / "fake_trainer.py"),),
        )
    )

    @property
    def database(self) -> Database:
        return self.services.database

    def start(self, **changes: object) -> int:
        """Queue a run on the dataset 1."""
        request = RunRequest(dataset_id=1, recipe=load_recipe("tiny"), author="ann", **changes)
        return start_run(self.database, self.services.masks, self.services.workspace.runs_dir, request).id

    def run(self, run_id: int) -> Run:
        with self.database.read() as session:
            return get_run(session, run_id)

    def folder(self, run_id: int) -> RunFolder:
        return RunFolder.of(self.services.workspace.runs_dir, run_id)

    def messages(self, run_id: int) -> str:
        with self.database.read() as session:
            return "\n".join(one.data["message"] for one in list_events(session, run_id, kinds=["worker"]))

    def kinds(self, run_id: int) -> list[str]:
        with self.database.read() as session:
            return [one.kind for one in list_events(session, run_id) if one.kind != "worker"]

    @contextmanager
    def worker(self) -> Iterator[threading.Event]:
        """A worker on a thread; ends with the block, and hands back what it has."""
        stop = threading.Event()
        one = Worker(self.database, self.services.workspace.runs_dir, self.options)
        thread = threading.Thread(target=one.work, args=(stop,))
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    @contextmanager
    def worker_process(self) -> Iterator[warm.Process]:
        """A worker as a process, to be killed as hard as wished."""
        url = self.database.url.render_as_string(hide_password=False)
        process = warm.start(
            [HERE / "worker_program.py", url, str(self.services.workspace.runs_dir)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_S)

    def wait_for(self, run_id: int, *statuses: str) -> Run:
        wait_until(lambda: self.run(run_id).status in statuses)
        return self.run(run_id)

    def wait_for_step(self, run_id: int, step: int = 1) -> Run:
        """Wait until the trainer of an attempt is at work and known."""

        def is_at_work() -> bool:
            with self.database.read() as session:
                steps = [one.data["step"] for one in list_events(session, run_id, kinds=["step"])]
            return step in steps and self.run(run_id).trainer_pid is not None

        wait_until(is_at_work)
        return self.run(run_id)

    def let_go(self, run_id: int) -> None:
        """Let a trainer that hangs come to its end."""
        (self.folder(run_id).path / "go").touch()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

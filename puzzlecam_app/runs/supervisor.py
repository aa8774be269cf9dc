"""One run of a worker: its trainer is started or found again, watched and stopped, and its end is judged."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import run_queue
from db.engine import Database
from db.errors import StorageError
from db.run_events import say
from db.run_models import Run
from db.runs import get_run, list_runs
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.advance import has_advanced
from puzzlecam_app.runs.attempt import Attempt
from puzzlecam_app.runs.cluster import Cluster, ClusterJob, new_job_name
from puzzlecam_app.runs.dataset_folder import link_again, list_name, missing_pictures
from puzzlecam_app.runs.event_mirror import EventMirror, last_ending
from puzzlecam_app.runs.fetching import fetch_pictures
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.outcome import DISK_FULL, End, Outcome, is_disk_full, judge, memory_kills
from puzzlecam_app.runs.snapshot import current_paths, read_snapshot
from puzzlecam_app.runs.trainer_process import TrainerProcess, find, launch
from trainer.data.voc import PICTURES
from trainer.run.directory import RunDirError

_log = logging.getLogger(__name__)

_EARLIER_RUNS = 5
"""Number of earlier runs whose finished stages may be reused."""

_CORRECT_AND_RESUME = "Correct this, then resume the run"


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker works.

    Attributes:
        device: "cpu", "cuda" or "cuda:N"; None leaves the choice to the trainer.
        max_attempts: how often a run is started without getting further before a crash is final.
        grace_s: seconds that a trainer has to end gently.
        lease: time after which another worker may take over the run of a silent one.
        poll_s: seconds between two looks at the trainer or the queue.
        aliases: file that says what tags mean; a run keeps it as it was when it began.
        cluster: address of a Ray cluster that runs the trainers; None runs them on this machine.
        cluster_processes: how many processes of the cluster share a run.
        program: arguments with which Python starts the trainer.
        runs_url: where finished runs are copied to; None leaves them on this machine.
    """

    device: str | None = None
    max_attempts: int = 3
    grace_s: float = 60.0
    lease: timedelta = timedelta(seconds=30)
    poll_s: float = 1.0
    aliases: Path | None = None
    cluster: str | None = None
    cluster_processes: int = 1
    program: tuple[str, ...] = ("-m", "trainer")
    runs_url: str | None = None


class Supervisor:
    """Works on one run from its claim until it ends, is handed back, or belongs to another worker.

    Args:
        database, folder, run_id: the run.
        worker: name of the worker that has claimed it.
        options: how the worker works.
        stop: set when the worker is to end; the trainer is then stopped and the run is handed back.
    """

    def __init__(
        self,
        database: Database,
        folder: RunFolder,
        run_id: int,
        worker: str,
        options: WorkerOptions,
        stop: threading.Event,
    ) -> None:
        self._database = database
        self._folder = folder
        self._run_id = run_id
        self._worker = worker
        self._options = options
        self._stop = stop
        self._cluster = None if options.cluster is None else Cluster(options.cluster)
        self._mirror = EventMirror(database, run_id, worker, folder.train.events_path)
        self._renewed = time.monotonic()

    def supervise(self) -> None:
        """Work on the run; returns when there is nothing left to do for this worker."""
        trainer = self._find()
        while True:
            if trainer is None and not (trainer := self._start()):
                return
            if self._watch(trainer) == "lost":
                return
            outcome = self._outcome(trainer)
            trainer.kill()  # and processes that it may have left
            Attempt.read(self._folder).without_job(self._folder)
            if not self._goes_on(outcome):
                return
            trainer = None

    # Starting

    def _find(self) -> TrainerProcess | ClusterJob | None:
        """The trainer that an earlier worker has started, if it is running or has ended unjudged."""
        run = self._run()
        if not self._folder.attempt_path.exists():
            return None
        job = Attempt.read(self._folder).job
        if self._cluster is not None and job is not None:
            self._say("Reattached to a trainer that an earlier worker had left in the Ray cluster.")
            return self._cluster.find(job)
        trainer = find(run.trainer_pid, run.trainer_started, self._folder.train.path)
        if trainer is not None:
            self._write(
                lambda session: run_queue.note_trainer(
                    session, self._run_id, worker=self._worker, pid=trainer.pid, started=trainer.started
                )
            )
            self._say("Reattached to a trainer that an earlier worker had left running.")
            return trainer
        if run.trainer_pid is None:
            return None
        return TrainerProcess(run.trainer_pid, run.trainer_started or 0.0)

    def _start(self) -> TrainerProcess | ClusterJob | None:
        """Start the trainer; None if the run has ended instead."""
        unfetched = self._fetched()
        run = self._run()
        if self._stop.is_set() or run.status == "stopping":
            self._give_up_before_start(run)
            return None
        try:
            problem = unfetched or self._obstacle()
            arguments = [] if problem else self._arguments(run)
            if not problem:
                trainer = self._launch([*self._options.program, *arguments])
        except UserError as error:
            problem = Outcome("failed", str(error), _CORRECT_AND_RESUME)
        except OSError as error:
            problem = Outcome("failed", f"The trainer cannot be started ({error}).", _CORRECT_AND_RESUME)
        if problem:
            self._finish("failed", problem)
            return None
        pid, started = (None, None) if isinstance(trainer, ClusterJob) else (trainer.pid, trainer.started)
        kept = self._write(
            lambda session: run_queue.note_trainer(
                session, self._run_id, worker=self._worker, pid=pid, started=started
            )
        )
        if not kept:
            trainer.kill()
            return None
        self._say(f"The trainer was started, attempt {run.attempts} of {self._options.max_attempts}.")
        return trainer

    def _launch(self, arguments: list[str | Path]) -> TrainerProcess | ClusterJob:
        """Start the trainer; raises OSError or UserError."""
        log = self._folder.log_path
        if self._cluster is None:
            Attempt.begin(self._folder)
            return launch(arguments, log)
        name = new_job_name(self._run_id)
        # The name is stored first, so that a worker that dies in between leaves no unknown job.
        Attempt.begin(self._folder, job=name)
        return self._cluster.submit(
            name,
            arguments,
            log,
            uses_gpu=self._device(self._run()).startswith("cuda"),
            # The job then only waits for processes that it starts itself.
            takes_room=not self._is_shared,
        )

    @property
    def _is_shared(self) -> bool:
        """Whether several processes of a cluster share the run."""
        return self._cluster is not None and self._options.cluster_processes > 1

    def _device(self, run: Run) -> str:
        """As a trainer names it; empty if it is to choose."""
        device = run.device or self._options.device or ""
        return device.partition(":")[0] if self._is_shared else device

    def _give_up_before_start(self, run: Run) -> None:
        if run.status == "stopping":
            self._finish("cancelled", Outcome("stopped"))
        else:
            self._write(
                lambda session: run_queue.hand_back(
                    session, self._run_id, worker=self._worker, attempts=run.attempts - 1
                )
            )

    def _fetched(self) -> Outcome | None:
        """Bring pictures from a URL; returns why that was not possible."""

        def goes_on() -> bool:
            run = self._look_in()
            is_to_stop = run is not None and (run.status == "stopping" or run.worker != self._worker)
            return not is_to_stop and not self._stop.is_set()

        return fetch_pictures(self._database, self._folder, goes_on)

    def _obstacle(self) -> Outcome | None:
        """Why the trainer cannot be started; None if it can."""
        if not (self._folder.dataset / PICTURES).is_dir():
            return Outcome(
                "failed",
                f"The files of the run are not on this machine ({self._folder.path}).",
                "Restore them from a backup, or clone the run",
            )
        if is_disk_full(self._folder.path):
            return DISK_FULL
        run = self._run()
        has_begun = self._folder.train.exists()
        if run.dataset.removed_at is not None and not has_begun:
            return Outcome(
                "failed", "The dataset was removed from the studio.", "Import it again and start a new run"
            )
        missing = missing_pictures(self._folder.dataset)
        if missing:
            self._link_moved_pictures()
            missing = missing_pictures(self._folder.dataset)
        if has_begun:
            try:
                known = self._folder.train.manifest().dataset.skipped or {}
            except RunDirError as error:
                return Outcome("failed", str(error), "Restore the file from a backup, or clone the run")
            missing = [name for name in missing if Path(name).stem not in known]
        all_gone = missing and len(missing) == len(list((self._folder.dataset / PICTURES).iterdir()))
        if not missing or not (has_begun or all_gone):
            return None  # at the first start, the recipe says what happens to pictures that cannot be read
        source = (self._folder.dataset / PICTURES / missing[0]).resolve()
        count = "1 picture is" if len(missing) == 1 else f"{len(missing)} pictures are"
        return Outcome(
            "failed",
            f"{count} no longer there, such as {source}.",
            "Put the folder of the dataset back where it was, or use dataset relocate, and resume",
        )

    def _link_moved_pictures(self) -> None:
        """The dataset may have been relocated, or its files renamed, since the snapshot was taken."""
        snapshot = read_snapshot(self._folder.snapshot_path)
        with self._database.read() as session:
            files, paths = current_paths(session, snapshot)
        if not files.is_remote:
            link_again(snapshot, self._folder.dataset, files, paths)

    def _arguments(self, run: Run) -> list[str | Path]:
        snapshot = read_snapshot(self._folder.snapshot_path)
        device, processes = self._device(run), self._options.cluster_processes
        return [
            "train",
            "--dataset-root",
            self._folder.dataset,
            "--run-dir",
            self._folder.train.path,
            "--recipe",
            self._folder.recipe_path,
            "--split",
            list_name(snapshot, run.split),
            *(("--device", device) if device else ()),
            *(("--cluster", "auto", "--processes", str(processes)) if self._is_shared else ()),
            *self._aliases(),
            # One argument each: a trainer is found again by an argument that is its own run directory.
            *(f"--reuse={path}" for path in self._earlier_runs(run)),
        ]

    def _aliases(self) -> tuple[str | Path, ...]:
        aliases, begun = self._options.aliases, self._folder.train.manifest_path.is_file()
        return ("--aliases", aliases) if aliases is not None and aliases.is_file() and not begun else ()

    def _earlier_runs(self, run: Run) -> list[Path]:
        """Run directories of the same dataset, the latest first, whose stages may be reused."""
        with self._database.read() as session:
            others = [one.id for one in list_runs(session, dataset_id=run.dataset_id) if one.id != run.id]
        folders = (RunFolder.of(self._folder.path.parent, one) for one in others)
        return [folder.train.path for folder in folders if folder.train.exists()][:_EARLIER_RUNS]

    # Watching

    def _watch(self, trainer: TrainerProcess | ClusterJob) -> Literal["ended", "lost"]:
        asked_at: float | None = None
        while True:
            is_alive = trainer.is_alive()
            if isinstance(trainer, ClusterJob):
                if news := trainer.news():
                    self._say(news)
                if is_alive and self._stop.is_set():
                    return "lost"  # the cluster goes on with it, and another worker finds it again
            run = self._look_in()
            if run is not None and run.worker != self._worker:
                _log.warning("run %s belongs to %s now", self._run_id, run.worker)
                return "lost"
            if not is_alive:
                return "ended"
            is_to_stop = self._stop.is_set() or (run is not None and run.status == "stopping")
            if is_to_stop and asked_at is None:
                asked_at = time.monotonic()
                self._say("The trainer was asked to store its state and end.")
                trainer.ask_to_end()
            is_firm = run is not None and run.stop_is_firm
            if asked_at is not None and (is_firm or time.monotonic() - asked_at > self._options.grace_s):
                self._say("The trainer was killed; the run can continue from its last checkpoint.")
                trainer.kill()
            self._pause(trainer)

    def _pause(self, trainer: TrainerProcess | ClusterJob) -> None:
        """Wait for `poll_s`, or until the trainer ends."""
        until = time.monotonic() + self._options.poll_s
        while time.monotonic() < until and trainer.is_alive():
            if not self._stop.wait(0.1):
                continue
            time.sleep(0.1)  # the event stays set, so waiting for it returns at once

    def _look_in(self) -> Run | None:
        """Copy new events, renew the lease and read the run; None while the database cannot be reached."""
        try:
            self._mirror.catch_up()
            if time.monotonic() - self._renewed > self._options.lease.total_seconds() / 3:
                with self._database.write() as session:
                    run_queue.renew(session, self._run_id, worker=self._worker, lease=self._options.lease)
                self._renewed = time.monotonic()
            return self._run()
        except (StorageError, DBAPIError):
            # The training continues; its events are in its log and are copied later.
            _log.warning("the database cannot be reached; the run continues", exc_info=True)
            return None

    # Ending

    def _outcome(self, trainer: TrainerProcess | ClusterJob) -> Outcome:
        attempt = Attempt.read(self._folder)
        return judge(
            End(
                exit_code=trainer.exit_code,
                problem=trainer.problem if isinstance(trainer, ClusterJob) else None,
                last=last_ending(self._folder.train.events_path, attempt.events),
                log=self._folder.log_tail(start=attempt.log),
                has_kernel_killed=memory_kills() > attempt.memory_kills,
                is_disk_full=is_disk_full(self._folder.path),
            )
        )

    def _goes_on(self, outcome: Outcome) -> bool:
        """Record the outcome of an attempt; returns whether the run is started again here.

        Attempts are counted anew after each one that got further. A restart of the machine is none.
        """
        if outcome.kind == "stopped":
            # A machine that shuts down asks trainer and worker to end, not always in this order.
            self._stop.wait(self._options.poll_s)
        run = self._run()
        events = self._folder.train.events_path
        is_further = outcome.kind != "done" and has_advanced(events, Attempt.read(self._folder).events)
        if outcome.kind == "done":
            self._finish("done", outcome)
        elif run.status == "stopping":
            self._finish("cancelled", outcome)
        elif self._stop.is_set():
            self._say("The worker ends; the run waits for another worker.")
            used = 0 if is_further else run.attempts - 1
            self._write(
                lambda session: run_queue.hand_back(session, self._run_id, worker=self._worker, attempts=used)
            )
        elif outcome.kind == "failed":
            self._finish("failed", outcome)
        else:
            used = 0 if is_further else run.attempts - (outcome.kind == "restarted")
            if outcome.kind != "restarted" and used >= self._options.max_attempts:
                self._finish("failed", outcome)
                return False
            self._say(f"{outcome.problem} The run continues from its last checkpoint.")
            return self._write(
                lambda session: run_queue.note_attempt(
                    session, self._run_id, worker=self._worker, number=used + 1
                )
            )
        return False

    def _finish(self, status: Literal["done", "failed", "cancelled"], outcome: Outcome) -> None:
        problem, remedy = (None, None) if status != "failed" else (outcome.problem, outcome.remedy)
        if outcome.kind == "crashed" and status == "failed":
            problem = f"{problem} It was tried {self._run().attempts} times without getting further."
        metrics = self._metrics() if status == "done" else None
        log_tail = self._folder.log_tail(start=Attempt.read(self._folder).log) if status == "failed" else None

        def end(session: Session) -> bool:
            if problem:
                say(session, self._run_id, problem)
            ending = run_queue.Ending(status, problem, remedy, log_tail, metrics)
            return run_queue.finish(session, self._run_id, ending, worker=self._worker)

        self._write(end)

    def _metrics(self) -> dict[str, Any] | None:
        try:
            values = json.loads(self._folder.train.metrics_path.read_bytes())
        except (OSError, ValueError):
            return None
        return values if isinstance(values, dict) else None

    # The database

    def _run(self) -> Run:
        with self._database.read() as session:
            return get_run(session, self._run_id)

    def _say(self, message: str) -> None:
        def speak(session: Session) -> bool:
            say(session, self._run_id, message)
            return True

        self._write(speak)

    def _write(self, change: Callable[[Session], bool]) -> bool:
        """Make a change that must not be lost; retries for the time of a lease if the database is away."""
        until = time.monotonic() + self._options.lease.total_seconds()
        while True:
            try:
                with self._database.write() as session:
                    return change(session)
            except (DBAPIError, StorageError):
                if time.monotonic() > until:
                    raise
                _log.warning("the database cannot be written; trying again", exc_info=True)
                time.sleep(self._options.poll_s)

"""Background work that a page starts and then asks about: previews, publishing, estimates."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from db.errors import StorageError
from db.troubles import disk_full, is_disk_full
from puzzlecam_app.errors import UserError
from trainer.errors import TrainerError

_log = logging.getLogger(__name__)
Report = Callable[[int, int], None]


@dataclass
class Job:
    """One piece of work; it has a `result` when it is "done" and a `problem` when it has "failed"."""

    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    total: int = 0
    result: Any = None
    problem: str | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class Jobs:
    """Jobs by key, each on its own thread. Per key, one job runs at a time and the last one is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, Job] = {}

    def start(self, key: Hashable, work: Callable[[Report], Any]) -> Job:
        """Start a job unless the same one is running.

        Args:
            key: identifies the job.
            work: returns the result; it gets a function to report progress, called with (done, total).
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.state == "running":
                return known
            job = Job()
            self._jobs[key] = job
            job.thread = threading.Thread(target=self._run, args=(job, work), daemon=True)
            job.thread.start()
            return job

    def get(self, key: Hashable) -> Job | None:
        """The last job with this key; None if there was none."""
        with self._lock:
            return self._jobs.get(key)

    def forget(self, key: Hashable) -> None:
        """Drop a finished job whose result is out of date."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.state != "running":
                del self._jobs[key]

    @staticmethod
    def _run(job: Job, work: Callable[[Report], Any]) -> None:
        def report(done: int, total: int) -> None:
            job.done, job.total = done, total

        try:
            job.result = work(report)
            job.state = "done"
        except (UserError, StorageError, TrainerError) as error:
            job.problem, job.state = str(error), "failed"
        except OSError as error:
            if is_disk_full(error):
                job.problem = str(disk_full(error.filename or "the workspace"))
            else:
                _log.exception("a job of a page failed")
                job.problem = f"A file cannot be read or written ({error}); check the disk and your rights."
            job.state = "failed"
        except Exception:
            _log.exception("a job of the Runs page failed")
            job.problem = "An unexpected error occurred; the studio's log has the details."
            job.state = "failed"

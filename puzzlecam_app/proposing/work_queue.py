"""One background thread for heavy work: the most urgent job runs first, and no job is queued twice."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

_WEIGHT: Final = 0.2
"""Of the newest job in the running mean of how long jobs take."""


class Priority(IntEnum):
    """The lowest value runs first."""

    NOW = 0
    SOON = 1
    IDLE = 2
    RENEWAL = 3


@dataclass
class _Job:
    """A job that waits or runs; `levels` are the priorities that it was submitted with."""

    work: Callable[[], Any]
    future: Future[Any]
    asked_s: float
    levels: set[Priority]
    rank: tuple[int, int]
    owner: str | None
    is_running: bool = False


@dataclass(frozen=True)
class Place:
    """Where a job stands.

    Attributes:
        ahead: how many jobs are done before it, the one that is running among them.
        seconds: how long that will probably take.
    """

    ahead: int
    seconds: float


@dataclass(frozen=True)
class QueueState:
    """Who waits in the queue: number of jobs by priority, and how long the first of them has waited."""

    waiting: dict[Priority, int]
    is_running: bool
    oldest_wait_s: float


class WorkQueue:
    """Runs functions one at a time on a daemon thread.

    Torch uses every core for one picture, so a second picture at the same time would only slow down the one
    that somebody is waiting for. Submitting a key that is waiting or running returns the same future; a more
    urgent priority moves the job forward.

    Of equally urgent jobs without an owner the latest runs first, because the picture that was requested last
    is the one on the screen. Jobs with owners come after those, and every owner has one place in the line:
    the latest job of an owner takes the earliest place that this owner has. Less urgent jobs of owners run in
    the order in which they came.

    Args:
        name: of the thread.
        ended: called on the queue's thread after each job with its priority and the seconds that it waited
            and took.
    """

    def __init__(self, name: str, ended: Callable[[Priority, float, float], None] | None = None) -> None:
        self._condition = threading.Condition()
        self._jobs: dict[Hashable, _Job] = {}
        self._order = itertools.count(1)
        self._closed = False
        self._mean_s = 1.0
        self._running_since: float | None = None
        self.ended = ended
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(
        self, key: Hashable, work: Callable[[], Any], priority: Priority, owner: str | None = None
    ) -> Future[Any]:
        """Queue `work`.

        Args:
            key: Identifies the job; see the class.
            work: Called without arguments on the queue's thread.
            priority: How urgent the job is.
            owner: Who waits for it; see the class.

        Raises:
            RuntimeError: The queue is closed.
        """
        with self._condition:
            if self._closed:
                raise RuntimeError("the work queue is closed")
            number = next(self._order)
            rank = (int(priority), -number if owner is None else number)
            job = self._jobs.get(key)
            if job is None:
                job = _Job(work, Future(), time.monotonic(), {priority}, rank, owner)
                self._jobs[key] = job
                self._take_first_place(job)
            elif not job.is_running:
                job.levels.add(priority)
                if owner is not None and job.owner is None and job.rank[0] != Priority.NOW:
                    job.owner = owner
                if rank < job.rank:
                    job.rank = rank
                if owner is not None and owner == job.owner:
                    self._take_first_place(job)
            self._condition.notify()
        return job.future

    @property
    def waiting(self) -> int:
        """Number of jobs that are waiting or running."""
        with self._condition:
            return len(self._jobs)

    def place(self, key: Hashable) -> Place | None:
        """Where a job stands; None if it neither waits nor runs."""
        with self._condition:
            job = self._jobs.get(key)
            if job is None:
                return None
            if job.is_running:
                return Place(0, self._mean_s)
            before = sum(other.is_running or other.rank < job.rank for other in self._jobs.values())
            return Place(before, (before + 1) * self._mean_s)

    def state(self) -> QueueState:
        """Who waits."""
        with self._condition:
            jobs = [job for job in self._jobs.values() if not job.is_running]
            oldest = min((job.asked_s for job in jobs), default=None)
            counted = Counter(map(_level, jobs))
            waiting = {priority: counted[priority] for priority in Priority}
            return QueueState(
                waiting,
                self._running_since is not None,
                0.0 if oldest is None else time.monotonic() - oldest,
            )

    def forget(self, priority: Priority, owner: str | None = None) -> None:
        """Drop waiting jobs of an owner that were submitted with this priority and no other."""
        with self._condition:
            dropped = [
                key for key, job in self._jobs.items() if job.levels == {priority} and job.owner == owner
            ]
            for key in dropped:
                if not self._jobs[key].is_running and self._jobs[key].future.cancel():
                    del self._jobs[key]

    def close(self) -> None:
        """Finish the running job, drop the others and stop the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(timeout=30)
        for job in self._jobs.values():
            job.future.cancel()

    def _take_first_place(self, job: _Job) -> None:
        """Swap places so that the job comes before the others of its owner that are as urgent."""
        if job.owner is None or job.rank[0] != Priority.NOW:
            return
        same = [
            other
            for other in self._jobs.values()
            if other.owner == job.owner and not other.is_running and other.rank[0] == job.rank[0]
        ]
        first = min(same, key=lambda other: other.rank)
        first.rank, job.rank = job.rank, first.rank

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._closed and not self._jobs:
                    self._condition.wait()
                if self._closed:
                    return
                key, job = min(self._jobs.items(), key=lambda item: item[1].rank)
                if not job.future.set_running_or_notify_cancel():
                    del self._jobs[key]
                    continue
                job.is_running = True
                began = self._running_since = time.monotonic()
            result: Any = None
            problem: BaseException | None = None
            try:
                result = job.work()
            except BaseException as error:
                problem = error
            took = time.monotonic() - began
            with self._condition:
                del self._jobs[key]
                self._running_since = None
                if job.rank[0] == Priority.NOW:
                    self._mean_s += _WEIGHT * (took - self._mean_s)
            if self.ended is not None:
                self.ended(_level(job), began - job.asked_s, took)
            if problem is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(problem)
            del job, result, problem  # nothing is kept alive until the next job


def _level(job: _Job) -> Priority:
    """The priority under which a job is counted; what comes after everything counts with the last."""
    return Priority(min(job.rank[0], Priority.RENEWAL))

"""One background thread for heavy work: the most urgent job runs first, and no job is queued twice."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any


class Priority(IntEnum):
    """The lowest value runs first."""

    NOW = 0
    SOON = 1
    IDLE = 2
    RENEWAL = 3


class WorkQueue:
    """Runs functions one at a time on a daemon thread.

    Torch uses every core for one picture, so a second picture at the same time would only slow down the one
    that somebody is waiting for. Submitting a key that is waiting or running returns the same future; a more
    urgent priority moves the job forward.
    """

    def __init__(self, name: str) -> None:
        self._condition = threading.Condition()
        self._heap: list[tuple[int, int, Hashable]] = []
        self._jobs: dict[Hashable, tuple[Callable[[], Any], Future[Any]]] = {}
        self._order = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, key: Hashable, work: Callable[[], Any], priority: Priority) -> Future[Any]:
        """Queue `work`.

        Args:
            key: Identifies the job; see the class.
            work: Called without arguments on the queue's thread.
            priority: How urgent the job is. Within a priority the latest job runs first, because the picture
                that was requested last is the one on the screen.

        Raises:
            RuntimeError: The queue is closed.
        """
        with self._condition:
            if self._closed:
                raise RuntimeError("the work queue is closed")
            if key not in self._jobs:
                self._jobs[key] = (work, Future())
            future = self._jobs[key][1]
            heapq.heappush(self._heap, (int(priority), -next(self._order), key))
            self._condition.notify()
        return future

    @property
    def waiting(self) -> int:
        """Number of jobs that are waiting or running."""
        with self._condition:
            return len(self._jobs)

    def forget(self, priority: Priority) -> None:
        """Drop waiting jobs that were submitted with this priority and no other."""
        with self._condition:
            wanted = {key for level, _, key in self._heap if level != priority}
            for _, _, key in self._heap:
                if key not in wanted and key in self._jobs and self._jobs[key][1].cancel():
                    del self._jobs[key]
            self._heap = [entry for entry in self._heap if entry[2] in self._jobs]
            heapq.heapify(self._heap)

    def close(self) -> None:
        """Finish the running job, drop the others and stop the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join(timeout=30)
        for _, future in self._jobs.values():
            future.cancel()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._heap and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                _, _, key = heapq.heappop(self._heap)
                if key not in self._jobs:
                    continue  # already done, from a more urgent entry of the same job
                work, future = self._jobs[key]
                if not future.set_running_or_notify_cancel():
                    del self._jobs[key]
                    continue
            try:
                result = work()
            except BaseException as error:
                with self._condition:
                    del self._jobs[key]
                future.set_exception(error)
            else:
                with self._condition:
                    del self._jobs[key]
                future.set_result(result)

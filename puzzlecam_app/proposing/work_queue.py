"""One background thread for heavy work, most urgent first, with the same work never done twice at once."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any


class Priority(IntEnum):
    """Lower runs first."""

    NOW = 0
    SOON = 1
    IDLE = 2


class WorkQueue:
    """Runs functions one at a time on a daemon thread.

    Torch uses every core for one picture, so a second picture at the same time would only slow the one
    that somebody is waiting for. Asking again for a key that is waiting or running gives the same future;
    a more urgent ask moves it forward.
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
        """Run `work` in its turn.

        Args:
            key: What the work is about; see the class.
            work: Called without arguments on the queue's thread.
            priority: How urgent it is; within a priority, the latest ask comes first, because the
                picture that was asked for last is the one in front of the person.

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
        """How many jobs are waiting or running."""
        with self._condition:
            return len(self._jobs)

    def forget(self, priority: Priority) -> None:
        """Drop waiting jobs that nobody asked for more urgently than `priority`."""
        with self._condition:
            wanted = {key for level, _, key in self._heap if level < priority}
            for _, _, key in self._heap:
                if key not in wanted and key in self._jobs and self._jobs[key][1].cancel():
                    del self._jobs[key]
            self._heap = [entry for entry in self._heap if entry[2] in self._jobs]
            heapq.heapify(self._heap)

    def close(self) -> None:
        """Finish the job that runs, drop the others, and stop the thread."""
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
                    continue  # already done under a more urgent entry
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

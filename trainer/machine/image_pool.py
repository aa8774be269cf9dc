"""Many pictures processed on several cores, for steps whose libraries hold the GIL, such as the dense CRF."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2
import torch

from trainer.machine.device import available_cpu_count
from trainer.machine.start_method import WorkerEndedError, worker_context

Item = TypeVar("Item")
Result = TypeVar("Result")

_LEAST_ITEMS_PER_WORKER = 12
"""A worker takes seconds to import its modules; fewer pictures than this are done sooner without one."""

_ITEMS_AHEAD_PER_WORKER = 3
"""Items that wait for a worker: enough to keep it busy, few enough for memory."""


def map_images(
    function: Callable[[Item], Result], items: Iterable[Item], *, total: int, workers: int | None = None
) -> Iterator[Result]:
    """Apply a function to every item on several cores; yields the results in order, as they become ready.

    Args:
        function: must be picklable: a module's function, or a `functools.partial` of one.
        items: must be picklable. Only a few are taken ahead of the workers, so a generator may compute them.
        total: number of items; a small number is processed in this process.
        workers: number of processes; None means one per core.

    Raises:
        WorkerEndedError: a worker was killed, most often for lack of memory.
        Exception: whatever the function raised.
    """
    count = min(workers or available_cpu_count(), total // _LEAST_ITEMS_PER_WORKER)
    if count < 2:
        yield from map(function, items)
        return
    with worker_processes(count) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                while len(waiting) > count * _ITEMS_AHEAD_PER_WORKER or (waiting and waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise WorkerEndedError from error
        finally:
            pool.shutdown(cancel_futures=True)


def worker_processes(count: int) -> ProcessPoolExecutor:
    """A pool of single-threaded worker processes, which end with this process however it ends."""
    return ProcessPoolExecutor(count, mp_context=worker_context(), initializer=_start_worker)


def _start_worker() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its workers; without this they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

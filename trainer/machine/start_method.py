"""Worker processes: how they start, never as a copy of threads that hold locks, and that one has ended."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import BaseContext

from trainer.errors import TrainerError

_PRELOADED = ["torch", "cv2", "numpy"]
"""Imported once by the fork server, so that its children start in milliseconds."""


class WorkerEndedError(TrainerError):
    """A worker process was ended from outside."""

    def __init__(self) -> None:
        super().__init__(
            "A worker process was ended, most often because memory ran out; close other programs or "
            "scale the pictures down, then resume the run."
        )


def worker_context() -> BaseContext:
    """The context that every pool and data loader takes its processes from.

    A plain fork of a process that has computed with OpenMP, OpenCV or PyTorch copies their locks in whatever
    state they are, and the child may wait for one for ever. A fork server has never computed anything; where
    there is none (Windows), a new interpreter is started for each worker.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context

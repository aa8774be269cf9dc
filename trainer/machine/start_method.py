"""How worker processes start: never as a copy of threads that hold locks."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import BaseContext

from trainer.contract import FailureCode
from trainer.errors import TrainerError

_PRELOADED = ["torch", "cv2", "numpy"]
"""Imported once by the fork server, so that its children start in milliseconds."""


class WorkerEndedError(TrainerError):
    """A worker process was killed from outside."""

    code = FailureCode.WORKER_ENDED

    def __init__(self) -> None:
        super().__init__(
            "A worker process was killed, most likely because memory ran out; close other programs or "
            "scale the pictures down, then resume the run."
        )


def worker_context() -> BaseContext:
    """The multiprocessing context of every pool and data loader.

    Forking a process that has computed with OpenMP, OpenCV or PyTorch copies their locks in whatever state
    they are, and the child may wait for one for ever. A fork server has never computed anything; where there
    is none (Windows), each worker starts in a new interpreter.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context

"""Stopping a run gently: the current step or picture is finished and stored, then the run ends."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from trainer.contract import EXIT_STOPPED, FailureCode
from trainer.errors import TrainerError


class RunStopped(TrainerError):  # noqa: N818 - it reports an end that was asked for
    """The run ended because it was asked to; what it had made is stored."""

    code = FailureCode.INTERRUPTED

    @property
    def exit_code(self) -> int:
        return EXIT_STOPPED


class StopSignal:
    """A request to end, which loops check between two steps or two pictures."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        """Whether the run was asked to end."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask the run to end. May be called from a signal handler or from another thread."""
        self._event.set()

    def check(self) -> None:
        """End here if the run was asked to.

        Raises:
            RunStopped: it was.
        """
        if self.is_set:
            raise RunStopped("Stopped as asked. Give the same command again to continue.")


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopSignal]:
    """A `StopSignal` that SIGTERM (Ctrl+Break on Windows) sets while the block runs.

    Only the main thread of a process can handle signals; in other threads the signal stays unset.
    """
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    number = getattr(signal, "SIGBREAK", signal.SIGTERM)
    before = signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(number, before)

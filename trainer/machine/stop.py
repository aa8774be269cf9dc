"""Stopping a run gently: the work in hand is finished and stored, then the run ends."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import ClassVar

from trainer.errors import TrainerError


class RunStopped(TrainerError):  # noqa: N818 - it reports an end that was asked for
    """The run was asked to end and did so; what it had made is stored."""

    exit_code: ClassVar[int] = 3


class StopSignal:
    """A wish to end that loops look at between two steps or two pictures."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask; may be called from a signal handler or another thread."""
        self._event.set()

    def check(self) -> None:
        """End here if somebody asked.

        Raises:
            RunStopped: somebody did.
        """
        if self.is_set:
            raise RunStopped("Stopped as asked; the same command goes on where it stopped.")


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopSignal]:
    """A `StopSignal` that SIGTERM sets (Ctrl+Break on Windows), as long as the block runs.

    Only the main thread of a process can listen to signals; elsewhere the signal stays unset.
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

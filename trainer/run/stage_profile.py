"""Where the time of a stage goes: reading, network, walk, CRF, writing, waiting."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

READING: Final = "reading"
NETWORK: Final = "network"
WALK: Final = "walk"
CRF: Final = "crf"
WRITING: Final = "writing"
WAITING: Final = "waiting"
PHASES: Final = (READING, NETWORK, WALK, CRF, WRITING, WAITING)


class StageProfile:
    """Adds up seconds by phase, over all threads and worker processes of a stage. Thread-safe.

    Args:
        synchronize: waits until the device has done its work. Without it, a GPU's work is counted in the
            phase that happens to wait for it.
    """

    def __init__(self, synchronize: Callable[[], None] | None = None) -> None:
        self._synchronize = synchronize
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(self, name: str, *, on_device: bool = False) -> Iterator[None]:
        """Count the seconds of a block.

        Args:
            name: one of `PHASES`.
            on_device: whether the block leaves work to the device, which must end before the block does.
        """
        started = time.monotonic()
        try:
            yield
        finally:
            if on_device and self._synchronize is not None:
                self._synchronize()
            self.add({name: time.monotonic() - started})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add seconds by phase, e.g. those of a worker process."""
        with self._lock:
            for name, value in seconds.items():
                self._seconds[name] = self._seconds.get(name, 0.0) + value

    def take(self) -> dict[str, float]:
        """Seconds by phase since the last call."""
        with self._lock:
            taken, self._seconds = self._seconds, {}
        return taken

    def seconds(self) -> dict[str, float]:
        """Seconds by phase, in the order of `PHASES`, rounded to milliseconds. Phases may overlap."""
        with self._lock:
            return {name: round(self._seconds[name], 3) for name in PHASES if name in self._seconds}

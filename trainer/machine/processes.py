"""The processes of a run: one on a CPU or GPU, several through `accelerate launch`."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import TypeVar

from accelerate import PartialState
from torch import distributed

T = TypeVar("T")


class Processes:
    """This process among those that share a run.

    Attributes:
        rank: number of this process, from 0.
        count: how many there are.
    """

    def __init__(self, *, cpu: bool) -> None:
        self._state = PartialState(cpu=cpu)
        self.rank: int = self._state.process_index
        self.count: int = self._state.num_processes
        if cpu and self.count > 1:
            # Gloo's threads, running still at the end of a process that has done all its work, abort it.
            atexit.register(_part)

    @property
    def is_main(self) -> bool:
        """Whether this process writes what is written once: manifest, events, checkpoints."""
        return self.rank == 0

    @property
    def local_rank(self) -> int:
        """Number of this process on its machine; it takes the GPU of that number."""
        return int(self._state.local_process_index)

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """This process's part of a list of pictures."""
        return items[self.rank :: self.count]

    def wait(self) -> None:
        """Return when every process has come here."""
        self._state.wait_for_everyone()


def _part() -> None:
    """Take leave of the other processes."""
    if distributed.is_initialized():
        distributed.destroy_process_group()

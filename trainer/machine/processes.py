"""The processes of a run: one on a CPU or GPU, several through `accelerate launch` or on a Ray cluster."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import TypeVar

from accelerate import PartialState
from torch import distributed

from trainer.errors import TrainerUsageError
from trainer.machine.device import DeviceChoice, choose_device

T = TypeVar("T")


class Processes:
    """This process among those that share a run.

    Attributes:
        rank: number of this process, from 0.
        count: number of processes.
    """

    def __init__(self, *, cpu: bool) -> None:
        self._state = PartialState(cpu=cpu)
        self.rank: int = self._state.process_index
        self.count: int = self._state.num_processes
        if cpu and self.count > 1:
            # Gloo's threads abort a process that ends while they run, even when all its work is done.
            atexit.register(_leave_group)

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes manifest, events and checkpoints."""
        return self.rank == 0

    @property
    def local_rank(self) -> int:
        """Number of this process on its machine; it uses the GPU with that number."""
        return int(self._state.local_process_index)

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """This process's share of a list: every `count`-th item, from number `rank` on."""
        return items[self.rank :: self.count]

    def wait(self) -> None:
        """Wait until every process has called this."""
        self._state.wait_for_everyone()


def device_and_processes(device: str | None) -> tuple[DeviceChoice, Processes]:
    """Where this process computes, and the processes that it shares a run with.

    Args:
        device: "cpu", "cuda", "cuda:N", or None to choose the best one. Of several processes on a machine,
            each gets a GPU of its own.

    Raises:
        TrainerUsageError: the device is unknown, or the machine has no such GPU.
    """
    try:
        choice = choose_device(device)
        processes = Processes(cpu=choice.device.type == "cpu")
        if processes.count > 1 and choice.device.type == "cuda":
            choice = choose_device(f"cuda:{processes.local_rank}")
    except ValueError as error:
        raise TrainerUsageError(str(error)) from error
    return choice, processes


def _leave_group() -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()

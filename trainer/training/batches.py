"""The order in which training sees pictures: a function of seed and epoch, so it can be cut anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from trainer.errors import TrainerUsageError
from trainer.machine.start_method import WorkerEndedError, worker_context

Batch = Mapping[str, Tensor]


class Samples(Protocol):
    """What training draws from; it must be picklable where worker processes read."""

    def __len__(self) -> int:
        """Number of pictures."""

    def load(self, index: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """One picture with a random view of it; the same generator state gives the same sample."""


@dataclass(frozen=True)
class BatchPlan:
    """How pictures are dealt out.

    Attributes:
        samples: number of pictures.
        batch_size: pictures per optimiser step, over all processes and parts.
        parts: forward passes per optimiser step and process.
        processes: processes that share a step.
        seed: of order and views.

    Raises:
        TrainerUsageError: the batch cannot be dealt out equally.
    """

    samples: int
    batch_size: int
    parts: int = 1
    processes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size % (self.parts * self.processes):
            raise TrainerUsageError(
                f"A batch of {self.batch_size} pictures cannot be dealt out equally to {self.processes} "
                f"processes in {self.parts} parts each; choose a batch_size that is a multiple of "
                f"{self.parts * self.processes}."
            )

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps; an incomplete last batch is dropped, but one is always there."""
        return max(1, self.samples // self.batch_size)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Indices of the pictures an epoch shows, in order; fewer pictures than a batch come again."""
        shuffled = np.random.default_rng((self.seed, epoch)).permutation(self.samples)
        return np.resize(shuffled, self.steps_per_epoch * self.batch_size)

    def part_indices(self, epoch: int, first_step: int, rank: int) -> Iterator[list[tuple[int, int, int]]]:
        """Of each forward pass of a process, from a step of the epoch on: (epoch, position in it, index)."""
        order = self.order(epoch)
        size = self.batch_size // (self.parts * self.processes)
        for step in range(first_step, self.steps_per_epoch):
            for part in range(self.parts):
                start = step * self.batch_size + (part * self.processes + rank) * size
                yield [(epoch, position, int(order[position])) for position in range(start, start + size)]


def epoch_batches(
    samples: Samples, plan: BatchPlan, epoch: int, *, first_step: int, rank: int, workers: int
) -> Iterator[list[Batch]]:
    """For each optimiser step of an epoch, from `first_step` on, the batches of this process's parts.

    Raises:
        WorkerEndedError: a worker that reads pictures was killed.
    """
    loader: DataLoader[dict[str, Tensor]] = DataLoader(
        _Drawn(samples, plan.seed),
        batch_sampler=list(plan.part_indices(epoch, first_step, rank)),
        num_workers=workers,
        multiprocessing_context=worker_context() if workers else None,
        collate_fn=default_collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_one_thread,
    )
    parts: list[Batch] = []
    for batch in _read(loader):
        parts.append(batch)
        if len(parts) == plan.parts:
            yield parts
            parts = []


def _read(loader: DataLoader[dict[str, Tensor]]) -> Iterator[Batch]:
    try:
        yield from loader
    except RuntimeError as error:
        # PyTorch has no class of its own for this, only these words.
        if str(error).startswith("DataLoader worker"):
            raise WorkerEndedError from error
        raise


class _Drawn(Dataset[dict[str, Tensor]]):
    """Gives each place in each epoch a random generator of its own: no state passes between samples."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self._samples = samples
        self._seed = seed

    def __getitem__(self, drawn: tuple[int, int, int]) -> dict[str, Tensor]:
        epoch, position, index = drawn
        return self._samples.load(index, np.random.default_rng((self._seed, epoch, position)))


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)

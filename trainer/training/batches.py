"""The order of pictures in training: a function of random seed and epoch, so it can resume anywhere."""

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
    """The pictures of a training; they must be picklable if worker processes read them."""

    def __len__(self) -> int:
        """Number of pictures."""

    def load(self, index: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """One picture with a random view of it; the same generator state gives the same sample."""


@dataclass(frozen=True)
class BatchPlan:
    """How pictures are divided into batches.

    Attributes:
        samples: number of pictures.
        batch_size: pictures per optimiser step, over all processes and parts.
        parts: forward passes per optimiser step and process.
        processes: processes that share a step.
        seed: random seed of order and views.

    Raises:
        TrainerUsageError: the batch cannot be divided equally.
    """

    samples: int
    batch_size: int
    parts: int = 1
    processes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size % (self.parts * self.processes):
            raise TrainerUsageError(
                f"A batch of {self.batch_size} pictures cannot be divided equally among {self.processes} "
                f"processes with {self.parts} parts each; choose a batch_size that is a multiple of "
                f"{self.parts * self.processes}."
            )

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps, at least 1; an incomplete last batch is dropped."""
        return max(1, self.samples // self.batch_size)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Indices of the pictures of an epoch, in order; if they are fewer than a batch, they repeat."""
        shuffled = np.random.default_rng((self.seed, epoch)).permutation(self.samples)
        return np.resize(shuffled, self.steps_per_epoch * self.batch_size)

    def part_indices(self, epoch: int, first_step: int, rank: int) -> Iterator[list[tuple[int, int, int]]]:
        """For each forward pass of a process, from a step of the epoch on: its (epoch, position, index)."""
        order = self.order(epoch)
        size = self.batch_size // (self.parts * self.processes)
        for step in range(first_step, self.steps_per_epoch):
            for part in range(self.parts):
                start = step * self.batch_size + (part * self.processes + rank) * size
                yield [(epoch, position, int(order[position])) for position in range(start, start + size)]


def epoch_batches(
    samples: Samples, plan: BatchPlan, epoch: int, *, first_step: int, rank: int, workers: int
) -> Iterator[list[Batch]]:
    """Yield for each optimiser step of an epoch, from `first_step` on, this process's batches, one per part.

    Args:
        samples: the pictures.
        plan: how they are divided.
        epoch: from 0.
        first_step: number of steps of the epoch that are done.
        rank: number of this process.
        workers: processes that read pictures; 0 reads them in this one.

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
        # PyTorch has no exception class for this, only this message.
        if str(error).startswith("DataLoader worker"):
            raise WorkerEndedError from error
        raise
    except (ConnectionError, EOFError, FileNotFoundError) as error:
        # A worker was killed while it handed a batch over. What a worker raises itself begins with "Caught".
        if loader.num_workers and not str(error).startswith("Caught "):
            raise WorkerEndedError from error
        raise


class _Drawn(Dataset[dict[str, Tensor]]):
    """Gives each position of each epoch its own random generator, so no state passes between samples."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self._samples = samples
        self._seed = seed

    def __getitem__(self, drawn: tuple[int, int, int]) -> dict[str, Tensor]:
        epoch, position, index = drawn
        return self._samples.load(index, np.random.default_rng((self._seed, epoch, position)))


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)

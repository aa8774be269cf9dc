from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from trainer.errors import TrainerUsageError
from trainer.machine.start_method import WorkerEndedError
from trainer.training import batches
from trainer.training.batches import BatchPlan, epoch_batches


class Numbers:
    """Samples that say which picture they are and which random number they drew."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def load(self, index: int, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        return {"index": torch.tensor(index), "drawn": torch.tensor(rng.random())}


def seen(
    plan: BatchPlan, *, epoch: int = 0, first_step: int = 0, rank: int = 0, workers: int = 0
) -> list[list[float]]:
    """What each optimiser step saw, as index + drawn number."""
    batches = epoch_batches(
        Numbers(plan.samples), plan, epoch, first_step=first_step, rank=rank, workers=workers
    )
    return [[float(x) for part in parts for x in (part["index"] + part["drawn"])] for parts in batches]


def test_an_epoch_shows_every_picture_once_in_another_order_than_the_last() -> None:
    plan = BatchPlan(samples=12, batch_size=4, seed=1)
    assert sorted(plan.order(0)) == sorted(plan.order(1)) == list(range(12))
    assert list(plan.order(0)) != list(plan.order(1))


def test_an_incomplete_batch_is_dropped_but_a_small_dataset_is_repeated() -> None:
    assert BatchPlan(samples=11, batch_size=4).steps_per_epoch == 2
    small = BatchPlan(samples=3, batch_size=4)
    assert small.steps_per_epoch == 1
    assert set(small.order(0)) == {0, 1, 2}
    assert len(small.order(0)) == 4


def test_a_training_that_was_cut_sees_the_rest_of_the_epoch_as_it_would_have() -> None:
    plan = BatchPlan(samples=12, batch_size=4, parts=2, seed=3)
    assert seen(plan, epoch=2, first_step=1) == seen(plan, epoch=2)[1:]


def test_reader_processes_change_nothing() -> None:
    plan = BatchPlan(samples=4, batch_size=2)
    assert seen(plan, workers=1) == seen(plan)


def test_processes_and_parts_share_the_batch_of_one() -> None:
    alone = BatchPlan(samples=8, batch_size=8)
    shared = BatchPlan(samples=8, batch_size=8, parts=2, processes=2)
    (whole,) = seen(alone)
    shares = [seen(shared, rank=rank)[0] for rank in range(2)]
    assert [len(share) for share in shares] == [4, 4]
    assert sorted(shares[0] + shares[1]) == sorted(whole)


def test_a_batch_that_cannot_be_dealt_out_says_which_could() -> None:
    with pytest.raises(TrainerUsageError, match="multiple of 6"):
        BatchPlan(samples=8, batch_size=8, parts=2, processes=3)


@pytest.mark.parametrize(
    "error", [ConnectionResetError(104, "reset"), EOFError(), FileNotFoundError("socket")]
)
def test_a_reader_that_is_killed_while_it_hands_a_batch_over_is_told(error: Exception) -> None:
    class Loader:
        num_workers = 1

        def __iter__(self) -> Iterator[object]:
            raise error

    with pytest.raises(WorkerEndedError):
        list(batches._read(Loader()))


@pytest.mark.parametrize(
    ("workers", "error"),
    [
        (0, FileNotFoundError("picture.jpg")),
        (1, FileNotFoundError("Caught FileNotFoundError in DataLoader worker process 0.")),
    ],
)
def test_a_file_that_is_missing_stays_a_missing_file(workers: int, error: Exception) -> None:
    class Loader:
        num_workers = workers

        def __iter__(self) -> Iterator[object]:
            raise error

    with pytest.raises(FileNotFoundError):
        list(batches._read(Loader()))

from __future__ import annotations

import pytest
import torch

from trainer.machine.determinism import repeatable, step_seed


def state() -> tuple[bool, bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_torch_is_as_it_was_afterwards(wanted: bool) -> None:
    before = state()
    with repeatable(wanted):
        assert torch.are_deterministic_algorithms_enabled() is wanted
    assert state() == before


def test_torch_is_as_it_was_after_an_error_too() -> None:
    before = state()
    with pytest.raises(KeyError), repeatable(True):
        raise KeyError
    assert state() == before


def test_every_step_of_every_process_has_a_seed_of_its_own() -> None:
    seeds = {step_seed(seed, step, rank) for seed in range(3) for step in range(20) for rank in range(2)}
    assert len(seeds) == 3 * 20 * 2
    assert step_seed(1, 2, 0) == step_seed(1, 2, 0)

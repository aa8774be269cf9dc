"""The losses of DSRG on tiny arrays."""

from __future__ import annotations

import math

import pytest
import torch

from trainer.nn import dsrg


def test_a_hundred_background_seeds_and_one_object_weigh_the_same() -> None:
    probabilities = torch.full((1, 2, 1, 101), 0.5)
    seeds = torch.zeros(1, 1, 101, dtype=torch.int64)
    seeds[0, 0, 100] = 1
    assert float(dsrg.seed_loss(probabilities, seeds)) == pytest.approx(2 * math.log(2))


def test_each_picture_and_each_kind_is_averaged_apart() -> None:
    probabilities = torch.tensor([[[[0.2, 0.5]], [[0.8, 0.5]]], [[[0.1, 0.4]], [[0.9, 0.6]]]])
    seeds = torch.tensor([[[1, 255]], [[255, 255]]])
    assert float(dsrg.seed_loss(probabilities, seeds)) == pytest.approx(-math.log(0.8) / 2)


def test_agreement_costs_nothing_and_ratios_are_limited() -> None:
    probabilities = torch.tensor([[[[0.3, 0.01]], [[0.7, 0.99]]]])
    inside = torch.ones(1, 1, 2, dtype=torch.bool)
    assert float(dsrg.boundary_loss(probabilities, probabilities, inside)) == pytest.approx(0.0, abs=1e-6)
    refined = torch.tensor([[[[0.3, 1.0]], [[0.7, 0.0]]]])
    assert float(dsrg.boundary_loss(probabilities, refined, inside)) == pytest.approx(math.log(20) / 2)


def test_the_boundary_loss_is_the_divergence_of_the_cells_in_the_picture() -> None:
    probabilities = torch.tensor([[[[0.5, 0.2]], [[0.5, 0.8]]]], requires_grad=True)
    refined = torch.tensor([[[[0.9, 0.9]], [[0.1, 0.1]]]])
    loss = dsrg.boundary_loss(probabilities, refined, torch.tensor([[[True, False]]]))
    assert loss.item() == pytest.approx(0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5))
    (gradient,) = torch.autograd.grad(loss, probabilities)
    assert gradient[..., 0].flatten().tolist() == pytest.approx([-0.9 / 0.5, -0.1 / 0.5])
    assert not gradient[..., 1].any()


def test_cells_span_the_whole_picture_and_no_probability_is_zero() -> None:
    logits = torch.zeros(1, 2, 9, 17)
    logits[:, 1, :, 16] = 90.0
    cells = dsrg.at_cells(logits, 8)
    assert cells.shape == (1, 2, 2, 3)
    assert float(cells[0, 0, 0, 2]) == pytest.approx(1e-4)
    assert float(cells[0, 1, 0, 0]) == pytest.approx(0.5)

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainer.training.optimiser import build_optimizer, set_rates
from trainer.training_config import OptimizerConfig


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))
        self.head = nn.Conv2d(1, 1, 1)


def is_new(name: str) -> bool:
    return name.startswith("head.")


def test_four_groups_have_rates_1_2_10_20_and_only_weights_decay() -> None:
    optimizer = build_optimizer(Network(), OptimizerConfig(learning_rate=0.1, weight_decay=1e-4), is_new)
    held = [
        (group["name"], len(group["params"]), group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
    ]
    # The scale of a normalisation counts as a weight, its shift as a bias.
    assert held == [
        ("weights", 2, 0.1, 1e-4),
        ("biases", 2, 0.2, 0.0),
        ("new weights", 1, 1.0, 1e-4),
        ("new biases", 1, 2.0, 0.0),
    ]


def test_the_optimiser_holds_the_momentum_and_decay_that_were_asked_for() -> None:
    """The trap of the 2021 reference: its weight decay lands in the slot of momentum."""
    config = OptimizerConfig(learning_rate=0.01, momentum=0.9, weight_decay=0.25)
    network = nn.Conv1d(1, 1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    optimizer = build_optimizer(network, config, lambda _: False)
    for _ in range(2):
        network.weight.grad = torch.ones_like(network.weight)
        optimizer.step()
    first = 1.0 - 0.01 * (1.0 + 0.25)
    velocity = 0.9 * 1.25 + (1.0 + 0.25 * first)
    assert network.weight.item() == pytest.approx(first - 0.01 * velocity, rel=1e-6)


def test_adamw_decays_weights_apart_from_their_gradient() -> None:
    network = nn.Conv1d(1, 1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    config = OptimizerConfig(method="adamw", learning_rate=0.01, momentum=0.8, weight_decay=0.25)
    optimizer = build_optimizer(network, config, lambda _: False)
    network.weight.grad = torch.full_like(network.weight, 7.0)
    optimizer.step()
    # Whatever the gradient, the first step is one rate long; the decay comes on top.
    assert network.weight.item() == pytest.approx(1.0 * (1 - 0.01 * 0.25) - 0.01, rel=1e-5)
    assert optimizer.param_groups[0]["betas"][0] == 0.8


def test_frozen_parameters_are_left_out() -> None:
    network = Network()
    network.backbone.requires_grad_(False)
    names = [group["name"] for group in build_optimizer(network, OptimizerConfig(), is_new).param_groups]
    assert names == ["new weights", "new biases"]


@pytest.mark.parametrize("progress", [0.0, 0.5, 0.9])
def test_rates_fall_by_a_polynomial_and_keep_their_ratio(progress: float) -> None:
    optimizer = build_optimizer(Network(), OptimizerConfig(learning_rate=0.1), is_new)
    set_rates(optimizer, 0.99, 0.9)
    set_rates(optimizer, progress, 0.9)
    expected = (1 - progress) ** 0.9
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
        [0.1 * expected, 0.2 * expected, expected, 2 * expected]
    )

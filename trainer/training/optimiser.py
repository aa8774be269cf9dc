"""SGD or AdamW with four learning rates and polynomial decay, as in the 2021 reference and in DeepLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from trainer.training_config import OptimizerConfig

IsNew = Callable[[str], bool]

_SECOND_BETA = 0.999


def build_optimizer(network: nn.Module, config: OptimizerConfig, is_new: IsNew) -> Optimizer:
    """An optimiser over the parameters that require gradients.

    Args:
        network: its parameters are grouped by name.
        config: rates, decay and momentum.
        is_new: tells from a parameter's name whether it is not pretrained.
    """
    groups = parameter_groups(network, config, is_new)
    if config.method == "adamw":
        return AdamW(groups, lr=config.learning_rate, betas=(config.momentum, _SECOND_BETA))
    return SGD(
        groups,
        lr=config.learning_rate,
        momentum=config.momentum,
        nesterov=config.nesterov and config.momentum > 0,
    )


def parameter_groups(network: nn.Module, config: OptimizerConfig, is_new: IsNew) -> list[dict[str, Any]]:
    """Groups "weights", "biases", "new weights", "new biases" at 1, 2, 10, 20 times the base rate by default.

    Weights decay, biases do not; the scales of normalisation layers count as weights, as in the reference.
    Each group keeps its first rate as `initial_rate`; empty groups are left out.
    """
    rates = {
        (False, False): ("weights", 1.0),
        (False, True): ("biases", config.bias_factor),
        (True, False): ("new weights", config.head_factor),
        (True, True): ("new biases", config.head_factor * config.bias_factor),
    }
    groups: dict[tuple[bool, bool], dict[str, Any]] = {}
    for kind, (name, factor) in rates.items():
        rate = config.learning_rate * factor
        decay = 0.0 if kind[1] else config.weight_decay
        groups[kind] = {"name": name, "params": [], "lr": rate, "initial_rate": rate, "weight_decay": decay}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups[is_new(name), name.endswith(".bias")]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]


def set_rates(optimizer: Optimizer, progress: float, power: float) -> float:
    """Set every group's rate for a progress in [0, 1): its first rate times (1 - progress) ** power.

    A pure function of the progress, so that a resumed training needs no scheduler state.

    Returns:
        The factor.
    """
    factor = max(0.0, 1.0 - progress) ** power
    for group in optimizer.param_groups:
        group["lr"] = group["initial_rate"] * factor
    return float(factor)

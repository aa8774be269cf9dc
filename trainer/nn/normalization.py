"""Normalisation for batches too small for statistics: frozen statistics, or group normalisation."""

from __future__ import annotations

import math

from timm.layers.norm_act import BatchNormAct2d
from torch import nn

from trainer.training_config import BatchStatistics

GROUPS = 32


def set_normalization(network: nn.Module, statistics: BatchStatistics) -> None:
    """Set the kind of normalisation of a network, in place.

    "frozen" only takes effect through `keep_frozen`, which a network calls from its `train`. "group" replaces
    every BatchNorm2d with a GroupNorm of the same scale and shift.
    """
    if statistics == "group":
        _replace_by_groups(network)


def keep_frozen(network: nn.Module) -> None:
    """Put every batch normalisation into evaluation mode: it uses its running statistics and keeps them.

    Scale and shift are still trained. `nn.Module.train` undoes this, so call `keep_frozen` after it.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _replace_by_groups(network: nn.Module) -> None:
    for name, module in list(network.named_children()):
        if isinstance(module, nn.BatchNorm2d):
            setattr(network, name, _group_norm(module))
        else:
            _replace_by_groups(module)


def _group_norm(norm: nn.BatchNorm2d) -> nn.Module:
    channels = norm.num_features
    groups = nn.GroupNorm(math.gcd(GROUPS, channels), channels, eps=norm.eps)
    groups.weight = nn.Parameter(norm.weight.detach().clone())
    groups.bias = nn.Parameter(norm.bias.detach().clone())
    if isinstance(norm, BatchNormAct2d):
        # timm's layers carry the dropout and activation that follow them.
        return nn.Sequential(groups, norm.drop, norm.act)
    return groups

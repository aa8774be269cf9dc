"""Exponential moving average of the weights, which is smoother than the weights of the last step."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MovingAverage:
    """Averages of all trained parameters of a network.

    Attributes:
        tensors: the averages by parameter name; stored and restored by checkpoints.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay = decay
        self.tensors: dict[str, Tensor] = {
            name: parameter.detach().clone()
            for name, parameter in network.named_parameters()
            if parameter.requires_grad
        }

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Update the averages with the weights after optimiser step `step` (from 1).

        In early steps the decay is at most (1 + step) / (10 + step), so that the initial weights soon fade.
        """
        decay = min(self._decay, (1 + step) / (10 + step))
        parameters = dict(network.named_parameters())
        for name, average in self.tensors.items():
            average.lerp_(parameters[name], 1.0 - decay)

    @torch.no_grad()
    def copy_to(self, network: nn.Module) -> None:
        """Copy the averages into the network."""
        parameters = dict(network.named_parameters())
        for name, average in self.tensors.items():
            parameters[name].copy_(average)

"""The checkpoint of an unfinished training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from trainer.run.checkpoints import CheckpointError, TensorFile, load_tensors, save_tensors
from trainer.training.ema import MovingAverage

KIND = "puzzlecam-training-state"
_NETWORK, _OPTIMIZER, _AVERAGE = "network/", "optimizer/", "average/"


class TrainingState:
    """Weights, buffers, optimiser state, moving average and step number in one file, replaced as a whole."""

    def __init__(
        self, path: Path, key: str, network: nn.Module, optimizer: Optimizer, average: MovingAverage | None
    ) -> None:
        """Name the file and what it stores.

        Args:
            path: the file.
            key: of the stage; a file with another key belongs to other settings and is ignored.
            network, optimizer, average: what is stored, and restored in place.
        """
        self._path = path
        self._key = key
        self._network = network
        self._optimizer = optimizer
        self._average = average
        self._parameters = {
            name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad
        }

    def save(self, done: int) -> None:
        """Store the state after `done` optimiser steps."""
        tensors = {_NETWORK + name: tensor for name, tensor in self._network.state_dict().items()}
        for name, parameter in self._parameters.items():
            for field, value in self._optimizer.state[parameter].items():
                if isinstance(value, Tensor):
                    tensors[f"{_OPTIMIZER}{field}/{name}"] = value
        if self._average is not None:
            tensors |= {_AVERAGE + name: tensor for name, tensor in self._average.tensors.items()}
        save_tensors(self._path, KIND, {"key": self._key, "step": done}, tensors)

    def load(self) -> int:
        """Restore what was stored under the same key.

        Returns:
            Optimiser steps that are done; 0 if there is nothing to resume.

        Raises:
            CheckpointError: the file is damaged.
        """
        if not self._path.is_file():
            return 0
        stored = load_tensors(self._path, KIND)
        if stored.header.get("key") != self._key:
            return 0
        try:
            self._restore(stored)
        except (KeyError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise CheckpointError(
                f"{self._path} does not match the network of its stage ({reason}); delete it and run again."
            ) from error
        return int(stored.header["step"])

    def _restore(self, stored: TensorFile) -> None:
        self._network.load_state_dict(_part(stored, _NETWORK))
        for path, tensor in _part(stored, _OPTIMIZER).items():
            field, _, name = path.partition("/")
            parameter = self._parameters[name]
            state: dict[str, Any] = self._optimizer.state[parameter]
            # AdamW keeps its count of steps, a scalar, on the CPU.
            restored = tensor.to(parameter.device) if tensor.ndim else tensor
            if restored.ndim == 4 and parameter.is_contiguous(memory_format=torch.channels_last):
                restored = restored.contiguous(memory_format=torch.channels_last)
            state[field] = restored
        if self._average is not None:
            for name, tensor in _part(stored, _AVERAGE).items():
                self._average.tensors[name].copy_(tensor)


def _part(stored: TensorFile, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in stored.tensors.items()
        if name.startswith(prefix)
    }

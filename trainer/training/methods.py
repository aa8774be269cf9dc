"""The training step of each method that trains a classifier on tags (networks: `trainer.nn.methods`)."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.classify_config import ClassifyConfig, ClassifyMethod
from trainer.nn.classifier import CamNetwork
from trainer.training.cam_monitor import CamMonitor
from trainer.training.classifier_step import ClassifierStep
from trainer.training.puzzle_step import PuzzleStep
from trainer.training.seam_step import SeamStep

STEPS: Mapping[ClassifyMethod, type[ClassifierStep]] = {
    "puzzle": PuzzleStep,
    "plain": PuzzleStep,
    "seam": SeamStep,
}
"""The training step of each method."""


def build_step(
    network: CamNetwork,
    config: ClassifyConfig,
    monitor: CamMonitor | None = None,
    *,
    pixel_weight: float = 1.0,
) -> ClassifierStep:
    """The training step of `config.method`.

    Args:
        network: from `trainer.nn.methods.build_classifier` with the same settings.
        config: method and losses.
        monitor: sees the maps of every step.
        pixel_weight: weight of the loss on accepted masks.
    """
    return STEPS[config.method](network, config.method_loss, monitor, pixel_weight=pixel_weight)

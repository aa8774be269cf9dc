"""The training step of each method that trains a classifier on tags (networks: `trainer.nn.methods`)."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.classify_config import ClassifyConfig, ClassifyMethod
from trainer.nn.classifier import CamNetwork
from trainer.nn.icd import IcdNetwork
from trainer.run.stage_context import StageContext
from trainer.training.cam_monitor import CamMonitor
from trainer.training.classifier_step import ClassifierStep
from trainer.training.icd_directions import learn_directions
from trainer.training.icd_step import IcdStep
from trainer.training.puzzle_step import PuzzleStep
from trainer.training.seam_step import SeamStep
from trainer.training.seenet_step import SeeStep

STEPS: Mapping[ClassifyMethod, type[ClassifierStep]] = {
    "puzzle": PuzzleStep,
    "plain": PuzzleStep,
    "seam": SeamStep,
    "seenet": SeeStep,
    "ficklenet": PuzzleStep,
    "icd": IcdStep,
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


def between_epochs(context: StageContext, network: CamNetwork, epoch: int) -> None:
    """What a method does after an epoch (from 1) and before the next; nothing after the last.

    Every process does it alike. What it sets must be part of the network's state, which checkpoints hold.
    """
    config = context.recipe.classify
    if isinstance(network, IcdNetwork) and epoch < config.epochs:
        learn_directions(network, context.dataset, context.device, config.view.crop)

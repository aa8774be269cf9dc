"""What the training steps of all classifiers share: the monitor, and the loss on accepted masks."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from trainer.classify_config import PuzzleLossConfig
from trainer.nn.classifier import CamNetwork
from trainer.nn.losses import pixel_loss
from trainer.training.batches import Batch
from trainer.training.cam_monitor import CamMonitor


class ClassifierStep(nn.Module, ABC):
    """A training step of a classifier; each method says what its maps and its losses are.

    Attributes:
        network: what is trained.
        loss: terms and weights of the classification losses.
    """

    def __init__(
        self,
        network: CamNetwork,
        loss: PuzzleLossConfig,
        monitor: CamMonitor | None = None,
        *,
        pixel_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self._monitor = monitor
        self.pixel_weight = pixel_weight

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Losses by name; "loss" is minimised. With accepted masks also "pixel", L_pix.

        Args:
            batch: "images" (N, 3, H, W), normalised, "labels" (N, K), and, if there are accepted masks,
                "coverage" (N, K + 1, h, w), see `trainer.nn.losses.pixel_loss`.
            progress: share of the training that is done, in [0, 1].
        """
        maps, terms = self.maps_and_losses(batch, progress)
        if self._monitor is not None:
            self._monitor.add(maps.detach(), batch["labels"])
        if "coverage" in batch:
            terms["pixel"] = pixel_loss(maps, batch["coverage"])
            terms["loss"] = terms["loss"] + self.pixel_weight * terms["pixel"]
        return terms

    @abstractmethod
    def maps_and_losses(self, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The maps (N, K, h, w), unbounded, whose cells start at the pictures' upper left, and the losses."""

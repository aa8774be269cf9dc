"""One training step of SeeNet: three branches on the features of one pass."""

from __future__ import annotations

from torch import Tensor

from trainer.nn import puzzle
from trainer.nn.seenet import SeeNetwork, seenet_loss
from trainer.training.batches import Batch
from trainer.training.classifier_step import ClassifierStep


class SeeStep(ClassifierStep):
    """See `trainer.nn.seenet.seenet_loss`."""

    def maps_and_losses(self, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:  # noqa: ARG002
        """The maps of the first branch, and the losses."""
        network = self.network
        assert isinstance(network, SeeNetwork)  # noqa: S101
        images = puzzle.pad_to_multiple(batch["images"], network.output_stride)
        first, second, third = network.branches(images, batch["labels"])
        maps = first.float(), second.float(), third.float()
        return maps[0], seenet_loss(maps, batch["labels"], self.loss.logit_offset)

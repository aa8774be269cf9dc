"""One training step of ICD: tags for the classifier, sides of the directions for the top-down branch."""

from __future__ import annotations

from torch import Tensor

from trainer.nn import puzzle
from trainer.nn.icd import IcdNetwork, intra_class_loss, sides, warmed_up
from trainer.nn.losses import pixel_loss, puzzle_loss
from trainer.training.batches import Batch
from trainer.training.classifier_step import ClassifierStep


class IcdStep(ClassifierStep):
    """The batch also has "superpixels" (N, h, w), see `trainer.nn.icd.sides`."""

    def maps_and_losses(self, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The CAMs, and the losses; accepted masks train the top-down branch too."""
        network = self.network
        assert isinstance(network, IcdNetwork)  # noqa: S101
        labels, settings = batch["labels"], network.settings
        images = puzzle.pad_to_multiple(batch["images"], network.output_stride)
        cams, top_down, bottom_up = network.branches(images)
        terms = puzzle_loss(cams.float(), None, labels, self.loss, progress)
        targets, sure = sides(bottom_up, batch["superpixels"], labels, settings.least_score)
        terms["intra_class"] = intra_class_loss(top_down.float(), targets, sure)
        terms["loss"] = terms["loss"] + warmed_up(progress, settings.warm_up) * terms["intra_class"]
        if "coverage" in batch:
            terms["top_down_pixel"] = pixel_loss(top_down.float(), batch["coverage"])
            terms["loss"] = terms["loss"] + self.pixel_weight * terms["top_down_pixel"]
        return cams.float(), terms

"""One training step of Puzzle-CAM: pictures and their tiles through the same network, then the losses.

Without the terms that need tiles it is the step of the plain classifier.
"""

from __future__ import annotations

from torch import Tensor

from trainer.nn import puzzle
from trainer.nn.losses import needs_tiles, puzzle_loss
from trainer.training.batches import Batch
from trainer.training.classifier_step import ClassifierStep


class PuzzleStep(ClassifierStep):
    """Both passes as one forward call, so that distributed training reduces their gradients once."""

    def maps_and_losses(self, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """The maps of the whole pictures, and losses as from `trainer.nn.losses.puzzle_loss`."""
        config = self.loss
        # Whole and tiled maps match cell by cell only if both come from the same padded picture.
        padded = puzzle.pad_to_multiple(batch["images"], self.network.output_stride * config.tiles_per_side)
        whole = self.network(padded).float()
        tiled = self._tiled_maps(padded) if needs_tiles(config) else None
        return whole, puzzle_loss(whole, tiled, batch["labels"], config, progress)

    def _tiled_maps(self, images: Tensor) -> Tensor:
        side = self.loss.tiles_per_side
        tiles = puzzle.tile(images, side, multiple=self.network.output_stride)
        return puzzle.merge(self.network(tiles), side).float()

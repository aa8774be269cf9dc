"""One training step of Puzzle-CAM: pictures and their tiles through the same network, then the losses."""

from __future__ import annotations

from torch import Tensor, nn

from trainer.config import PuzzleLossConfig
from trainer.nn import puzzle
from trainer.nn.classifier import CamNetwork
from trainer.nn.losses import needs_tiles, pixel_loss, puzzle_loss
from trainer.training.batches import Batch
from trainer.training.cam_monitor import CamMonitor


class PuzzleStep(nn.Module):
    """Both passes as one forward call, so that distributed training reduces their gradients once."""

    def __init__(
        self,
        network: CamNetwork,
        config: PuzzleLossConfig,
        monitor: CamMonitor | None = None,
        *,
        pixel_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.network = network
        self._config = config
        self._monitor = monitor
        self._pixel_weight = pixel_weight

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Losses by name, see `trainer.nn.losses.puzzle_loss`; with accepted masks also "pixel", L_pix.

        Args:
            batch: "images" (N, 3, H, W), normalised, "labels" (N, K), and, if there are accepted masks,
                "coverage" (N, K + 1, h, w), see `trainer.nn.losses.pixel_loss`.
            progress: share of the training that is done, in [0, 1].
        """
        images, labels = batch["images"], batch["labels"]
        config = self._config
        # Whole and tiled maps match cell by cell only if both come from the same padded picture.
        padded = puzzle.pad_to_multiple(images, self.network.output_stride * config.tiles_per_side)
        whole = self.network(padded).float()
        tiled = self._tiled_maps(padded) if needs_tiles(config) else None
        if self._monitor is not None:
            self._monitor.add(whole.detach(), labels)
        terms = puzzle_loss(whole, tiled, labels, config, progress)
        if "coverage" in batch:
            terms["pixel"] = pixel_loss(whole, batch["coverage"])
            terms["loss"] = terms["loss"] + self._pixel_weight * terms["pixel"]
        return terms

    def _tiled_maps(self, images: Tensor) -> Tensor:
        side = self._config.tiles_per_side
        tiles = puzzle.tile(images, side, multiple=self.network.output_stride)
        return puzzle.merge(self.network(tiles), side).float()

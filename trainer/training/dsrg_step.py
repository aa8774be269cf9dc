"""One training step of DSRG: probabilities pass the CRF, seeds grow in them, and both are learned."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.masks.crf import CrfConfig
from trainer.masks.image_crf import ImageCrf
from trainer.masks.region_growing import grown
from trainer.nn.dsrg import at_cells, boundary_loss, seed_loss
from trainer.nn.segmentation import SegmentationNetwork
from trainer.segment_config import DsrgConfig
from trainer.training.batches import Batch

CELL = 8
"""Picture pixels per cell on which seeds grow and losses are taken, as in the paper."""

_SMALLER = 12.0
"""The CRF's reach is that for pictures, divided by this (the authors' scale factor at 41 x 41 cells)."""


class DsrgStep(nn.Module):
    """See `trainer.nn.dsrg` for the losses and `trainer.masks.region_growing` for the growth."""

    def __init__(self, network: SegmentationNetwork, config: DsrgConfig) -> None:
        super().__init__()
        self.network = network
        self._config = config
        # At this scale the position kernel reaches less than a cell, so only the colour kernel is left.
        self._crf = CrfConfig(
            iterations=config.crf_iterations,
            gaussian_compat=0.0,
            gaussian_sxy_px=1.0,
            bilateral_sxy_px=80.0 / _SMALLER,
            bilateral_srgb=13.0,
        )

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002
        """ "loss" and its terms "seed" and "boundary".

        Args:
            batch: "images" (N, 3, H, W), normalised, 0 outside the picture; "labels" uint8 (N, h, w), the
                original seeds in cells of `CELL` pixels, 255 where there is none; "possible" bool (N, C).
            progress: share of the training that is done; not used.
        """
        probabilities = at_cells(self.network(batch["images"]).float(), CELL)
        refined, seeds = self._grown(batch, probabilities.detach().cpu().numpy())
        # No pixel of a picture is exactly 0 in all channels: means of 0 .. 255 are no integers.
        largest = batch["images"].float().abs().amax(dim=1)
        inside = functional.max_pool2d(largest, CELL, ceil_mode=True) > 0
        seeds = torch.where(inside, seeds.to(inside.device), 255)
        terms = {
            "seed": seed_loss(probabilities, seeds),
            "boundary": boundary_loss(probabilities, refined.to(inside.device), inside),
        }
        return {"loss": terms["seed"] + terms["boundary"], **terms}

    def _grown(self, batch: Batch, probabilities: np.ndarray) -> tuple[Tensor, Tensor]:
        """Refined probabilities (N, C, h, w), and the grown seeds int64 (N, h, w)."""
        colours = self._colours(batch["images"])
        refined = np.zeros_like(probabilities)
        seeds = batch["labels"].cpu().numpy().copy()
        possible = batch["possible"].cpu().numpy()
        for number, given in enumerate(seeds):
            indices = np.flatnonzero(possible[number])
            marginals = probabilities[number, indices]
            if len(indices) > 1:
                marginals = ImageCrf(colours[number], len(indices), self._crf).marginals(marginals)
            refined[number, indices] = marginals
            seeds[number] = grown(
                given,
                marginals,
                indices.tolist(),
                foreground=self._config.foreground_probability,
                background=self._config.background_probability,
            )
        return torch.from_numpy(refined), torch.from_numpy(seeds.astype(np.int64))

    def _colours(self, images: Tensor) -> np.ndarray:
        """The pictures in cells, uint8 (N, h, w, 3)."""
        spec = self.network.encoder.spec
        mean, std = (
            torch.tensor(values, device=images.device)[:, None, None] for values in (spec.mean, spec.std)
        )
        rgb = (images.float() * std + mean).clamp(0.0, 1.0) * 255
        cells = functional.avg_pool2d(rgb, CELL, ceil_mode=True, count_include_pad=False)
        return cells.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

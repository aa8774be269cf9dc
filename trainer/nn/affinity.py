"""AffinityNet's edge branch: predicts where objects end from the frozen features of an ImageNet network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.nn.displacement import DisplacementBranch
from trainer.nn.encoders import Encoder
from trainer.nn.fusion import FoldedCopy
from trainer.nn.puzzle import pad_to_multiple

EDGE_STRIDE = 4
"""Picture pixels per cell of the edge map."""

_WIDTH = 32
_GROUPS = 4


class EdgeNetwork(nn.Module):
    """Edges at stride 4 from the five stages of an encoder (Ahn et al. 2019, the boundary branch of IRNet).

    Each stage is reduced to 32 channels by a 1x1 convolution with group normalisation and resampled to stride
    4; a 1x1 convolution over the 160 channels gives the edges. The encoder is not trained: it gets no
    gradient, and its batch statistics are frozen.

    Attributes:
        displacement: the branch for instances, `trainer.nn.displacement`; None without it.
    """

    def __init__(self, encoder: Encoder, *, displacement: bool = False) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self._folded = FoldedCopy(encoder)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, _WIDTH, 1, bias=False), nn.GroupNorm(_GROUPS, _WIDTH))
            for width in encoder.stage_widths
        )
        self.edge = nn.Conv2d(_WIDTH * len(self.branches), 1, kernel_size=1)
        self.displacement = DisplacementBranch(encoder.stage_widths) if displacement else None

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) of any size -> edge logits (N, ceil(H / 4), ceil(W / 4))."""
        return self._edges(self._stages(images), images)

    def edges_and_field(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` returns, and displacements (N, 2, ceil(H / 4), ceil(W / 4)) in cells.

        Raises:
            ValueError: the network has no displacement branch.
        """
        stages = self._stages(images)
        return self._edges(stages, images), self._field(stages, images)

    def field(self, images: Tensor) -> Tensor:
        """The displacements alone; see `edges_and_field`."""
        return self._field(self._stages(images), images)

    def _stages(self, images: Tensor) -> list[Tensor]:
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        encoder = self._folded.of(self.encoder) if self.training else self.encoder
        with torch.no_grad():
            return encoder.stages(padded)

    def _field(self, stages: list[Tensor], images: Tensor) -> Tensor:
        if self.displacement is None:
            raise ValueError("This network has no displacement branch; train one with affinity.displacement.")
        (height, width), size = self._sizes(images)
        field: Tensor = self.displacement(stages, size)
        return field[..., :height, :width]

    def _sizes(self, images: Tensor) -> tuple[tuple[int, int], tuple[int, int]]:
        """Cells of the pictures, and of the padded pictures: nothing is cut off where pictures are large."""
        strides = max(self.encoder.stage_strides)
        rows, columns = (-(-side // EDGE_STRIDE) for side in images.shape[-2:])
        padded_rows, padded_columns = (
            -(-side // strides) * strides // EDGE_STRIDE for side in images.shape[-2:]
        )
        return (rows, columns), (padded_rows, padded_columns)

    def _edges(self, stages: list[Tensor], images: Tensor) -> Tensor:
        (height, width), size = self._sizes(images)
        parts = [
            functional.relu(_resized(branch(_at_most_fine(features, size)), size))
            for branch, features in zip(self.branches, stages, strict=True)
        ]
        logits: Tensor = self.edge(torch.cat(parts, dim=1))
        return logits[:, 0, :height, :width]

    def train(self, mode: bool = True) -> EdgeNetwork:
        """Set the mode; the encoder always stays in evaluation mode."""
        super().train(mode)
        self.encoder.eval()
        return self


def _at_most_fine(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Features finer than the edge map are averaged down to it before the convolution, not after."""
    return functional.adaptive_avg_pool2d(features, size) if features.shape[-1] > size[1] else features


def _resized(features: Tensor, size: tuple[int, int]) -> Tensor:
    if features.shape[-2:] == size:
        return features
    return functional.interpolate(features, size=size, mode="bilinear", align_corners=False)

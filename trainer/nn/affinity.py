"""AffinityNet's edge branch: predicts where objects end from the frozen features of an ImageNet network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

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
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self._folded = FoldedCopy(encoder)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, _WIDTH, 1, bias=False), nn.GroupNorm(_GROUPS, _WIDTH))
            for width in encoder.stage_widths
        )
        self.edge = nn.Conv2d(_WIDTH * len(self.branches), 1, kernel_size=1)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) of any size -> edge logits (N, ceil(H / 4), ceil(W / 4))."""
        height, width = (-(-side // EDGE_STRIDE) for side in images.shape[-2:])
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        encoder = self._folded.of(self.encoder) if self.training else self.encoder
        with torch.no_grad():
            stages = encoder.stages(padded)
        size = (padded.shape[-2] // EDGE_STRIDE, padded.shape[-1] // EDGE_STRIDE)
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

"""IRNet's displacement branch: where the centroid of a cell's object lies (Ahn et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (64, 128, 256, 256, 256)
_GROUPS = (8, 16, 16, 16, 16)
_FUSED, _FUSED_GROUPS = 256, 16


class DisplacementBranch(nn.Module):
    """Displacements (dy, dx) in cells of stride 4 from five stages of an encoder (section 4.1).

    Each stage is reduced by a 1x1 convolution with group normalisation. The last three are fused, resampled
    to stride 4 and fused with the first two. Its loss cannot see a constant that is added to all
    displacements, so the mean over the training pictures is subtracted in evaluation mode.

    Attributes:
        mean: that mean, (2,); zeros until somebody has measured it.
    """

    mean: Tensor

    def __init__(self, stage_widths: Sequence[int]) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(
            _fusing(width, out, groups)
            for width, out, groups in zip(stage_widths, _WIDTHS, _GROUPS, strict=True)
        )
        self.coarse = _fusing(sum(_WIDTHS[2:]), _FUSED, _FUSED_GROUPS)
        self.fine = _fusing(sum(_WIDTHS[:2]) + _FUSED, _FUSED, _FUSED_GROUPS)
        self.out = nn.Conv2d(_FUSED, 2, kernel_size=1, bias=False)
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, stages: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Features of the five stages -> displacements (N, 2, h, w) on the grid `size`."""
        parts = [
            reduce(_at_most_fine(features, size))
            for reduce, features in zip(self.reduce, stages, strict=True)
        ]
        coarse_size = (parts[2].shape[-2], parts[2].shape[-1])
        coarse = self.coarse(torch.cat([_resized(part, coarse_size) for part in parts[2:]], dim=1))
        fine = [_resized(part, size) for part in (*parts[:2], coarse)]
        field: Tensor = self.out(self.fine(torch.cat(fine, dim=1)))
        return field if self.training else field - self.mean[None, :, None, None].to(field.dtype)


def _fusing(width: int, out: int, groups: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, out, kernel_size=1, bias=False), nn.GroupNorm(groups, out), nn.ReLU(inplace=True)
    )


def _at_most_fine(features: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.adaptive_avg_pool2d(features, size) if features.shape[-1] > size[1] else features


def _resized(features: Tensor, size: tuple[int, int]) -> Tensor:
    if (features.shape[-2], features.shape[-1]) == size:
        return features
    return functional.interpolate(features, size=size, mode="bilinear", align_corners=False)

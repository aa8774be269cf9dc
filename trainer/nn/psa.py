"""AffinityNet of 2018: features whose distance says whether two neighbouring cells show the same class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.nn.encoders import Encoder
from trainer.nn.fusion import FoldedCopy
from trainer.nn.puzzle import pad_to_multiple

PSA_STRIDE = 8
"""Picture pixels per cell of the features."""

_WIDTHS = (64, 128, 256)


class PsaNetwork(nn.Module):
    """Features at stride 8 from the last three stages of an encoder (Ahn and Kwak, CVPR 2018, section 3.2).

    The stages are reduced to 64, 128 and 256 channels by 1x1 convolutions with ELU and resampled to stride 8;
    another 1x1 convolution with ELU mixes the 448 channels. Batch statistics of the encoder are frozen.
    """

    def __init__(self, encoder: Encoder, *, trains_backbone: bool = False) -> None:
        """Args:
        encoder: the backbone.
        trains_backbone: also train the encoder, as the authors did; else it gets no gradient.
        """
        super().__init__()
        self.encoder = encoder.requires_grad_(trains_backbone)
        self._trains_backbone = trains_backbone
        self._folded = FoldedCopy(encoder)
        widths = zip(encoder.stage_widths[-3:], _WIDTHS, strict=True)
        self.branches = nn.ModuleList(nn.Conv2d(width, own, 1, bias=False) for width, own in widths)
        self.mix = nn.Conv2d(sum(_WIDTHS), sum(_WIDTHS), 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) of any size -> features (N, 448, ceil(H / 8), ceil(W / 8))."""
        height, width = (-(-side // PSA_STRIDE) for side in images.shape[-2:])
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        size = (padded.shape[-2] // PSA_STRIDE, padded.shape[-1] // PSA_STRIDE)
        stages = self._stages(padded)[-3:]
        parts = [
            functional.interpolate(
                functional.elu(branch(features)), size=size, mode="bilinear", align_corners=False
            )
            for branch, features in zip(self.branches, stages, strict=True)
        ]
        features: Tensor = functional.elu(self.mix(torch.cat(parts, dim=1)))
        return features[..., :height, :width]

    def train(self, mode: bool = True) -> PsaNetwork:
        """Set the mode; the encoder always stays in evaluation mode."""
        super().train(mode)
        self.encoder.eval()
        return self

    def _stages(self, images: Tensor) -> list[Tensor]:
        if self._trains_backbone:
            return self.encoder.stages(images)
        encoder = self._folded.of(self.encoder) if self.training else self.encoder
        with torch.no_grad():
            return encoder.stages(images)


def feature_affinity(first: Tensor, second: Tensor) -> Tensor:
    """Affinity of pairs of cells, exp(-mean |f_i - f_j|) in (0, 1] (equation 3).

    Args:
        first, second: (N, C, ...), the features of both cells.

    Returns:
        (N, ...).
    """
    return torch.exp(-(first - second).abs().mean(dim=1))

"""A pixel classifier on the frozen features of an ImageNet network, trained on confident labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.nn.encoders import Encoder
from trainer.nn.fusion import FoldedCopy
from trainer.nn.puzzle import pad_to_multiple

PIXEL_STRIDE = 4
"""Picture pixels per cell of the logits."""

_WIDTH = 256
_GROUPS = 32
_DROPOUT = 0.2
_DEEP_STAGES = 2
_DILATION = 2


class PixelNetwork(nn.Module):
    """Class logits of pixels, background included, from the deepest features of an encoder.

    The last two stages and the last features, each normalised, are mixed by a 1x1 convolution. The head gets
    the mixed features of a cell together with its context: a dilated depthwise 3x3 convolution of the
    neighbourhood plus a linear layer on the mean over the picture. The encoder is not trained: the few
    confident labels cannot teach it more than ImageNet has.
    """

    def __init__(self, encoder: Encoder, class_count: int) -> None:
        """Build the network with random layers on the encoder.

        Args:
            encoder: the backbone, which is not trained.
            class_count: C, background included.
        """
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self._folded = FoldedCopy(encoder)
        widths = [*encoder.stage_widths[-_DEEP_STAGES:], encoder.channels]
        self.normalizations = nn.ModuleList(nn.BatchNorm2d(width, affine=False) for width in widths)
        self.drop = nn.Dropout2d(_DROPOUT)
        self.mix = nn.Sequential(nn.Conv2d(sum(widths), _WIDTH, 1), nn.GroupNorm(_GROUPS, _WIDTH), nn.ReLU())
        self.neighbourhood = nn.Conv2d(
            _WIDTH, _WIDTH, 3, padding=_DILATION, dilation=_DILATION, groups=_WIDTH
        )
        self.whole = nn.Linear(_WIDTH, _WIDTH)
        self.head = nn.Conv2d(2 * _WIDTH, class_count, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) of any size -> logits (N, C, ceil(H / 4), ceil(W / 4))."""
        height, width = (-(-side // PIXEL_STRIDE) for side in images.shape[-2:])
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        encoder = self._folded.of(self.encoder) if self.training else self.encoder
        with torch.no_grad():
            stages, features = encoder.stages_and_features(padded)
        size = features.shape[-2:]
        deep = [
            normalize(_resized(part, size))
            for normalize, part in zip(self.normalizations, [*stages[-_DEEP_STAGES:], features], strict=True)
        ]
        mixed = self.mix(self.drop(torch.cat(deep, dim=1)))
        whole = self.whole(mixed.mean(dim=(2, 3)))[:, :, None, None]
        logits = self.head(torch.cat([mixed, self.neighbourhood(mixed) + whole], dim=1))
        return _resized(logits, [side // PIXEL_STRIDE for side in padded.shape[-2:]])[..., :height, :width]

    def train(self, mode: bool = True) -> PixelNetwork:
        """Set the mode; the encoder always stays in evaluation mode."""
        super().train(mode)
        self.encoder.eval()
        return self


def _resized(maps: Tensor, size: torch.Size | list[int]) -> Tensor:
    if maps.shape[-2:] == torch.Size(size):
        return maps
    return functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)

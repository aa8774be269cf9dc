"""SeeNet: a second branch looks for the rest of the object, and is kept away from the background.

Hou et al., NeurIPS 2018. The first branch divides a picture into sure object, unsure, and sure background.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from trainer.classify_config import ClassifyConfig, SeeConfig
from trainer.nn.classifier import CamNetwork, ClassWeights, rows_or_zeros
from trainer.nn.encoders import Encoder
from trainer.nn.losses import EPSILON, classification_loss, max_normalized

FIRST, SECOND, THIRD = range(3)


class SeeNetwork(CamNetwork):
    """Three classifiers on the same features: of all cells, of the unsure ones, and of the background.

    Each is a 1x1 convolution, as in a plain classifier, plus two 3x3 convolutions, which start at zero.

    Attributes:
        settings: thresholds, width, dropout.
    """

    def __init__(self, encoder: Encoder, class_count: int, config: ClassifyConfig) -> None:
        super().__init__(encoder, class_count, batch_statistics=config.batch_statistics)
        self.settings = config.seenet
        channels = encoder.channels
        self.others = nn.ModuleList(nn.Conv2d(channels, class_count, 1, bias=False) for _ in range(2))
        self.around = nn.ModuleList(_around(channels, class_count, config.seenet) for _ in range(3))

    def score_maps(self, features: Tensor) -> Tensor:
        """The maps of the first branch, (N, K, h, w), unbounded."""
        return self.branch(FIRST, features)

    def branch(self, number: int, features: Tensor) -> Tensor:
        """The maps (N, K, h, w) of a branch from features (N, C, h, w), masked or not."""
        direct: nn.Module = self.classifier if number == FIRST else self.others[number - 1]
        maps: Tensor = direct(features) + self.around[number](features)
        return maps

    def branches(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The maps of all branches; the masks between them get no gradient.

        Args:
            images: normalised pictures (N, 3, H, W).
            labels: float (N, K).
        """
        features, settings = self.last_features(images), self.settings
        first = self.branch(FIRST, features)
        seen = attention(first.float(), labels)
        second = self.branch(SECOND, c_relu(features, ternary_mask(seen, settings)))
        third = self.branch(THIRD, features * background_mask(seen, settings).to(features.dtype))
        return first, second, third

    def map_weights(self, rows: Sequence[int | None]) -> ClassWeights:
        """A head that joins the first two branches; the classes asked for decide what is erased."""
        return _SeeHead(self, tuple(rows))

    @torch.no_grad()
    def start_class(self, position: int, row: Tensor) -> None:
        """Start the class alike in all branches."""
        super().start_class(position, row)
        for direct in self.others:
            cast(nn.Conv2d, direct).weight[position, :, 0, 0] = row


def _around(channels: int, class_count: int, settings: SeeConfig) -> nn.Module:
    width = settings.width
    last = nn.Conv2d(width, class_count, 1, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(
        nn.Conv2d(channels, width, 1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.Dropout2d(settings.dropout),
        last,
    )


class _SeeHead:
    """Maps of chosen rows: the larger of the first and the second branch, each over its maximum."""

    def __init__(self, network: SeeNetwork, rows: tuple[int | None, ...]) -> None:
        self._network = network
        self._rows = rows

    def __call__(self, features: Tensor, /) -> Tensor:
        network = self._network
        first = self._chosen(network.branch(FIRST, features))
        if first.shape[1] == 0:
            return first
        seen = attention(first, first.new_ones(first.shape[:2]))
        second = self._chosen(network.branch(SECOND, c_relu(features, ternary_mask(seen, network.settings))))
        return torch.maximum(max_normalized(first), max_normalized(second))

    def _chosen(self, maps: Tensor) -> Tensor:
        return rows_or_zeros(maps.transpose(0, 1), self._rows).transpose(0, 1)


def attention(maps: Tensor, labels: Tensor) -> Tensor:
    """Where any tagged class is: the strongest of their maps, each from its minimum to its maximum.

    Args:
        maps: (N, K, h, w), unbounded.
        labels: float (N, K), 1 where the class is in the picture.

    Returns:
        (N, 1, h, w) in [0, 1], without gradient; 0 for a picture without tags.
    """
    fixed = maps.detach()
    low, high = fixed.amin(dim=(2, 3), keepdim=True), fixed.amax(dim=(2, 3), keepdim=True)
    scaled = (fixed - low) / (high - low + EPSILON)
    return (scaled * labels[:, :, None, None]).amax(dim=1, keepdim=True)


def ternary_mask(seen: Tensor, settings: SeeConfig) -> Tensor:
    """T: 0 where the object is sure, -1 where background is sure, else 1.

    Args:
        seen: (N, 1, h, w), see `attention`.
        settings: the two thresholds.
    """
    mask = torch.ones_like(seen)
    mask = torch.where(seen < settings.background_threshold, -1.0, mask)
    return torch.where(seen >= settings.object_threshold, 0.0, mask)


def background_mask(seen: Tensor, settings: SeeConfig) -> Tensor:
    """1 where the third branch looks: up to the middle between both thresholds; else 0."""
    middle = (settings.object_threshold + settings.background_threshold) / 2
    return (seen <= middle).to(seen.dtype)


def c_relu(features: Tensor, mask: Tensor) -> Tensor:
    """The conditional ReLU: max(x, 0) T in all channels, so that sure background becomes negative."""
    return features.relu() * mask.to(features.dtype)


def seenet_loss(
    maps: tuple[Tensor, Tensor, Tensor], labels: Tensor, logit_offset: float = 0.0
) -> dict[str, Tensor]:
    """L_A + L_B + L_C: the first two branches learn the tags, the third that background has no class.

    Args:
        maps: of the three branches, each (N, K, h, w), unbounded.
        labels: float (N, K).
        logit_offset: see `trainer.classify_config.PuzzleLossConfig`.

    Returns:
        "loss" and its terms "classification", "erased" and "background".
    """
    first, second, third = maps
    terms = {
        "classification": classification_loss(first, labels, logit_offset),
        "erased": classification_loss(second, labels, logit_offset),
        "background": classification_loss(third, torch.zeros_like(labels), logit_offset),
    }
    return {"loss": torch.stack(list(terms.values())).sum(), **terms}

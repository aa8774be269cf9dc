"""ICD: for each class, the direction in which its object and the surroundings differ inside its pictures.

Fan et al., CVPR 2020. CAMs compare pictures of different classes; this compares cells within one class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.classify_config import ClassifyConfig
from trainer.nn.classifier import CamNetwork, ClassWeights, rows_or_zeros
from trainer.nn.encoders import Encoder
from trainer.nn.ficklenet import undisputed

_PIECES = 256
_OUTSIDE = 255
_STEEPNESS = 10.0


class IcdNetwork(CamNetwork):
    """The classifier, a direction for each class (bottom-up), and a branch that learns its sides (top-down).

    Attributes:
        settings: superpixels, least score, width.
        directions: (K, C), unit vectors in standardised features; 0 for a class that has none yet.
        centre, deviation: (C,), with which features are standardised.
    """

    directions: Tensor
    centre: Tensor
    deviation: Tensor

    def __init__(self, encoder: Encoder, class_count: int, config: ClassifyConfig) -> None:
        super().__init__(encoder, class_count, batch_statistics=config.batch_statistics)
        self.settings = config.icd
        channels, width = encoder.channels, config.icd.width
        self.hidden = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU()
        )
        self.top_down = nn.Conv2d(channels + width, class_count, 1, bias=False)
        self.register_buffer("directions", torch.zeros(class_count, channels))
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))

    def branches(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures (N, 3, H, W) -> CAMs, top-down and bottom-up scores, each (N, K, h, w), unbounded.

        The bottom-up scores get no gradient.
        """
        features = self.last_features(images)
        return self.classifier(features), self.top_down_scores(features), self.bottom_up_scores(features)

    def top_down_scores(self, features: Tensor) -> Tensor:
        """(N, C, h, w) -> logits (N, K, h, w) that a cell is on the object's side."""
        scores: Tensor = self.top_down(torch.cat([features, self.hidden(features)], dim=1))
        return scores

    def bottom_up_scores(self, features: Tensor) -> Tensor:
        """(N, C, h, w) -> the standardised features along the directions, (N, K, h, w)."""
        standard = standardised(features.detach().float(), self.centre, self.deviation)
        return torch.einsum("kc,nchw->nkhw", self.directions, standard)

    def map_weights(self, rows: Sequence[int | None]) -> ClassWeights:
        """A head that computes the top-down maps; the classes asked for compete in it."""
        return _IcdHead(self, tuple(rows))


class _IcdHead:
    """Probabilities of the object's side; a cell on the side of several classes belongs to one of them.

    That is the class with the highest CAM times score. A class without a direction has an empty map.
    """

    def __init__(self, network: IcdNetwork, rows: tuple[int | None, ...]) -> None:
        self._network = network
        self._rows = rows

    def __call__(self, features: Tensor, /) -> Tensor:
        network = self._network
        scores = self._chosen(network.top_down_scores(features))
        if scores.shape[1] == 0:
            return scores
        cams = self._chosen(network.classifier(features)).relu()
        known = rows_or_zeros(network.directions, self._rows).any(dim=1)
        maps = undisputed(scores.sigmoid(), cams * scores.relu(), 0.5)
        return maps * known[None, :, None, None]

    def _chosen(self, maps: Tensor) -> Tensor:
        return rows_or_zeros(maps.transpose(0, 1), self._rows).transpose(0, 1)


def standardised(features: Tensor, centre: Tensor, deviation: Tensor) -> Tensor:
    """Features (N, C, h, w) with mean 0 and deviation 1 in each channel."""
    return (features - centre[None, :, None, None]) / deviation[None, :, None, None]


def towards_cams(direction: Tensor, scores: Tensor, cams: Tensor) -> Tensor:
    """The direction or its opposite, so that CAMs are higher on average on its positive side.

    Args:
        direction: (C,).
        scores: (M,), of cells along it.
        cams: (M,), not below 0, of the same cells.
    """
    sides = [cams[side].mean() if side.any() else cams.new_zeros(()) for side in (scores > 0, scores < 0)]
    return direction if sides[0] >= sides[1] else -direction


def piece_means(scores: Tensor, pieces: Tensor) -> Tensor:
    """The scores (N, K, h, w), averaged over each piece (N, h, w) of 0 .. 255 of a picture."""
    members = functional.one_hot(pieces.long().flatten(1), _PIECES).to(scores.dtype)
    means = (scores.flatten(2) @ members) / members.sum(dim=1, keepdim=True).clamp(min=1.0)
    return (means @ members.transpose(1, 2)).view_as(scores)


def sides(bottom_up: Tensor, pieces: Tensor, labels: Tensor, least_score: float) -> tuple[Tensor, Tensor]:
    """What the top-down branch learns, and where.

    Args:
        bottom_up: (N, K, h, w).
        pieces: (N, h, w), number of each cell's superpixel, 255 outside the picture.
        labels: float (N, K).
        least_score: share of a picture's largest score above which a side is sure.

    Returns:
        Float targets (N, K, h, w): 1 on the positive side, else 0; and where they count, bool: cells of the
        picture, of tagged classes, whose superpixel is sure.
    """
    inside = (pieces != _OUTSIDE)[:, None]
    means = piece_means(bottom_up, pieces) * inside
    largest = means.abs().amax(dim=(2, 3), keepdim=True)
    sure = (means.abs() > least_score * largest) & inside & (labels > 0)[:, :, None, None]
    return (means > 0).float(), sure


def intra_class_loss(top_down: Tensor, targets: Tensor, sure: Tensor) -> Tensor:
    """Sigmoid cross-entropy with the sides, averaged over the cells where they are sure; 0 without any."""
    nll = functional.binary_cross_entropy_with_logits(top_down, targets, reduction="none")
    return (nll * sure).sum() / sure.sum().clamp(min=1)


def warmed_up(progress: float, warm_up: float) -> float:
    """Weight in (0, 1] of the intra-class loss: exp(-10 r), r the share of the warm-up that remains."""
    remaining = 0.0 if warm_up <= 0 else max(0.0, 1.0 - progress / warm_up)
    return math.exp(-_STEEPNESS * remaining)

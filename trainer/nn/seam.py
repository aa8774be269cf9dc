"""SEAM: maps that follow the picture's size, and a pixel correlation module that spreads them.

Wang et al., CVPR 2020. A picture's tags do not change when it is scaled, but its maps should scale with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.classify_config import ClassifyConfig
from trainer.nn.classifier import CamNetwork, ClassWeights, rows_or_zeros
from trainer.nn.encoders import Encoder
from trainer.nn.losses import EPSILON, classification_loss

_EMBEDDED = 192
_FOURTH, _FIFTH = 64, 128


class SeamNetwork(CamNetwork):
    """The classifier with the pixel correlation module (section 3.4); its maps are the module's output.

    Cells are compared by an embedding of the fourth stage, the fifth stage and the picture's colours. None of
    them gets a gradient from the module, so the backbone is trained by the classifier's own maps.

    Attributes:
        settings: size of the twin, share of the largest differences, dropout.
    """

    def __init__(self, encoder: Encoder, class_count: int, config: ClassifyConfig) -> None:
        super().__init__(encoder, class_count, batch_statistics=config.batch_statistics)
        self.settings = config.seam
        self.fourth = nn.Conv2d(encoder.stage_widths[3], _FOURTH, 1, bias=False)
        self.fifth = nn.Conv2d(encoder.stage_widths[4], _FIFTH, 1, bias=False)
        self.embed = nn.Conv2d(_FOURTH + _FIFTH + 3, _EMBEDDED, 1, bias=False)
        self.dropout = nn.Dropout2d(config.seam.dropout)

    def maps_and_spread(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures (N, 3, H, W) -> maps (N, K, h, w), and spread seeds (N, K + 1, h, w), background first."""
        features, embedding = self._features_and_embedding(images)
        maps: Tensor = self.classifier(self.dropout(features))
        return maps, pixel_correlation(correlation_seeds(maps.float()), embedding.float())

    def map_features(self, images: Tensor) -> Tensor:
        """Features and embedding, concatenated: (N, C + 192, h, w)."""
        return torch.cat(self._features_and_embedding(images), dim=1)

    def map_weights(self, rows: Sequence[int | None]) -> ClassWeights:
        """A head that computes the module's output; all classes of the network compete in it."""
        return _SeamHead(self.classifier.weight.detach()[:, :, 0, 0].float(), tuple(rows))

    def _features_and_embedding(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if self._folded is not None and self.training:
            stages, features = self._folded.call(self.encoder, "stages_and_features", images)
        else:
            stages, features = self.encoder.stages_and_features(images)
        size = features.shape[-2:]
        parts = [
            functional.relu(reduce(_resized(stage.detach(), size)))
            for reduce, stage in ((self.fourth, stages[3]), (self.fifth, stages[4]))
        ]
        embedding: Tensor = self.embed(torch.cat([_resized(images, size), *parts], dim=1))
        return features, functional.normalize(embedding, dim=1)


class _SeamHead:
    """Maps of chosen rows from features and embedding; see `SeamNetwork.map_features`."""

    def __init__(self, weights: Tensor, rows: tuple[int | None, ...]) -> None:
        self._weights = weights
        self._rows = rows

    def __call__(self, features: Tensor, /) -> Tensor:
        channels = self._weights.shape[1]
        maps = torch.einsum("kc,nchw->nkhw", self._weights, features[:, :channels])
        spread = pixel_correlation(correlation_seeds(maps), features[:, channels:])[:, 1:]
        return rows_or_zeros(spread.transpose(0, 1), self._rows).transpose(0, 1)


def correlation_seeds(maps: Tensor) -> Tensor:
    """What the module spreads, without gradient: maps over their maximum, where no other class is stronger.

    Args:
        maps: (N, K, h, w), unbounded.

    Returns:
        (N, K + 1, h, w) in [0, 1]; background, 1 - the strongest class, comes first.
    """
    positive = maps.detach().relu()
    scaled = (positive - EPSILON).relu() / (positive.amax(dim=(2, 3), keepdim=True) + EPSILON)
    return strongest_alone(with_background(scaled))


def with_background(maps: Tensor) -> Tensor:
    """Maps (N, K, h, w) in [0, 1] -> (N, K + 1, h, w) with the background, 1 - the strongest class, first."""
    return torch.cat([1.0 - maps.amax(dim=1, keepdim=True), maps], dim=1)


def strongest_alone(maps: Tensor) -> Tensor:
    """Maps (N, K + 1, h, w), background first, in which every class that is not the strongest is 0.

    A new tensor: writing the zeros into a detached map would change the map itself.
    """
    classes = maps[:, 1:]
    strongest = classes.amax(dim=1, keepdim=True)
    return torch.cat(
        [maps[:, :1], torch.where(classes < strongest, torch.zeros_like(classes), classes)], dim=1
    )


def pixel_correlation(seeds: Tensor, embedding: Tensor) -> Tensor:
    """Equation 7: every cell becomes the mean of the seeds, weighted by max(0, cosine) of the embeddings.

    Args:
        seeds: (N, L, h, w).
        embedding: (N, D, h, w); the gradient goes here.
    """
    vectors = functional.normalize(embedding.flatten(2), dim=1)
    affinity = functional.relu(vectors.transpose(1, 2) @ vectors)
    affinity = affinity / (affinity.sum(dim=1, keepdim=True) + EPSILON)
    return (seeds.flatten(2) @ affinity).view_as(seeds)


def stretched(maps: Tensor) -> Tensor:
    """Maps (N, L, h, w), each from its minimum to its maximum: in [0, 1)."""
    positive = maps.relu()
    low, high = positive.amin(dim=(2, 3), keepdim=True), positive.amax(dim=(2, 3), keepdim=True)
    return (positive - low - EPSILON).relu() / (high - low + EPSILON)


def lowest_quarter(spread: Tensor, labels: Tensor) -> Tensor:
    """Mean of the lowest quarter of the strongest tagged class: background has to be somewhere.

    Args:
        spread: (N, K + 1, h, w), background first.
        labels: float (N, K).
    """
    strongest = (spread[:, 1:] * labels[:, :, None, None]).amax(dim=1).flatten(1)
    return strongest.topk(max(1, strongest.shape[1] // 4), dim=1, largest=False)[0].relu().mean()


def cross_difference(target: Tensor, spread: Tensor, top_share: float) -> Tensor:
    """Equation 9: mean of the largest differences between one branch's maps and the other's spread maps.

    Args:
        target: (N, K + 1, h, w), background first; it gets no gradient.
        spread: same shape.
        top_share: share of a picture's values that count, in (0, 1].
    """
    apart = (strongest_alone(target.detach()) - spread).abs().flatten(1)
    return apart.topk(max(1, int(apart.shape[1] * top_share)), dim=1)[0].mean()


def seam_loss(
    whole: tuple[Tensor, Tensor],
    small: tuple[Tensor, Tensor],
    labels: Tensor,
    *,
    top_share: float,
    logit_offset: float = 0.0,
) -> dict[str, Tensor]:
    """L_cls + L_ER + L_ECR (equation 10), all of weight 1.

    Args:
        whole, small: maps (N, K, h, w) and spread maps (N, K + 1, h, w) of the pictures and of the scaled
            pictures, see `SeamNetwork.maps_and_spread`; both span the same part of the pictures.
        labels: float (N, K).
        top_share: see `cross_difference`.
        logit_offset: see `trainer.classify_config.PuzzleLossConfig`.

    Returns:
        "loss" and its terms "classification", "background", "equivariance" and "cross".
    """
    size = small[0].shape[-2:]
    tagged = labels[:, :, None, None]
    with_void = torch.cat([torch.ones_like(tagged[:, :1]), tagged], dim=1)
    maps = [_resized(stretched(branch[0]), size) * tagged for branch in (whole, small)]
    spread = [_resized(stretched(branch[1]), size) * with_void for branch in (whole, small)]
    targets = [with_background(each) for each in maps]
    terms = {
        "classification": torch.stack(
            [classification_loss(branch[0], labels, logit_offset) for branch in (whole, small)]
        ).mean(),
        "background": torch.stack([lowest_quarter(branch[1], labels) for branch in (whole, small)]).mean(),
        "equivariance": (maps[0] - maps[1]).abs().mean(),
        "cross": cross_difference(targets[1], spread[0], top_share)
        + cross_difference(targets[0], spread[1], top_share),
    }
    return {"loss": torch.stack(list(terms.values())).sum(), **terms}


def _resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    if maps.shape[-2:] == tuple(size):
        return maps
    return functional.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)

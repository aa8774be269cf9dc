"""The classifier whose weighted features are the class activation maps (paper section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from trainer.nn.encoders import Encoder
from trainer.nn.fusion import FoldedTraining
from trainer.nn.normalization import keep_frozen, set_normalization
from trainer.training_config import BatchStatistics


class MapHead(Protocol):
    """The maps of K classes where they are not linear in the features."""

    def __call__(self, features: Tensor, /) -> Tensor:
        """Features (N, C, h, w) -> maps (N, K, h, w); negative values count as 0."""


ClassWeights = Tensor | MapHead
"""The weights (K, C) of a linear classifier, or a head that computes the maps itself."""


class CamNetwork(nn.Module):
    """An encoder and a 1x1 convolution without bias, whose output is the maps A_c = theta_c^T f (equation 1).

    Since pooling is linear, the classification logits are the means of the maps (`class_logits`).
    """

    def __init__(
        self, encoder: Encoder, class_count: int, *, batch_statistics: BatchStatistics = "batch"
    ) -> None:
        """Build the network with a random head.

        Args:
            encoder: the backbone.
            class_count: K, background not counted.
            batch_statistics: see `trainer.training_config.TrainingConfig`.
        """
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Conv2d(encoder.channels, class_count, kernel_size=1, bias=False)
        set_normalization(self.encoder, batch_statistics)
        self._folded = FoldedTraining() if batch_statistics == "frozen" else None

    @property
    def output_stride(self) -> int:
        """Picture pixels per cell of the maps."""
        return self.encoder.output_stride

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) -> maps (N, K, ceil(H / stride), ceil(W / stride)), unbounded."""
        return self.score_maps(self.last_features(images))

    def score_maps(self, features: Tensor) -> Tensor:
        """Features (N, C, h, w) -> maps (N, K, h, w), unbounded, whose means are the logits."""
        maps: Tensor = self.classifier(features)
        return maps

    def last_features(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) -> the features (N, C, h, w) that the maps are made from."""
        if self._folded is not None and self.training:
            folded: Tensor = self._folded.call(self.encoder, "forward", images)
            return folded
        features: Tensor = self.encoder(images)
        return features

    def map_features(self, images: Tensor) -> Tensor:
        """What the maps are made from in evaluation mode: pictures (N, 3, H, W) -> (N, C, h, w)."""
        features: Tensor = self.encoder(images)
        return features

    def stages_features_and_maps(self, images: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """The five stages, the features, and the maps (N, K, h, w) whose means are the logits."""
        stages, features = self.encoder.stages_and_features(images)
        return stages, features, self.score_maps(features)

    def map_weights(self, rows: Sequence[int | None]) -> ClassWeights:
        """What makes the maps of some classes from `map_features`.

        Args:
            rows: for each of the K classes its number 0 .. among those of the network, or None for a class
                that the network has not learned; its map is empty.
        """
        head = self.classifier.weight.detach()[:, :, 0, 0].float()
        return rows_or_zeros(head, rows)

    @torch.no_grad()
    def start_class(self, position: int, row: Tensor) -> None:
        """Start the map of the class at a position from a row (C,) of weights."""
        self.classifier.weight[position, :, 0, 0] = row

    def train(self, mode: bool = True) -> CamNetwork:
        """Set the mode; frozen statistics stay frozen."""
        super().train(mode)
        if self._folded is not None:
            keep_frozen(self)
        return self


def rows_or_zeros(table: Tensor, rows: Sequence[int | None]) -> Tensor:
    """Rows (K, ...) of a table (L, ...), zeros for None."""
    chosen = [table[row] if row is not None else torch.zeros_like(table[0]) for row in rows]
    return torch.stack(chosen) if chosen else table.new_zeros((0, *table.shape[1:]))


def class_logits(maps: Tensor) -> Tensor:
    """Maps (N, K, h, w) -> logits (N, K): global average pooling."""
    return maps.mean(dim=(2, 3))


@torch.no_grad()
def init_head_from_imagenet(network: CamNetwork, imagenet_indices: Sequence[Sequence[int]]) -> None:
    """Start each class from the mean of its ImageNet rows, minus the mean of all rows.

    What all classes respond to says nothing about one of them.

    Args:
        network: its encoder must have ImageNet rows.
        imagenet_indices: for each of the K classes, indices 0 .. 999 of the ImageNet classes that show it
            (`trainer.data.imagenet_tags.match_tag`); a class without any starts at zero.

    Raises:
        ValueError: the encoder has no ImageNet rows, because its weights are random.
    """
    rows = network.encoder.imagenet_rows
    if rows is None:
        raise ValueError(
            "head_init = imagenet needs pretrained backbone weights; set backbone.pretrained = true, "
            "or classify.head_init = random."
        )
    centre = rows.mean(dim=0)
    for position, indices in enumerate(imagenet_indices):
        start = rows[list(indices)].mean(dim=0) - centre if indices else torch.zeros_like(centre)
        network.start_class(position, start)

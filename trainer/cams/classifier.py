"""What a classifier must offer so that CAMs can be taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from trainer.data.transforms import ChannelValue
from trainer.nn.classifier import ClassWeights, MapHead


class CamClassifier(Protocol):
    """A classifier, trained or zero-shot, that CAMs can be taken from."""

    @property
    def identity(self) -> str:
        """Architecture, weights and head as one string; equal identities compute equal maps."""

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell."""

    @property
    def mean_std(self) -> tuple[ChannelValue, ChannelValue]:
        """Normalisation of RGB in [0, 1]."""

    @property
    def affinity_power(self) -> float:
        """Exponent of the feature affinity (`trainer.cams.feature_affinity`); 0 leaves the maps unchanged."""

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w), on any device."""

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> ClassWeights:
        """What makes the maps of the given classes, from features (N, C, h, w) of any view of the picture.

        The argument `features` (N, C, h, w) has the views of the picture at scale 1, without cells that lie
        wholly in the padding. A trained classifier ignores them and returns its head's rows.
        """

    def is_weak(self, class_name: str) -> bool:
        """Whether the map of this class is only a guess, because the classifier has not learned the class."""

    def describe(self, class_name: str) -> str:
        """Where the map of this class comes from, in one sentence for people."""


class Activations(NamedTuple):
    """What leads to the scores of K classes, connected to the pictures by gradients.

    Attributes:
        stages: features of the five stages of the backbone, finest first, each (N, C, h, w).
        features: the last features (N, C, h, w).
        maps: equation 1, (N, K, h, w), signed; a map's mean is the logit of its class.
    """

    stages: Sequence[Tensor]
    features: Tensor
    maps: Tensor


@runtime_checkable
class GivesGradients(Protocol):
    """A classifier whose scores can be followed back to the pixels."""

    def activations(self, images: Tensor, class_names: Sequence[str]) -> Activations:
        """Normalised float32 pictures (N, 3, H, W), which need gradients, -> all that leads to the scores."""


def cell_maps(weights: ClassWeights, features: Tensor) -> Tensor:
    """Equation 1 of the paper, or what the head computes instead: maps (N, K, h, w), signed.

    Args:
        weights: see `CamClassifier.class_weights`.
        features: (N, C, h, w).
    """
    if isinstance(weights, Tensor):
        if len(weights) == 0:
            return features.new_zeros((len(features), 0, *features.shape[2:]))
        return torch.einsum("kc,nchw->nkhw", weights, features)
    return weights(features)


def last_class(weights: ClassWeights) -> ClassWeights:
    """The weights of the last class alone; a head still compares it with the other classes."""
    return weights[-1:] if isinstance(weights, Tensor) else _LastOf(weights)


def joined(parts: Sequence[ClassWeights]) -> ClassWeights:
    """The weights of all classes of several parts, at least one, in their order."""
    tensors = [part for part in parts if isinstance(part, Tensor)]
    return torch.cat(tensors) if len(tensors) == len(parts) else _Joined(tuple(parts))


@dataclass(frozen=True, eq=False)
class _LastOf:
    head: MapHead

    def __call__(self, features: Tensor) -> Tensor:
        return self.head(features)[:, -1:]


@dataclass(frozen=True, eq=False)
class _Joined:
    parts: tuple[ClassWeights, ...]

    def __call__(self, features: Tensor) -> Tensor:
        return torch.cat([cell_maps(part, features) for part in self.parts], dim=1)


@runtime_checkable
class ReadsWords(Protocol):
    """A classifier whose maps depend on what the names of classes mean, which can change while it runs."""

    def meaning_of(self, class_names: Sequence[str]) -> str:
        """What the classifier's `identity` does not say about these names; "" if it says everything."""

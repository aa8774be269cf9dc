"""What a classifier must offer so that CAMs can be taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class CamClassifier(Protocol):
    """A classifier, trained or zero-shot, that CAMs can be taken from."""

    @property
    def identity(self) -> str:
        """Architecture, weights and head as one string; equal identities compute equal maps."""

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell."""

    @property
    def mean_std(self) -> tuple[float, float]:
        """Normalisation of RGB in [0, 1]."""

    @property
    def affinity_power(self) -> float:
        """Exponent of the feature affinity (`trainer.cams.feature_affinity`); 0 leaves the maps unchanged."""

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w), on any device."""

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> Tensor:
        """Weights (K, C) of the given classes; `features` (N, C, h, w) are views of the picture at scale 1.

        Only their means over the cells matter. A trained classifier ignores them and returns its head's rows.
        """

    def is_weak(self, class_name: str) -> bool:
        """Whether the map of this class is only a guess, because the classifier has not learned the class."""

    def describe(self, class_name: str) -> str:
        """Where the map of this class comes from, in one sentence for people."""

"""Class maps spread over cells with similar features: a random-walk step without a trained affinity."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

MAX_CELLS = 4096
"""Affinity is quadratic in cells: 4096 of them (64 x 64) take 67 MB. Larger maps are pooled first."""


class FeatureAffinity:
    """How similar the cells of a picture are to each other; spreads any number of maps.

    The weight of cell j for cell i is max(0, cos(f_i - m, f_j - m)) ** power over the sum of all; the mean
    feature m of the picture is subtracted because all cells share it. A CAM peaks at the part that tells
    classes apart. Spreading raises the rest of the object, whose features are similar, and averages isolated
    responses on the background away. It is the pixel correlation module of SEAM (Wang et al., CVPR 2020)
    without its trained embedding.
    """

    def __init__(self, features_chw: Tensor, power: float) -> None:
        """Compare the cells of a picture.

        Args:
            features_chw: (C, h', w') of the picture.
            power: above 0; the larger, the more only the most similar cells count.
        """
        self._cells = _limited_cells(features_chw.shape[-2], features_chw.shape[-1])
        vectors = functional.adaptive_avg_pool2d(features_chw[None], self._cells)[0].flatten(1)
        vectors = functional.normalize(vectors - vectors.mean(dim=1, keepdim=True), dim=0)
        affinity = (vectors.T @ vectors).clamp_(min=0.0).pow_(power)
        # A cell with the mean feature is similar to no other; it keeps its own value.
        affinity.fill_diagonal_(1.0)
        affinity /= affinity.sum(dim=1, keepdim=True)
        self._affinity = affinity

    def spread(self, maps_khw: Tensor) -> Tensor:
        """Replace every cell with the mean over all cells, weighted by the similarity of their features.

        Args:
            maps_khw: non-negative (K, h, w) that span the same part of the picture.

        Returns:
            (K, h, w), not normalised.
        """
        if len(maps_khw) == 0:
            return maps_khw
        values = functional.adaptive_avg_pool2d(maps_khw[None], self._cells)[0].flatten(1)
        spread = (values @ self._affinity.T).reshape(-1, *self._cells)
        size = maps_khw.shape[-2:]
        return functional.interpolate(spread[None], size=size, mode="bilinear", align_corners=False)[0]


def _limited_cells(height: int, width: int) -> tuple[int, int]:
    factor = min(1.0, (MAX_CELLS / (height * width)) ** 0.5)
    return max(1, int(height * factor)), max(1, int(width * factor))

"""The terms of AffinityNet's pair loss, as both backends compute them (Ahn and Kwak, CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from trainer.masks.stencil import Stencil

EPSILON = 1e-5
"""Added inside logarithms and to the numbers of pairs, as in the 2021 reference."""


@dataclass(frozen=True)
class PairTerms:
    """The three terms of the loss, each a mean over its pairs, and the gradient of the loss.

    Attributes:
        same_background: -log affinity over pairs of background.
        same_object: -log affinity over pairs of one class.
        different: -log (1 - affinity) over pairs of two labels.
        gradient_nhw: derivative of the loss with respect to the edges, float32 (N, h, w).
    """

    same_background: float
    same_object: float
    different: float
    gradient_nhw: Tensor

    @property
    def loss(self) -> float:
        """1/2 (1/2 background + 1/2 object) + 1/2 different."""
        return 0.25 * self.same_background + 0.25 * self.same_object + 0.5 * self.different


class PairBackend(Protocol):
    """Computes `PairTerms`; both implementations agree up to rounding."""

    def __call__(self, edges_nhw: Tensor, labels_nhw: Tensor, stencil: Stencil) -> PairTerms: ...

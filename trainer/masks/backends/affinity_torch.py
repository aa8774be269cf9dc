"""The pair loss of AffinityNet with PyTorch, for CUDA and for machines without numba.

It takes one offset after the other, on views of the whole batch. Nothing is gathered or scattered, so the
result repeats bit for bit, and memory holds little more than a few batches of edges.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.masks.pair_terms import EPSILON, PairTerms
from trainer.masks.pseudo_labels import VOID
from trainer.masks.stencil import Pairs, Stencil


def pair_terms(edges_nhw: Tensor, labels_nhw: Tensor, stencil: Stencil) -> PairTerms:
    """Terms and gradient; see `trainer.masks.affinity.affinity_loss`."""
    edges = edges_nhw.detach()
    offsets = list(stencil.pairs(edges.shape[1], edges.shape[2]))
    counts = edges.new_zeros(3)
    for pairs in offsets:
        counts += torch.stack([kind.sum() for kind in _kinds(labels_nhw, pairs)])
    shares = edges.new_tensor([0.25, 0.25, 0.5]) / (counts + EPSILON)
    sums, gradient = edges.new_zeros(3), torch.zeros_like(edges)
    for pairs in offsets:
        background, same, different = _kinds(labels_nhw, pairs)
        strongest, where = torch.stack([edges[:, *pairs.shifted(step)] for step in pairs.path]).max(dim=0)
        attraction = -(1.0 - strongest + EPSILON).log()
        repulsion = -(strongest + EPSILON).log()
        sums += torch.stack(
            [(attraction * background).sum(), (attraction * same).sum(), (repulsion * different).sum()]
        )
        slope = (shares[0] * background + shares[1] * same) / (1.0 - strongest + EPSILON)
        slope -= shares[2] * different / (strongest + EPSILON)
        for position, step in enumerate(pairs.path):
            gradient[:, *pairs.shifted(step)] += slope * (where == position)
    background_mean, same_mean, different_mean = (sums / (counts + EPSILON)).tolist()
    return PairTerms(background_mean, same_mean, different_mean, gradient)


def _kinds(labels_nhw: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor, Tensor]:
    """Which pairs are of background, of one class, of two labels; the rest is unknown."""
    first, second = labels_nhw[:, *pairs.first], labels_nhw[:, *pairs.second]
    is_known = (first != VOID) & (second != VOID)
    is_same = first == second
    return is_known & is_same & (first == 0), is_known & is_same & (first > 0), is_known & ~is_same

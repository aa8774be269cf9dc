"""The random walk: from the prior and the seeds to shares of the labels in every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.interactive.cells import box_share
from trainer.interactive.graph import PictureGraph
from trainer.interactive.prior import Prior
from trainer.interactive.seeds import Box

_FIXED_WEIGHT = 1e3
"""Weight of the label of a fixed cell; the edges to its eight neighbours weigh less than 8 together."""

LearnedShares = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Shares (n, L) of a first walk -> shares (n, L) that the picture's own features predict from them."""


@dataclass(frozen=True, eq=False)
class Unary:
    """What draws each cell to labels, apart from its neighbours.

    Attributes:
        shares_nl: float64 (n, L) in [0, 1], summing to one over the labels.
        weight_n: float64 (n,), above 0: how much the shares count against the edges to the neighbours.
    """

    shares_nl: NDArray[np.float64]
    weight_n: NDArray[np.float64]


def with_boxes(
    graph: PictureGraph, prior: Prior, weight_hw: NDArray[np.float64], boxes: Sequence[Box], weight: float
) -> Unary:
    """The prior, in which boxes give their cells to their labels.

    Args:
        graph: of the picture.
        prior: without the boxes.
        weight_hw: float64 (h, w), weight of the prior.
        boxes: of background and of classes. Those of background are left out: they fix their pixels.
        weight: of the prior in the middle of a box, at least.
    """
    unary = Unary(prior.shares_nl.copy(), weight_hw.ravel().copy())
    for box in boxes:
        if box.label:
            share_n = box_share(box, graph)
            shares_nl, weight_n = unary.shares_nl, unary.weight_n
            shares_nl *= 1.0 - share_n[:, None]
            shares_nl[:, prior.labels.index(box.label)] += share_n
            np.maximum(weight_n, weight * share_n, out=weight_n)
    return unary


def walk(
    graph: PictureGraph,
    unary: Unary,
    fixed: Mapping[int, int],
    learned_shares: LearnedShares | None = None,
    learned_share: float = 0.0,
) -> NDArray[np.float64]:
    """Shares (n, L) of the random walker, see `PictureGraph.solver`.

    With `learned_shares` it walks twice: what the features predict from the first walk becomes part of the
    prior of the second.

    Args:
        graph: of the picture.
        unary: what draws each cell to labels.
        fixed: number of a cell whose label is fixed -> position of the label.
        learned_shares: predicts shares from those of the first walk; None walks once.
        learned_share: in [0, 1], share of the prediction in the second prior.
    """
    fixed_unary = _with_fixed(unary, fixed)
    solve = graph.solver(fixed_unary.weight_n)
    first_nl = solve(fixed_unary.shares_nl)
    if learned_shares is None:
        return first_nl
    learned_nl = learned_shares(first_nl)
    is_free = np.ones(len(learned_nl), dtype=bool)
    is_free[list(fixed)] = False
    second_nl = fixed_unary.shares_nl
    second_nl[is_free] = (1.0 - learned_share) * second_nl[is_free] + learned_share * learned_nl[is_free]
    return solve(second_nl)


def _with_fixed(unary: Unary, fixed: Mapping[int, int]) -> Unary:
    shares_nl, weight_n = unary.shares_nl.copy(), unary.weight_n.copy()
    for cell, position in fixed.items():
        weight_n[cell] = _FIXED_WEIGHT
        shares_nl[cell] = 0.0
        shares_nl[cell, position] = 1.0
    return Unary(shares_nl, weight_n)

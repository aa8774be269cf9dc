"""What hangs together around a place: how far a seed speaks of a class that the mask does not hold yet."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from trainer.interactive.graph import PictureGraph

_LEAK = 1e-3
"""Chance of a walker to be lost a cell, against 1 for a step between two like ones: some 30 cells far."""

_LEAST_CELLS = 6
_MOST_SHARE = 0.4
"""Of the picture; more than that is seldom one thing, and never what one click should fill."""


def region_around(graph: PictureGraph, row: int, column: int) -> NDArray[np.bool_]:
    """The cells around one that are best cut off from the rest: bool (h, w), the cell among them.

    Cells are taken in the order in which walkers from the cell come by, as in a sweep of a local partition
    (Andersen, Chung and Lang, FOCS 2006); of these sets, each inside the next, the one whose outline is
    weakest for its size is returned: the sum of the weights across it over the root of its cells, so that
    neither the seed alone nor half of the picture wins.
    """
    height, width = graph.grid_size
    count = height * width
    cell = row * width + column
    source = np.zeros((count, 1))
    source[cell] = 1.0
    met = graph.solver(np.full(count, _LEAK))(source)[:, 0]
    met[cell] = np.inf
    order = np.argsort(-met, kind="stable")
    rank = np.empty(count, dtype=np.intp)
    rank[order] = np.arange(count)
    pairs = scipy.sparse.triu(graph.laplacian, k=1).tocoo()
    first, second = rank[pairs.row], rank[pairs.col]
    weights = -pairs.data
    # A pair is cut by every set that holds one of its cells alone.
    changes = np.bincount(np.minimum(first, second), weights, count)
    changes -= np.bincount(np.maximum(first, second), weights, count)
    sizes = np.arange(1, count + 1)
    outline = np.cumsum(changes) / np.sqrt(sizes)
    least = min(_LEAST_CELLS, count)
    most = max(least, int(_MOST_SHARE * count))
    best = least + int(outline[least - 1 : most].argmin())
    return np.asarray((rank < best).reshape(height, width))

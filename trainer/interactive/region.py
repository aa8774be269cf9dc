"""The connected region around a place: what a seed selects if its class is nowhere in the mask yet."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from trainer.interactive.graph import PictureGraph

_LEAK = 1e-3
"""Weight with which a walker stops in a cell, against 1 for a step between two cells that look alike: it gets
about 30 cells far."""

_LEAST_CELLS = 6
_MOST_SHARE = 0.4
"""Size of a region: at least so many cells, at most this share of the picture, which is seldom one object."""


def region_around(graph: PictureGraph, row: int, column: int) -> NDArray[np.bool_]:
    """The connected cells around one that are best separated from the rest: bool (h, w), the cell included.

    Cells are added in the order of how often random walkers from the cell visit them, as in the sweep of a
    local partition (Andersen, Chung and Lang, FOCS 2006). Of the nested sets that this makes, the one with
    the weakest outline for its size is returned: the sum of the weights across its outline, divided by the
    square root of its number of cells. Without the root, tiny or huge sets would win.
    """
    height, width = graph.grid_size
    count = height * width
    cell = row * width + column
    source = np.zeros((count, 1))
    source[cell] = 1.0
    visits = graph.solver(np.full(count, _LEAK))(source)[:, 0]
    visits[cell] = np.inf
    order = np.argsort(-visits, kind="stable")
    rank = np.empty(count, dtype=np.intp)
    rank[order] = np.arange(count)
    pairs = scipy.sparse.triu(graph.laplacian, k=1).tocoo()
    first, second = rank[pairs.row], rank[pairs.col]
    weights = -pairs.data
    # An edge is cut by every set that has only one of its cells.
    changes = np.bincount(np.minimum(first, second), weights, count)
    changes -= np.bincount(np.maximum(first, second), weights, count)
    sizes = np.arange(1, count + 1)
    outline = np.cumsum(changes) / np.sqrt(sizes)
    least = min(_LEAST_CELLS, count)
    most = max(least, int(_MOST_SHARE * count))
    best = least + int(outline[least - 1 : most].argmin())
    return np.asarray((rank < best).reshape(height, width))

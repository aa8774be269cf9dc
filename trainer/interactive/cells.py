"""From pixels that seeds settle, and from boxes, to the cells of the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.interactive.graph import PictureGraph
from trainer.interactive.seeds import UNSEEDED, Box


def settled_cells(settled: NDArray[np.uint8], graph: PictureGraph, labels: Sequence[int]) -> dict[int, int]:
    """Cell -> position of its label, of the cells that are settled by half: their most frequent label."""
    ys, xs = np.nonzero(settled != UNSEEDED)
    if len(ys) == 0:
        return {}
    (height, width), (rows, columns) = graph.image_size, graph.grid_size
    cells = (ys * rows // height) * columns + xs * columns // width
    table = np.zeros(256, dtype=np.intp)
    table[list(labels)] = np.arange(len(labels))
    counts = np.bincount(cells * len(labels) + table[settled[ys, xs]], minlength=rows * columns * len(labels))
    by_cell = counts.reshape(-1, len(labels))
    half = height * width / (rows * columns) / 2
    return {int(cell): int(by_cell[cell].argmax()) for cell in np.nonzero(by_cell.sum(axis=1) >= half)[0]}


_BOX_SHAPE = 6
"""Even power: how flat the weight of a box is before it falls to its sides."""


def box_weight(box: Box, graph: PictureGraph) -> NDArray[np.float64]:
    """(n,) in [0, 1): how much a box of a class makes its cells that class, most in its middle."""
    (height, width), (rows, columns) = graph.image_size, graph.grid_size
    y = (np.arange(rows) + 0.5) * height / rows
    x = (np.arange(columns) + 0.5) * width / columns
    across = np.clip(1.0 - ((2 * y - box.top - box.bottom) / (box.bottom - box.top)) ** _BOX_SHAPE, 0.0, 1.0)
    along = np.clip(1.0 - ((2 * x - box.left - box.right) / (box.right - box.left)) ** _BOX_SHAPE, 0.0, 1.0)
    return np.asarray(0.9 * np.outer(across, along).ravel(), dtype=np.float64)

"""From pixels to cells of the graph: cells whose label is fixed, and what boxes say of the cells in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.interactive.graph import PictureGraph
from trainer.interactive.seeds import UNSEEDED, Box, Click


def fixed_cells(
    graph: PictureGraph,
    labels: Sequence[int],
    fixed_pixels: NDArray[np.uint8],
    clicks: Sequence[Click],
) -> dict[int, int]:
    """Number of each cell whose label is fixed -> position of that label in `labels`.

    Args:
        graph: of the picture.
        labels: all labels that can be fixed.
        fixed_pixels: uint8 (H, W), label of the pixels that are fixed, `UNSEEDED` elsewhere. A cell is
            fixed where at least half of its pixels are, to the most frequent label.
        clicks: fix the cells that hold them, whatever the other pixels say.
    """
    fixed = _mostly_fixed(graph, labels, fixed_pixels)
    for click in clicks:
        fixed[graph.cell(click.y, click.x)] = labels.index(click.label)
    return fixed


def _mostly_fixed(
    graph: PictureGraph, labels: Sequence[int], fixed_pixels: NDArray[np.uint8]
) -> dict[int, int]:
    # Of the flat array: several times faster where few of many pixels are fixed.
    ys, xs = np.divmod(np.flatnonzero(fixed_pixels != UNSEEDED), fixed_pixels.shape[1])
    if len(ys) == 0:
        return {}
    (height, width), (rows, columns) = graph.image_size, graph.grid_size
    cells = (ys * rows // height) * columns + xs * columns // width
    position = np.zeros(256, dtype=np.intp)
    position[list(labels)] = np.arange(len(labels))
    of_pixels = position[fixed_pixels[ys, xs]]
    counts = np.bincount(cells * len(labels) + of_pixels, minlength=rows * columns * len(labels))
    by_cell = counts.reshape(-1, len(labels))
    half = height * width / (rows * columns) / 2
    return {int(cell): int(by_cell[cell].argmax()) for cell in np.nonzero(by_cell.sum(axis=1) >= half)[0]}


_BOX_POWER = 6
"""Even: the higher, the flatter the share of a box in its middle and the steeper at its sides."""

_BOX_SHARE = 0.9
"""In the middle of a box."""


def box_share(box: Box, graph: PictureGraph) -> NDArray[np.float64]:
    """(n,) in [0, 1): share of the prior that a box gives to its label, largest in its middle, 0 outside."""
    (height, width), (rows, columns) = graph.image_size, graph.grid_size
    y = (np.arange(rows) + 0.5) * height / rows
    x = (np.arange(columns) + 0.5) * width / columns
    down = np.clip(1.0 - ((2 * y - box.top - box.bottom) / (box.bottom - box.top)) ** _BOX_POWER, 0.0, 1.0)
    along = np.clip(1.0 - ((2 * x - box.left - box.right) / (box.right - box.left)) ** _BOX_POWER, 0.0, 1.0)
    return np.asarray(_BOX_SHARE * np.outer(down, along).ravel(), dtype=np.float64)

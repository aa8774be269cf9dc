"""The graph on which corrections spread: cells of four pixels, joined by how alike they look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from trainer.data.transforms import RgbImage, check_rgb, limited_size

GRID_STRIDE = 4
"""Pixels per cell of the size-limited picture; CAMs and AffinityNet's edges have the same stride."""

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
_LEAF = 12
"""Blocks of so few cells are not dissected further."""

_RELAX, _PANEL = 8, 4
"""Columns that SuperLU handles together: fewer than by default, because the factors are narrow."""

_LEAST_WEIGHT = 1e-3
"""Added to every edge; without it a cell could be cut off from every seed."""


@dataclass(frozen=True, eq=False)
class PictureGraph:
    """Cells of a picture, with a weighted edge between neighbours.

    Attributes:
        image_size: (H, W) in pixels.
        grid_size: (h, w) in cells, which span the picture exactly.
        laplacian: sparse (n, n) with n = h * w; minus the weight of each edge, and on the diagonal the sum
            of a cell's edges.
    """

    image_size: tuple[int, int]
    grid_size: tuple[int, int]
    laplacian: Any

    def solver(self, weight: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """The random walker with a prior (Grady, CVPR 2005): (L + diag(weight)) x = weight * prior, by label.

        Args:
            weight: (n,), above 0: how much each cell's prior counts against the edges to its neighbours; very
                large where the label is fixed.

        Returns:
            A function of the prior, float64 (n, labels) in [0, 1], summing to one over the labels. Its
            result has the same shape: the probability that a walker from the cell ends at each label. In each
            cell it stops with the probability weight / (weight + sum of the cell's edges), and then draws a
            label from the cell's prior. The factors are computed beforehand, so that each call is fast.
        """
        order, ordered = self._dissected
        # Symmetric and diagonally dominant: no pivoting is needed.
        factor = scipy.sparse.linalg.splu(
            (ordered + scipy.sparse.diags(weight[order])).tocsc(),
            permc_spec="NATURAL",
            options={"SymmetricMode": True},
            diag_pivot_thresh=0.0,
            relax=_RELAX,
            panel_size=_PANEL,
        )

        def solve(prior_nl: NDArray[np.float64]) -> NDArray[np.float64]:
            solution = np.empty_like(prior_nl)
            solution[order] = factor.solve((weight[:, None] * prior_nl)[order])
            return solution

        return solve

    @cached_property
    def _dissected(self) -> tuple[NDArray[np.intp], Any]:
        """The order in which cells are eliminated, and the Laplacian in it."""
        order = nested_dissection(self.grid_size)
        return order, self.laplacian[order][:, order].tocsc()

    def cell(self, y: int, x: int) -> int:
        """Number of the cell that holds a pixel."""
        (height, width), (rows, columns) = self.image_size, self.grid_size
        return (y * rows // height) * columns + x * columns // width


def nested_dissection(size: tuple[int, int]) -> NDArray[np.intp]:
    """The cells of a grid, ordered so that a separating line follows both of its sides (George, 1973).

    Elimination in this order keeps the factors of a grid's graph sparse: factoring takes three fifths of the
    time that it takes in the best order that SuperLU finds by itself.
    """
    order: list[NDArray[np.intp]] = []

    def dissect(cells: NDArray[np.intp]) -> None:
        rows, columns = cells.shape
        if rows * columns <= _LEAF:
            order.append(cells.ravel())
            return
        if rows < columns:
            cells, rows = cells.T, columns
        middle = rows // 2
        dissect(cells[:middle])
        dissect(cells[middle + 1 :])
        order.append(cells[middle])

    dissect(np.arange(size[0] * size[1], dtype=np.intp).reshape(size))
    return np.concatenate(order)


def grid_size(image_size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """(h, w) of the grid of cells for a picture that is reduced until no side exceeds `max_side` pixels."""
    height, width = limited_size(*image_size, max_side)
    return -(-height // GRID_STRIDE), -(-width // GRID_STRIDE)


def build_graph(
    image_rgb: RgbImage,
    features_chw: NDArray[np.float32] | None = None,
    edges_hw: NDArray[np.float32] | None = None,
    *,
    image_size: tuple[int, int] | None = None,
    max_side: int = 512,
    colour_weight: float = 0.02,
    feature_weight: float = 3.0,
) -> PictureGraph:
    """Join every cell to its eight neighbours.

    The weight of a pair is exp(-colour_weight |Lab difference|^2 - feature_weight |feature difference|^2),
    times 1 - the stronger of their edges, plus 0.001; the weights of diagonal neighbours are divided by
    sqrt(2).

    Args:
        image_rgb: uint8 (H, W, 3), or a reduced copy of the picture.
        features_chw: float32 (C, h', w') of any network, spanning the picture; they are shifted to a mean of
            0 and scaled to a mean square norm of 1. None compares colours only.
        edges_hw: float32 (h'', w'') in [0, 1], AffinityNet's edges of this picture if a run has them.
        image_size: (H, W) of the picture, if a reduced copy of it is given.
        max_side: see `grid_size`.
        colour_weight: per squared unit of CIELAB.
        feature_weight: per squared unit of the normalised features.

    Raises:
        ValueError: the picture is not a uint8 RGB array.
    """
    check_rgb(image_rgb)
    size = image_size or (image_rgb.shape[0], image_rgb.shape[1])
    rows, columns = grid_size(size, max_side)
    small = cv2.resize(image_rgb, (columns, rows), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB))
    features = None if features_chw is None else _normalized(features_chw, (rows, columns))
    edges = (
        None if edges_hw is None else cv2.resize(edges_hw, (columns, rows), interpolation=cv2.INTER_LINEAR)
    )
    number = np.arange(rows * columns).reshape(rows, columns)
    firsts, seconds, weights = [], [], []
    for down, right in _STEPS:
        a = (slice(0, rows - down), slice(max(0, -right), columns - max(0, right)))
        b = (slice(down, rows), slice(max(0, right), columns - max(0, -right)))
        apart = colour_weight * np.square(lab[a] - lab[b]).sum(axis=-1)
        if features is not None:
            apart = apart + feature_weight * np.square(features[a] - features[b]).sum(axis=-1)
        weight = np.exp(-apart)
        if edges is not None:
            weight = weight * (1.0 - np.maximum(edges[a], edges[b]))
        weight = (weight + _LEAST_WEIGHT) / np.hypot(down, right)
        firsts.append(number[a].ravel())
        seconds.append(number[b].ravel())
        weights.append(weight.ravel())
    pairs = (np.concatenate(firsts), np.concatenate(seconds))
    count = rows * columns
    half = scipy.sparse.coo_matrix((np.concatenate(weights).astype(np.float64), pairs), (count, count))
    adjacency = (half + half.T).tocsr()
    degree = scipy.sparse.diags(np.asarray(adjacency.sum(axis=1)).ravel())
    return PictureGraph(size, (rows, columns), (degree - adjacency).tocsr())


def _normalized(features_chw: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Features (h, w, C) on the grid, with a mean of 0 and a mean square norm of 1 before resizing."""
    centred = features_chw - features_chw.mean(axis=(1, 2), keepdims=True)
    centred = centred / max(1e-6, float(np.sqrt(np.square(centred).sum(axis=0).mean())))
    planes = [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in centred]
    return np.stack(planes, axis=-1).astype(np.float32).reshape(*size, -1)

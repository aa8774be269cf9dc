"""From pixels and map cells to the live model's cells, and back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.live.features import CELL_PX
from trainer.run.map_storage import Maps


def cell_counts(size: tuple[int, int]) -> tuple[int, int]:
    """(h, w) of the cells that cover a size-limited picture of `size` (height, width) pixels."""
    return -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)


def cell_means(maps_khw: Maps, size: tuple[int, int]) -> NDArray[np.float32]:
    """Mean of each map over each cell.

    Args:
        maps_khw: float32 (K, h', w') that span the picture.
        size: (height, width) of the size-limited picture.

    Returns:
        float32 (cells, K), row by row.
    """
    rows, columns = cell_counts(size)
    means = np.zeros((rows * columns, len(maps_khw)), dtype=np.float32)
    for position, plane in enumerate(maps_khw):
        pixels = cv2.resize(
            np.ascontiguousarray(plane, dtype=np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR
        )
        padding = ((0, rows * CELL_PX - size[0]), (0, columns * CELL_PX - size[1]))
        blocks = np.pad(pixels, padding, mode="edge").reshape(rows, CELL_PX, columns, CELL_PX)
        means[:, position] = blocks.mean(axis=(1, 3)).ravel()
    return means


def label_shares(
    mask: NDArray[np.uint8], indices: tuple[int, ...], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Which share of each cell has each of some indices.

    Args:
        mask: uint8 (H, W) of the picture's size.
        indices: values in the mask.
        size: (height, width) of the size-limited picture.

    Returns:
        float32 (cells, number of indices) in [0, 1]; cells at the lower and right edge that reach beyond the
        picture have less than 1 in sum.
    """
    rows, columns = cell_counts(size)
    limited = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
    shares = np.zeros((rows * columns, len(indices)), dtype=np.float32)
    for position, index in enumerate(indices):
        padded = np.zeros((rows * CELL_PX, columns * CELL_PX), dtype=np.float32)
        padded[: size[0], : size[1]] = limited == index
        shares[:, position] = padded.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3)).ravel()
    return shares


def spread_to_grid(cells_hwk: NDArray[np.float32], size: tuple[int, int], grid_size: tuple[int, int]) -> Maps:
    """Bilinear interpolation of values at the centres of cells.

    Args:
        cells_hwk: float32 (h, w, K).
        size: (height, width) of the size-limited picture that the cells cover.
        grid_size: (h', w') of the result, which spans the picture exactly.

    Returns:
        float32 (K, h', w').
    """
    down = _interpolation(grid_size[0], size[0], cells_hwk.shape[0])
    across = _interpolation(grid_size[1], size[1], cells_hwk.shape[1])
    spread = down @ cells_hwk.transpose(2, 0, 1) @ across.T
    return np.asarray(spread, dtype=np.float32)


def _interpolation(count: int, pixels: int, cells: int) -> NDArray[np.float32]:
    """Matrix (count, cells) that interpolates between cell centres; constant beyond the outer ones."""
    positions = (np.arange(count) + 0.5) * pixels / count / CELL_PX - 0.5
    positions = positions.clip(0, cells - 1)
    lower = np.minimum(positions.astype(int), max(cells - 2, 0))
    weights = np.zeros((count, cells), dtype=np.float32)
    rows = np.arange(count)
    weights[rows, lower] = 1 - (positions - lower)
    weights[rows, np.minimum(lower + 1, cells - 1)] += (positions - lower).astype(np.float32)
    return weights

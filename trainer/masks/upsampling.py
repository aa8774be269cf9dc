"""The strongest of several maps at each pixel of a large picture, without maps of the picture's size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.run.map_storage import Maps

_TILE_PX = 256


def strongest_map(maps_lhw: Maps, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Position of the map that is largest at each pixel after bilinear resampling; the first of equal ones.

    It works tile by tile. Where one map is the largest in all cells that a tile is interpolated from, it is
    so in the whole tile, and nothing is interpolated there. The result is that of `cv2.resize` with
    `INTER_LINEAR` for each map, but for pixels where two maps are equal within rounding.

    Args:
        maps_lhw: float32 (L, h, w), 1 to 255 maps that span the picture.
        size: (H, W) in pixels.

    Returns:
        uint8 (H, W).
    """
    _, rows, columns = maps_lhw.shape
    if size == (rows, columns):
        return np.asarray(maps_lhw.argmax(axis=0), dtype=np.uint8)
    if size[0] < rows or size[1] < columns:
        return _plainly(maps_lhw, size)
    strongest_hw = maps_lhw.argmax(axis=0).astype(np.uint8)
    made = np.empty(size, dtype=np.uint8)
    down, along = _spans(rows, size[0]), _spans(columns, size[1])
    for to_rows, from_rows, weights_y in down:
        for to_columns, from_columns, weights_x in along:
            window = strongest_hw[from_rows, from_columns]
            first = window[0, 0]
            if (window == first).all():
                made[to_rows, to_columns] = first
            else:
                cells = maps_lhw[:, from_rows, from_columns]
                made[to_rows, to_columns] = (weights_y @ cells @ weights_x.T).argmax(axis=0)
    return made


def _spans(cells: int, pixels: int) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Tiles along one side: their pixels, the cells that count for them, and weights (pixels, cells)."""
    place = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    below = np.minimum(place.astype(np.intp), max(0, cells - 2))
    share = (place - below).astype(np.float32)
    spans = []
    for start in range(0, pixels, _TILE_PX):
        tile = slice(start, min(pixels, start + _TILE_PX))
        first, last = int(below[tile][0]), min(cells - 1, int(below[tile][-1]) + 1)
        weights = np.zeros((tile.stop - start, last - first + 1), dtype=np.float32)
        of_pixel = np.arange(len(weights))
        weights[of_pixel, below[tile] - first] = 1.0 - share[tile]
        if cells > 1:
            weights[of_pixel, below[tile] - first + 1] = share[tile]
        spans.append((tile, slice(first, last + 1), weights))
    return spans


def _plainly(maps_lhw: Maps, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The same with whole planes, one at a time."""
    position = np.zeros(size, dtype=np.uint8)
    best = np.full(size, -np.inf, dtype=np.float32)
    for number, plane in enumerate(maps_lhw):
        resized = cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
        position[resized > best] = number
        np.maximum(best, resized, out=best)
    return position

"""Polygons as pixels, and pixels as polygons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.interchange.drawn import BoolArray

Points = NDArray[np.float64]
"""(N, 2): x, y."""

Corner = tuple[int, int]
"""x, y of the corner of a pixel."""

MOST_POINTS: Final = 100_000
_FINENESS: Final = 5
"""COCO draws outlines on a grid this much finer than pixels."""
MOST_STEPS: Final = 5_000_000
"""On that grid, along one polygon."""


class PolygonError(ValueError):
    """Points that are no polygon; the message is a clause."""


def points_of(values: Any, height: int, width: int) -> Points:
    """The points of a polygon from numbers ``[x1, y1, x2, y2, ...]`` or pairs, cut at the picture's border.

    Raises:
        PolygonError: They are no numbers, fewer than three points, too many, or not finite.
    """
    if not isinstance(values, list) or len(values) > 2 * MOST_POINTS:
        count = len(values) if isinstance(values, list) else 0
        raise PolygonError(f"a polygon has {count} values; at most {2 * MOST_POINTS} are read")
    try:
        array = np.array(values, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise PolygonError("the points of a polygon are no numbers") from error
    if array.ndim == 1 and len(array) % 2 == 0:
        array = array.reshape(-1, 2)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < 3:
        raise PolygonError("a polygon has fewer than three points")
    if len(array) > MOST_POINTS:
        raise PolygonError(f"a polygon has {len(array)} points; at most {MOST_POINTS} are read")
    if not np.isfinite(array).all():
        raise PolygonError("a polygon has points that are not finite")
    # Far outside of the picture, outlines would take memory and change nothing in it.
    return np.clip(array, (-float(width), -float(height)), (2.0 * width, 2.0 * height))


def fill(points: Points, height: int, width: int) -> BoolArray:
    """The pixels of a polygon by COCO's rule, bool (height, width), as `pycocotools.mask.frPyObjects`.

    The outline is followed on a grid of fifths of a pixel. Wherever it crosses the centre of a column, the
    pixels below change side. Raises PolygonError for an outline that goes to and fro too often.
    """
    grid = np.trunc(_FINENESS * points + 0.5).astype(np.int64)
    ends = np.roll(grid, -1, axis=0)
    dx, dy = np.abs(ends[:, 0] - grid[:, 0]), np.abs(ends[:, 1] - grid[:, 1])
    is_flat = dx >= dy
    is_flipped = np.where(is_flat, grid[:, 0] > ends[:, 0], grid[:, 1] > ends[:, 1])
    start = np.where(is_flipped[:, None], ends, grid)
    stop = np.where(is_flipped[:, None], grid, ends)
    steps = np.maximum(dx, dy)
    if int(steps.sum()) > MOST_STEPS:
        raise PolygonError(f"the outline of a polygon is longer than {MOST_STEPS // _FINENESS} pixels")
    slope = np.where(is_flat, stop[:, 1] - start[:, 1], stop[:, 0] - start[:, 0]) / np.maximum(steps, 1)
    # One entry for each point of the grid that the outline passes.
    edge = np.repeat(np.arange(len(grid)), steps + 1)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    along = np.where(is_flipped[edge], steps[edge] - number, number)
    across = np.where(is_flat[edge], start[edge, 1], start[edge, 0]) + slope[edge] * along
    across = np.trunc(across + 0.5).astype(np.int64)
    along += np.where(is_flat[edge], start[edge, 0], start[edge, 1])
    u, v = np.where(is_flat[edge], along, across), np.where(is_flat[edge], across, along)
    moves = np.flatnonzero(u[1:] != u[:-1]) + 1
    x = np.where(u[moves] < u[moves - 1], u[moves], u[moves] - 1)
    y = np.minimum(v[moves], v[moves - 1])
    column = (x + 0.5) / _FINENESS - 0.5
    kept = (np.floor(column) == column) & (column >= 0) & (column <= width - 1)
    row = np.ceil(np.clip((y[kept] + 0.5) / _FINENESS - 0.5, 0, height))
    places = column[kept].astype(np.int64) * height + row.astype(np.int64)
    crossings = np.bincount(places, minlength=height * width + 1)[: height * width]
    inside = np.cumsum(crossings) % 2 == 1
    return np.ascontiguousarray(inside.reshape(width, height).T)


def outlines(pixels: BoolArray) -> list[list[Corner]]:
    """Closed outlines of true pixels along their edges, as corners (x, y); the pixel (0, 0) spans 0 to 1.

    Pixels that touch at a corner only are separate. Outlines of holes run the other way round: with the
    pixels at the right hand, `signed_area` of an outline is positive, and that of a hole negative.

    >>> outlines(np.array([[True, True]]))
    [[(0, 0), (2, 0), (2, 1), (0, 1)]]
    """
    padded = np.pad(pixels, 1).astype(np.int8)
    # An edge begins where a row of cracks between pixels begins, and ends where it ends. Along it, the
    # pixels are at the right hand.
    following: dict[Corner, list[Corner]] = {}
    for starts, ends, is_forward in _cracks(padded):
        for a, b in zip(starts, ends, strict=True):
            first, second = (a, b) if is_forward else (b, a)
            following.setdefault(first, []).append(second)
    found = []
    while following:
        first = min(following, key=lambda corner: (corner[1], corner[0]))
        path = [first]
        here = first
        before: Corner | None = None
        while True:
            ways = following[here]
            after = ways.pop(_right_turn(before, here, ways)) if before is not None else ways.pop(0)
            if not ways:
                del following[here]
            if after == first:
                break
            path.append(after)
            before, here = here, after
        found.append(path)
    return found


def signed_area(outline: Sequence[tuple[float, float]]) -> float:
    """Area inside an outline; negative if it runs against the clock, as seen with y downwards."""
    x, y = np.array(outline, float).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _cracks(
    padded: NDArray[np.int8],
) -> list[tuple[list[Corner], list[Corner], bool]]:
    """Straight runs of edges: above pixels to the right, below to the left, right down, left up."""
    result = []
    for axis in (0, 1):
        change = np.diff(padded, axis=axis)
        for sign in (1, -1):
            marks = (change == sign).T if axis == 1 else change == sign
            line = np.diff(np.pad(marks.astype(np.int8), ((0, 0), (1, 1))), axis=1)
            rows, begins = np.nonzero(line == 1)
            _, stops = np.nonzero(line == -1)
            # In padded cells, row r of marks is the crack between rows r and r + 1.
            fixed, lo, hi = rows.tolist(), (begins - 1).tolist(), (stops - 1).tolist()
            if axis == 0:
                starts, ends = list(zip(lo, fixed, strict=True)), list(zip(hi, fixed, strict=True))
                is_forward = sign == 1
            else:
                starts, ends = list(zip(fixed, lo, strict=True)), list(zip(fixed, hi, strict=True))
                is_forward = sign == -1
            result.append((starts, ends, is_forward))
    return result


def _right_turn(before: Corner, here: Corner, ways: Sequence[Corner]) -> int:
    """Which of the ways on turns most to the right, so that pixels that touch at a corner stay separate."""
    if len(ways) == 1:
        return 0
    heading = math.atan2(here[1] - before[1], here[0] - before[0])

    def turn(way: Corner) -> float:
        angle = math.atan2(way[1] - here[1], way[0] - here[0]) - heading
        return math.remainder(angle, 2 * math.pi)

    return max(range(len(ways)), key=lambda index: turn(ways[index]))

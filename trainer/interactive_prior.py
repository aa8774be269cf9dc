"""How far a correction reaches: the prior yields around a seed that contradicts it, and holds elsewhere.

A click is put into the middle of what is wrong. The distance from it to the nearest place that already has
its class is then about the size of the mistake: so far the click speaks, for cells of the label it
contradicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.interactive_seeds import Box, Seed, seed_points
from trainer.maps import ClassMaps

VOID = 255

_SHARPNESS = 6.0
"""Softmax of the maps at this slope: a map 0.3 above the background is six times as likely."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is thought of a picture before the seeds, on the cells of its graph.

    Attributes:
        labels: the L labels, ascending.
        shares_nl: float64 (n, L), summing to one.
        hard_hw: (h, w), position in `labels` of each cell's label in the mask.
    """

    labels: tuple[int, ...]
    shares_nl: NDArray[np.float64]
    hard_hw: NDArray[np.intp]


def mask_prior(mask: NDArray[np.uint8], labels: Sequence[int], size: tuple[int, int]) -> Prior:
    """The mask's shares of every cell of a grid of (h, w); a cell of void alone is open to every label."""
    planes = [
        cv2.resize((mask == label).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        for label in labels
    ]
    shares = np.stack(planes, axis=-1).reshape(-1, len(labels)).astype(np.float64)
    known = shares.sum(axis=1, keepdims=True)
    shares = np.where(known > 0, shares / np.maximum(known, 1e-9), 1.0 / len(labels))
    return Prior(tuple(labels), shares, shares.argmax(axis=1).reshape(size))


def with_evidence(prior: Prior, maps: ClassMaps, share: float, background: float) -> Prior:
    """Mix the maps that the mask was made from into its shares: cells the CAM was unsure of change sooner.

    Args:
        prior: of the mask.
        maps: CAMs, walked or not; classes that are no label of the prior are passed over.
        share: of the maps in [0, 1].
        background: value of a map at which background is as likely.
    """
    height, width = prior.hard_hw.shape
    value = np.full((height * width, len(prior.labels)), -np.inf)
    if 0 in prior.labels:
        value[:, prior.labels.index(0)] = background
    for index, plane in zip(maps.class_indices, maps.maps_khw, strict=True):
        if index in prior.labels:
            scaled = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
            value[:, prior.labels.index(index)] = scaled.ravel()
    if not np.isfinite(value).any():
        return prior
    likely = np.exp(_SHARPNESS * (value - value.max(axis=1, keepdims=True)))
    likely /= likely.sum(axis=1, keepdims=True)
    return Prior(prior.labels, (1.0 - share) * prior.shares_nl + share * likely, prior.hard_hw)


def yielding(
    prior: Prior,
    mask: NDArray[np.uint8],
    seeds: Sequence[Seed],
    *,
    reach: float,
    least_cells: float,
    most_cells: float,
) -> NDArray[np.float64]:
    """How much the prior yields in every cell: float64 (h, w), 0 holds, 1 is open.

    Around each place of a seed that contradicts the mask, cells of the contradicted label yield by
    exp(-d^2 / (2 (reach r)^2)), d the distance to it, r that from it to the nearest cell of the seed's own
    label, an earlier seed of it included. In a box everything yields.

    Args:
        prior: on the grid.
        mask: uint8 (H, W), the mask that is corrected.
        seeds: in the order they were set.
        reach: in units of r.
        least_cells, most_cells: limits of r, in cells.
    """
    height, width = prior.hard_hw.shape
    rows, columns = np.mgrid[:height, :width]
    holds = np.ones((height, width))
    earlier: dict[int, list[tuple[float, float]]] = {}
    distances: dict[int, NDArray[np.float32]] = {}
    for seed in seeds:
        places = earlier.setdefault(seed.label, [])
        if isinstance(seed, Box):
            holds[_cells_inside(seed, mask.shape, (height, width))] = 0.0
            continue
        points = seed_points(seed)
        for y, x in points:
            contradicted = int(mask[y, x])
            if contradicted == seed.label:
                continue
            row, column = y * height / mask.shape[0], x * width / mask.shape[1]
            if seed.label not in distances:
                distances[seed.label] = _distance_to(prior, seed.label)
            near = [float(distances[seed.label][int(row), int(column)])]
            near += [float(np.hypot(row - other[0], column - other[1])) for other in places]
            radius = reach * float(np.clip(min(near), least_cells, most_cells))
            opens = np.exp(
                -(np.square(rows - int(row)) + np.square(columns - int(column))) / (2.0 * radius**2)
            )
            if contradicted in prior.labels:
                opens = opens * (prior.hard_hw == prior.labels.index(contradicted))
            holds *= 1.0 - opens
        places += [(y * height / mask.shape[0], x * width / mask.shape[1]) for y, x in points]
    return 1.0 - holds


def _cells_inside(box: Box, image_size: tuple[int, ...], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the cells that a box touches."""
    top, left = box.top * size[0] // image_size[0], box.left * size[1] // image_size[1]
    bottom, right = (box.bottom - 1) * size[0] // image_size[0], (box.right - 1) * size[1] // image_size[1]
    return slice(top, bottom + 1), slice(left, right + 1)


def _distance_to(prior: Prior, label: int) -> NDArray[np.float32]:
    """Distance in cells from every cell to the nearest of a label; beyond the grid where there is none."""
    is_label = prior.hard_hw == prior.labels.index(label) if label in prior.labels else prior.hard_hw < 0
    if not is_label.any():
        return np.full(is_label.shape, float(sum(is_label.shape)), dtype=np.float32)
    return np.asarray(cv2.distanceTransform((~is_label).astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)

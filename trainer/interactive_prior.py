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

_NOWHERE = -1
"""Position of void among the labels."""

_MOST_PLACES = 32
"""Of a scribble that are looked at; a pen draws hundreds of points, which lie close together."""

_SHARPNESS = 6.0
"""Softmax of the maps at this slope: a map 0.3 above the background is six times as likely."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is thought of a picture before the seeds, on the cells of its graph.

    Attributes:
        labels: the L labels, ascending.
        shares_nl: float64 (n, L), summing to one.
        hard_hw: (h, w), position in `labels` of each cell's label in the mask; -1 for void.
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
    hard = np.where(known[:, 0] > 0, shares.argmax(axis=1), _NOWHERE)
    return Prior(tuple(labels), shares, hard.reshape(size))


def doubted(prior: Prior, share_hw: NDArray[np.float64]) -> Prior:
    """Give a share (h, w) in [0, 1] of what is thought of each cell to all labels alike."""
    share = share_hw.reshape(-1, 1)
    return Prior(
        prior.labels, (1.0 - share) * prior.shares_nl + share / max(1, len(prior.labels)), prior.hard_hw
    )


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


@dataclass(frozen=True)
class ReachConfig:
    """Constants of `reach_of`.

    Attributes:
        hold: pull of the prior where nothing contradicts it.
        open_pull: pull where it yields wholly, at most.
        area_pull: the same times r^2: a large mistake has as little to set against a click as a small one.
        reach: width of the opening in units of r.
        least_cells, most_cells: limits of r.
    """

    hold: float
    open_pull: float
    area_pull: float
    reach: float
    least_cells: float
    most_cells: float


@dataclass(frozen=True, eq=False)
class Reach:
    """What seeds do to the prior.

    Attributes:
        opens_hw: float64 (h, w), how much it yields: 0 holds, 1 is open.
        pull_hw: float64 (h, w), how strongly it still pulls.
    """

    opens_hw: NDArray[np.float64]
    pull_hw: NDArray[np.float64]


def reach_of(prior: Prior, mask: NDArray[np.uint8], seeds: Sequence[Seed], config: ReachConfig) -> Reach:
    """How far the seeds open the prior.

    Around each place of a seed that contradicts the mask, the connected cells of the contradicted label yield
    by exp(-d^2 / (2 (reach r)^2)), d the distance to it, r that from it to the nearest cell of the seed's own
    label, an earlier seed of it included. In a box everything yields.

    Args:
        prior: on the grid.
        mask: uint8 (H, W), the mask that is corrected.
        seeds: in the order they were set.
        config: constants.
    """
    height, width = prior.hard_hw.shape
    rows, columns = np.mgrid[:height, :width]
    holds, pull = np.ones((height, width)), np.full((height, width), config.hold)
    earlier: dict[int, list[tuple[float, float]]] = {}
    distances: dict[int, NDArray[np.float32]] = {}
    for seed in seeds:
        places = earlier.setdefault(seed.label, [])
        if isinstance(seed, Box):
            holds[_cells_inside(seed, mask.shape, (height, width))] = 0.0
            continue
        points = seed_points(seed)
        points = points[:: 1 + len(points) // _MOST_PLACES]
        for y, x in points:
            contradicted = int(mask[y, x])
            if contradicted == seed.label:
                continue
            row, column = y * height / mask.shape[0], x * width / mask.shape[1]
            if seed.label not in distances:
                distances[seed.label] = _distance_to(prior, seed.label)
            near = [float(distances[seed.label][int(row), int(column)])]
            near += [float(np.hypot(row - other[0], column - other[1])) for other in places]
            radius = float(np.clip(min(near), config.least_cells, config.most_cells))
            squared = np.square(rows - int(row)) + np.square(columns - int(column))
            opens = np.exp(-squared / (2.0 * (config.reach * radius) ** 2))
            position = _NOWHERE if contradicted == VOID else prior.labels.index(contradicted)
            opens = opens * _connected(prior.hard_hw == position, int(row), int(column))
            holds *= 1.0 - opens
            open_pull = min(config.hold, config.open_pull, config.area_pull / radius**2)
            np.minimum(pull, config.hold + (open_pull - config.hold) * opens, out=pull)
        places += [(y * height / mask.shape[0], x * width / mask.shape[1]) for y, x in points]
    return Reach(1.0 - holds, pull)


def _connected(cells_hw: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """Those of the cells that hang together with the one at (row, column), or with a neighbour of it.

    A click beside an outline may lie in a cell that is mostly of another label.
    """
    _, areas = cv2.connectedComponents(cells_hw.astype(np.uint8), connectivity=8)
    around = areas[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return np.isin(areas, np.unique(around[around > 0]))


def _cells_inside(box: Box, image_size: tuple[int, ...], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the cells that a box touches."""
    top, left = box.top * size[0] // image_size[0], box.left * size[1] // image_size[1]
    bottom, right = (box.bottom - 1) * size[0] // image_size[0], (box.right - 1) * size[1] // image_size[1]
    return slice(top, bottom + 1), slice(left, right + 1)


def _distance_to(prior: Prior, label: int) -> NDArray[np.float32]:
    """Distance in cells from every cell to the nearest of a label; beyond the grid where there is none."""
    is_label = prior.hard_hw == prior.labels.index(label)
    if not is_label.any():
        return np.full(is_label.shape, float(sum(is_label.shape)), dtype=np.float32)
    return np.asarray(cv2.distanceTransform((~is_label).astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)

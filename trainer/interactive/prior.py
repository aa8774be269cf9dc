"""How far a correction reaches: the prior yields around a seed that contradicts it, and holds elsewhere.

A click is put into the middle of what is wrong. The distance from it to the nearest place that already has
its class is then about the size of the mistake: so far the click speaks, for cells of the label it
contradicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.interactive.seeds import Box, Seed, seed_points
from trainer.run.map_storage import ClassMaps

VOID = 255

_NOWHERE = -1
"""Position of void among the labels."""

_MOST_PLACES = 32
"""Of a scribble that are looked at; a pen draws hundreds of points, which lie close together."""

_REGION_SHARE = 0.8
"""Share of a region's label in the prior there: what the picture shows may be wrong."""

_SHARPNESS = 3.0
"""Softmax of the maps at this slope: a map 0.3 above the background is two and a half times as likely."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is thought of a picture before the seeds, on the cells of its graph.

    Attributes:
        labels: the L labels, ascending; background is always among them.
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


def evidence_shares(prior: Prior, maps: ClassMaps, background: float) -> NDArray[np.float64] | None:
    """What the maps that the mask was made from say of every cell, as shares (n, L) that sum to one.

    Args:
        prior: of the mask.
        maps: CAMs, walked or not; classes that are no label of the prior are passed over.
        background: value of a map at which background is as likely.

    Returns:
        None where the maps say nothing of any label.
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
        return None
    likely = np.exp(_SHARPNESS * (value - value.max(axis=1, keepdims=True)))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def with_evidence(prior: Prior, likely_nl: NDArray[np.float64], share: float) -> Prior:
    """Mix in a share in [0, 1] of `evidence_shares`: cells that the CAM was unsure of change sooner."""
    return Prior(prior.labels, (1.0 - share) * prior.shares_nl + share * likely_nl, prior.hard_hw)


def contested(prior: Prior, likely_nl: NDArray[np.float64], below: float) -> NDArray[np.bool_]:
    """bool (h, w): cells whose label in the mask the evidence believes less than this; void has none."""
    by_cell = likely_nl.reshape(*prior.hard_hw.shape, -1)
    own = np.take_along_axis(by_cell, np.maximum(prior.hard_hw, 0)[:, :, None], axis=-1)[:, :, 0]
    return np.asarray((own < below) & (prior.hard_hw >= 0))


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
        opens_lhw: float64 (L, h, w), how much it yields to each label: 0 holds, 1 is open.
        pull_hw: float64 (h, w), how strongly it still pulls.
        regions_hw: (h, w), position of the label that regions found by seeds speak for; -1 elsewhere.
    """

    opens_lhw: NDArray[np.float64]
    pull_hw: NDArray[np.float64]
    regions_hw: NDArray[np.intp]

    @property
    def opens_hw(self) -> NDArray[np.float64]:
        """float64 (h, w), how much the prior yields to any label."""
        return np.asarray(self.opens_lhw.max(axis=0))


def reach_of(
    prior: Prior,
    mask: NDArray[np.uint8],
    seeds: Sequence[Seed],
    config: ReachConfig,
    region_around: Callable[[int, int], NDArray[np.bool_]] | None,
) -> Reach:
    """How far the seeds open the prior.

    Around each place of a seed that contradicts the mask, the connected cells of the contradicted label yield
    by exp(-d^2 / (2 (reach r)^2)), d the distance to it, r that from it to the nearest cell of the seed's own
    label, an earlier seed of it included. Where there is none, nothing tells the size of the mistake: the
    seed then speaks for the region that the picture itself shows around it. In a box everything yields.

    Args:
        prior: on the grid.
        mask: uint8 (H, W), the mask that is corrected.
        seeds: in the order they were set.
        config: constants.
        region_around: of a (row, column) of the grid, see `trainer.interactive.region`; None lets such a
            seed reach as far as any can.
    """
    height, width = prior.hard_hw.shape
    rows, columns = np.mgrid[:height, :width]
    holds = np.ones((len(prior.labels), height, width))
    pull = np.full((height, width), config.hold)
    hard, regions = prior.hard_hw.copy(), np.full((height, width), _NOWHERE)
    earlier: dict[int, list[tuple[float, float]]] = {}
    distances: dict[int, NDArray[np.float32]] = {}
    for seed in seeds:
        places = earlier.setdefault(seed.label, [])
        own = prior.labels.index(seed.label)
        if isinstance(seed, Box):
            holds[(slice(None), *_cells_inside(seed, mask.shape, (height, width)))] = 0.0
            continue
        points = seed_points(seed)
        points = points[:: 1 + len(points) // _MOST_PLACES]
        for y, x in points:
            row, column = y * height / mask.shape[0], x * width / mask.shape[1]
            cell = (int(row), int(column))
            is_found = hard[cell] != prior.hard_hw[cell]
            contradicted = prior.labels[hard[cell]] if is_found else int(mask[y, x])
            if contradicted == seed.label:
                continue
            position = _NOWHERE if contradicted == VOID else prior.labels.index(contradicted)
            same = _connected(hard == position, *cell)
            if region_around is not None and not places and not (hard == own).any():
                region = region_around(*cell) & same
                if contradicted == VOID:  # nothing holds there, so that all would follow the region
                    regions[_grown(region, 4) & same] = prior.labels.index(0)
                hard[region] = regions[region] = own
                opens = _grown(region, 1).astype(np.float64)
                distances.clear()
            else:
                if seed.label not in distances:
                    distances[seed.label] = _distance_to(hard == own)
                near = [float(distances[seed.label][cell])]
                near += [float(np.hypot(row - other[0], column - other[1])) for other in places]
                radius = float(np.clip(min(near), config.least_cells, config.most_cells))
                squared = np.square(rows - int(row)) + np.square(columns - int(column))
                opens = np.exp(-squared / (2.0 * (config.reach * radius) ** 2)) * same
                open_pull = min(config.hold, config.open_pull, config.area_pull / radius**2)
                np.minimum(pull, config.hold + (open_pull - config.hold) * opens, out=pull)
            holds[own] *= 1.0 - opens
        places += [(y * height / mask.shape[0], x * width / mask.shape[1]) for y, x in points]
    return Reach(1.0 - holds, pull, regions)


def with_regions(prior: Prior, regions_hw: NDArray[np.intp]) -> Prior:
    """Believe that regions which seeds found are of the seeds' labels, more than what the mask says."""
    shares, found = prior.shares_nl.copy(), regions_hw.ravel()
    inside = np.flatnonzero(found >= 0)
    shares[inside] *= 1.0 - _REGION_SHARE
    shares[inside, found[inside]] += _REGION_SHARE
    return Prior(prior.labels, shares, prior.hard_hw)


def _grown(cells_hw: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Cells and those so many cells around them."""
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(cells_hw.astype(np.uint8), kernel) > 0)


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


def _distance_to(is_label_hw: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance in cells from every cell to the nearest of a label; beyond the grid where there is none."""
    if not is_label_hw.any():
        return np.full(is_label_hw.shape, float(sum(is_label_hw.shape)), dtype=np.float32)
    distance = cv2.distanceTransform((~is_label_hw).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance, dtype=np.float32)

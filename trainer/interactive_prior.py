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

from trainer.interactive_seeds import Box, Click, Scribble, Seed, seed_points
from trainer.maps import ClassMaps

VOID = 255

_NOWHERE = -1
"""Position of void among the labels."""

_MOST_PLACES = 32
"""Of a scribble that are looked at; a pen draws hundreds of points, which lie close together."""

_REGION_SHARE = 0.8
"""Share of a region's label in the prior there: what the picture shows may be wrong."""

_SHARPNESS = 6.0
"""Softmax of the maps at this slope: a map 0.3 above the background is six times as likely."""


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


def contested(prior: Prior, likely_nl: NDArray[np.float64]) -> NDArray[np.bool_]:
    """bool (h, w): cells whose label in the mask the evidence believes less than by half; void has none."""
    by_cell = likely_nl.reshape(*prior.hard_hw.shape, -1)
    own = np.take_along_axis(by_cell, np.maximum(prior.hard_hw, 0)[:, :, None], axis=-1)[:, :, 0]
    return np.asarray((own < 0.5) & (prior.hard_hw >= 0))


@dataclass(frozen=True)
class ReachConfig:
    """Constants of `opening_of`.

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
class Opening:
    """Where one seed lets the prior yield.

    Attributes:
        label: of the seed.
        opens_hw: float32 (h, w), how much the prior yields to the label: 0 holds, 1 is open.
        pull_hw: float32 (h, w), how strongly it still pulls at most.
        region_hw: bool (h, w), the region that the seed speaks for, where it found one.
        void_hw: bool (h, w), void around that region, which then is background.
    """

    label: int
    opens_hw: NDArray[np.float32]
    pull_hw: NDArray[np.float32]
    region_hw: NDArray[np.bool_] | None = None
    void_hw: NDArray[np.bool_] | None = None


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


def opening_of(
    seed: Seed,
    earlier: Sequence[Seed],
    shown: NDArray[np.uint8],
    size: tuple[int, int],
    config: ReachConfig,
    region_around: Callable[[int, int], NDArray[np.bool_]] | None,
) -> Opening | None:
    """How far a seed opens the prior: as far as what it was set to put right.

    Around each place of a seed that contradicts the mask that was shown, the connected cells of the
    contradicted label yield by exp(-d^2 / (2 (reach r)^2)), d the distance to it, r that from it to the
    nearest cell of the seed's own label, an earlier seed of it included. Where there is none, nothing tells
    the size of the mistake: the seed then speaks for the region that the picture itself shows around it. In a
    box everything yields.

    Args:
        seed: the seed.
        earlier: those set before it.
        shown: uint8 (H, W), the mask with those, in which the seed was set.
        size: (h, w) of the grid.
        config: constants.
        region_around: of a (row, column) of the grid, see `trainer.interactive_region`; None lets such a
            seed reach as far as any can.

    Returns:
        None where the seed agrees with the mask.
    """
    opens, pull = np.zeros(size, np.float32), np.full(size, config.hold, np.float32)
    if isinstance(seed, Box):
        opens[_cells_inside(seed, shown.shape, size)] = 1.0
        return Opening(seed.label, opens, pull)
    scale = (size[0] / shown.shape[0], size[1] / shown.shape[1])
    points = _places(seed)
    wrong = [(y, x) for y, x in points if shown[y, x] != seed.label]
    if not wrong:
        return None
    hard = _hard_labels(shown, size)
    own = hard == seed.label
    others = [
        (y * scale[0], x * scale[1])
        for one in earlier
        if not isinstance(one, Box) and one.label == seed.label
        for y, x in _places(one)
    ]
    if region_around is not None and not others and not own.any():
        region, void = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
        for y, x in wrong:
            cell = (int(y * scale[0]), int(x * scale[1]))
            same = _connected(hard == _cell_label(shown[y, x]), *cell)
            found = region_around(*cell) & same
            region |= found
            if shown[y, x] == VOID:  # nothing holds there, so that all would follow the region
                void |= _grown(found, 4) & same
        return Opening(seed.label, _grown(region, 1).astype(np.float32), pull, region, void & ~region)
    distance = _distance_to(own)
    rows, columns = np.mgrid[: size[0], : size[1]]
    for y, x in wrong:
        row, column = y * scale[0], x * scale[1]
        cell = (int(row), int(column))
        near = [float(distance[cell])] + [float(np.hypot(row - r, column - c)) for r, c in others]
        radius = float(np.clip(min(near), config.least_cells, config.most_cells))
        squared = np.square(rows - cell[0]) + np.square(columns - cell[1])
        reached = np.exp(-squared / (2.0 * (config.reach * radius) ** 2)).astype(np.float32)
        reached *= _connected(hard == _cell_label(shown[y, x]), *cell)
        open_pull = min(config.hold, config.open_pull, config.area_pull / radius**2)
        np.minimum(pull, config.hold + (open_pull - config.hold) * reached, out=pull)
        opens = 1.0 - (1.0 - opens) * (1.0 - reached)
    return Opening(seed.label, opens, pull)


def reach_of(prior: Prior, openings: Sequence[Opening], hold: float) -> Reach:
    """What the openings of all seeds, in the order they were set, do to the prior together.

    Args:
        prior: on the grid; the labels of the openings are among its own.
        openings: of the seeds that contradicted what was shown.
        hold: pull where nothing opens.
    """
    size = prior.hard_hw.shape
    holds, pull = np.ones((len(prior.labels), *size)), np.full(size, hold)
    regions = np.full(size, _NOWHERE)
    for opening in openings:
        own = prior.labels.index(opening.label)
        holds[own] *= 1.0 - opening.opens_hw
        np.minimum(pull, opening.pull_hw, out=pull)
        if opening.void_hw is not None:
            regions[opening.void_hw] = prior.labels.index(0)
        if opening.region_hw is not None:
            regions[opening.region_hw] = own
    return Reach(1.0 - holds, pull, regions)


def _places(seed: Click | Scribble) -> list[tuple[int, int]]:
    points = seed_points(seed)
    return points[:: 1 + len(points) // _MOST_PLACES]


def _hard_labels(shown: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.intp]:
    """(h, w), the label of each cell in a mask; -1 for void."""
    # Sixteen pixels a cell tell its label, however many a large picture has.
    small = np.asarray(
        cv2.resize(shown, (4 * size[1], 4 * size[0]), interpolation=cv2.INTER_NEAREST), dtype=np.uint8
    )
    labels = [label for label in np.unique(small).tolist() if label != VOID]
    if not labels:
        return np.full(size, _NOWHERE)
    hard = mask_prior(small, labels, size).hard_hw
    return np.where(hard == _NOWHERE, _NOWHERE, np.array(labels)[hard])


def _cell_label(label: np.uint8) -> int:
    return _NOWHERE if label == VOID else int(label)


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

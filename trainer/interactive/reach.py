"""How far each seed may change the mask: the prior opens around a seed that contradicts it.

People click into the middle of a mistake. The distance from the click to the nearest cell that already has
its label is therefore about the size of the mistake, and the prior opens as far, in cells of the label that
the click contradicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.data.class_list import VOID
from trainer.interactive.prior import NO_LABEL, Prior
from trainer.interactive.seeds import Box, Click, Scribble, Seed, seed_points

RegionAround = Callable[[int, int], NDArray[np.bool_]]
"""The region around the cell at (row, column), bool (h, w); see `trainer.interactive.region`."""

_MOST_POINTS = 32
"""Points of a scribble that are used: a pen draws hundreds of them, close together."""

_GROWTH_CELLS = 1
"""The prior opens so far beyond a region, so that its outline can settle."""

_VOID_RING_CELLS = 4
"""Width of the ring around a region in void that is taken for background."""


class ReachConfig(BaseModel):
    """How far seeds open the prior, and how much weight it keeps.

    The *radius* of a seed is its distance to the nearest cell that already has its label. Weights are those
    of the prior in the random walk, where edges between cells that look alike have the weight 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prior_weight: float = Field(
        default=0.015, gt=0, description="Weight of the prior where no seed contradicts it."
    )
    open_weight: float = Field(
        default=1e-3, gt=0, description="Upper limit of the prior's weight where it is fully open."
    )
    open_weight_by_area: float = Field(
        default=0.15,
        gt=0,
        description="A second upper limit, divided by the square of the radius in cells: the weight sums up "
        "over the area, and a large mistake should not take more clicks than a small one.",
    )
    width_in_radii: float = Field(
        default=4.0, gt=0, description="Standard deviation of the opening around a seed, in radii."
    )
    min_radius_cells: float = Field(default=2.0, gt=0, description="Lower limit of the radius, in cells.")
    max_radius_cells: float = Field(default=30.0, gt=0, description="Upper limit of the radius, in cells.")


@dataclass(frozen=True, eq=False)
class Reach:
    """How far the seeds open the prior.

    Attributes:
        openness_lhw: float64 (L, h, w) in [0, 1] by label: 0 where cells must not change to it because of a
            seed, 1 where the prior is fully open to it.
        weight_hw: float64 (h, w), weight that the prior keeps.
        regions_hw: (h, w), position of the label whose region a seed has found there, `NO_LABEL` elsewhere.
    """

    openness_lhw: NDArray[np.float64]
    weight_hw: NDArray[np.float64]
    regions_hw: NDArray[np.intp]

    @property
    def openness_hw(self) -> NDArray[np.float64]:
        """float64 (h, w), how open the prior is to any label."""
        return np.asarray(self.openness_lhw.max(axis=0))


def reach_of(
    prior: Prior,
    mask: NDArray[np.uint8],
    seeds: Sequence[Seed],
    config: ReachConfig,
    region_around: RegionAround | None,
) -> Reach:
    """Open the prior around seeds that contradict the mask, seed by seed.

    Clicks and scribbles open the cells of the label that they contradict, as far as these are connected:
    by exp(-d^2 / (2 (width_in_radii r)^2)), d the distance to the seed and r its radius, see `ReachConfig`.
    A seed whose label is nowhere yet has no radius. It opens the region that the picture itself shows around
    it. Boxes open all of their cells, to every label.

    Args:
        prior: of the mask alone.
        mask: uint8 (H, W), the mask that is corrected.
        seeds: in the order in which they were set.
        config: constants.
        region_around: finds regions; None gives seeds of a new label the largest radius instead.
    """
    opening = _Opening(prior, mask, config, region_around)
    for seed in seeds:
        if isinstance(seed, Box):
            opening.open_box(seed)
        else:
            opening.open_around(seed)
    return opening.reach()


@dataclass(frozen=True)
class _Place:
    """A point of a seed on the grid, in cells; `cell` is the one that holds it."""

    row: float
    column: float

    @property
    def cell(self) -> tuple[int, int]:
        return int(self.row), int(self.column)


class _Opening:
    """The prior as the seeds so far have opened it."""

    def __init__(
        self,
        prior: Prior,
        mask: NDArray[np.uint8],
        config: ReachConfig,
        region_around: RegionAround | None,
    ) -> None:
        self._prior, self._mask, self._config = prior, mask, config
        self._region_around = region_around
        self._size = (prior.mask_hw.shape[0], prior.mask_hw.shape[1])
        self._rows, self._columns = np.mgrid[: self._size[0], : self._size[1]]
        self._closed_lhw = np.ones((len(prior.labels), *self._size))
        self._weight_hw = np.full(self._size, config.prior_weight)
        self._labels_hw = prior.mask_hw.copy()  # of the mask, with the regions found so far
        self._regions_hw = np.full(self._size, NO_LABEL)
        self._seeded: dict[int, list[_Place]] = {}  # places of earlier seeds, by position of the label
        self._distances: dict[int, NDArray[np.float32]] = {}  # to the nearest cell, by position of the label

    def open_box(self, box: Box) -> None:
        rows, columns = _cells_inside(box, self._mask.shape, self._size)
        self._closed_lhw[:, rows, columns] = 0.0

    def open_around(self, seed: Click | Scribble) -> None:
        position = self._prior.labels.index(seed.label)
        points = seed_points(seed)
        points = points[:: 1 + len(points) // _MOST_POINTS]
        places = [self._place(y, x) for y, x in points]
        for (y, x), place in zip(points, places, strict=True):
            contradicted = self._position_at(y, x, place)
            if contradicted == position:
                continue
            connected_hw = _connected(self._labels_hw == contradicted, *place.cell)
            if self._region_around is not None and self._is_new(position):
                region_hw = self._region_around(*place.cell) & connected_hw
                openness_hw = self._open_region(region_hw, position)
                if contradicted == NO_LABEL:
                    self._bound_region(region_hw, connected_hw)
            else:
                openness_hw = self._open_disc(place, position, connected_hw)
            self._closed_lhw[position] *= 1.0 - openness_hw
        # Points of one seed do not measure each other's radius.
        self._seeded.setdefault(position, []).extend(places)

    def reach(self) -> Reach:
        return Reach(1.0 - self._closed_lhw, self._weight_hw, self._regions_hw)

    def _open_region(self, region_hw: NDArray[np.bool_], position: int) -> NDArray[np.float64]:
        """Give a region to a label that is nowhere yet; returns how open its cells are, (h, w)."""
        self._labels_hw[region_hw] = self._regions_hw[region_hw] = position
        self._distances.clear()
        return _grown(region_hw, _GROWTH_CELLS).astype(np.float64)

    def _bound_region(self, region_hw: NDArray[np.bool_], void_hw: NDArray[np.bool_]) -> None:
        """Take the void around a region for background: nothing else would bound the region there."""
        ring_hw = _grown(region_hw, _VOID_RING_CELLS) & void_hw & ~region_hw
        self._regions_hw[ring_hw] = self._prior.labels.index(0)

    def _open_disc(
        self, place: _Place, position: int, connected_hw: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Lower the prior's weight around a place; returns how open the cells are, (h, w)."""
        config, (row, column) = self._config, place.cell
        radius = self._radius(place, position)
        squared = np.square(self._rows - row) + np.square(self._columns - column)
        openness_hw = np.exp(-squared / (2.0 * (config.width_in_radii * radius) ** 2)) * connected_hw
        open_weight = min(config.prior_weight, config.open_weight, config.open_weight_by_area / radius**2)
        weight_hw = config.prior_weight + (open_weight - config.prior_weight) * openness_hw
        np.minimum(self._weight_hw, weight_hw, out=self._weight_hw)
        return np.asarray(openness_hw)

    def _radius(self, place: _Place, position: int) -> float:
        """Distance in cells to the nearest cell or earlier seed of a label, within the limits."""
        if position not in self._distances:
            self._distances[position] = _distance_to(self._labels_hw == position)
        distances = [float(self._distances[position][place.cell])]
        for other in self._seeded.get(position, ()):
            distances.append(float(np.hypot(place.row - other.row, place.column - other.column)))
        return float(np.clip(min(distances), self._config.min_radius_cells, self._config.max_radius_cells))

    def _is_new(self, position: int) -> bool:
        """Whether no cell and no earlier seed has a label."""
        return not self._seeded.get(position) and not (self._labels_hw == position).any()

    def _position_at(self, y: int, x: int, place: _Place) -> int:
        """Position of the label at a pixel, of a region found there or else of the mask."""
        of_cell = int(self._labels_hw[place.cell])
        if of_cell != self._prior.mask_hw[place.cell]:
            return of_cell
        label = int(self._mask[y, x])
        return NO_LABEL if label == VOID else self._prior.labels.index(label)

    def _place(self, y: int, x: int) -> _Place:
        (height, width), (rows, columns) = self._mask.shape, self._size
        return _Place(y * rows / height, x * columns / width)


def _grown(cells_hw: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """The cells, and all others at most so many cells away."""
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(cells_hw.astype(np.uint8), kernel) > 0)


def _connected(cells_hw: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """Those of the cells that are connected with the one at (row, column) or with one of its neighbours.

    The neighbours count because a click near an outline may lie in a cell that is mostly of another label.
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

"""Right a mask in a few clicks: set a picture once, then refine its mask with seeds as often as needed.

A random walker with the mask as prior (Grady, CVPR 2005) on a graph of the picture, whose prior yields around
seeds that contradict it, then the dense CRF. docs/interactive.md explains it,
docs/research-log.md records what was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.data.transforms import RgbImage
from trainer.interactive.cells import box_weight, settled_cells
from trainer.interactive.graph import PictureGraph, build_graph
from trainer.interactive.learning import PictureClassifier
from trainer.interactive.prior import (
    VOID,
    Prior,
    ReachConfig,
    contested,
    doubted,
    evidence_shares,
    mask_prior,
    reach_of,
    with_evidence,
    with_regions,
)
from trainer.interactive.region import region_around
from trainer.interactive.seeds import UNSEEDED, Box, Click, Seed, check_seeds, draw_seeds
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.run.map_storage import ClassMaps

ENGINE = "walker-yield-4"
"""Name to store beside seeds: an engine of the same name makes the same mask from them."""

_CLAMP = 1e3
"""Pull of a cell that a seed settles, against at most 8 of its neighbours."""

Features = Callable[[RgbImage], NDArray[np.float32]]


class InteractiveConfig(BaseModel):
    """Constants of the engine, found on pictures of a training split; see docs/research-log.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_side: int = Field(
        default=512, ge=64, description="Longer side in pixels at which the graph is made, at most."
    )
    colour_weight: float = Field(default=0.02, ge=0, description="Of squared differences in CIELAB.")
    feature_weight: float = Field(default=3.0, ge=0, description="Of squared differences of the features.")
    hold: float = Field(default=0.015, gt=0, description="Pull of the prior where no seed contradicts it.")
    open_pull: float = Field(
        default=1e-3, gt=0, description="Pull of the prior where it yields wholly, at most."
    )
    area_pull: float = Field(
        default=0.15,
        gt=0,
        description="The same times the square of the distance that `reach` is counted in.",
    )
    doubt: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the mask in the prior that goes to all labels alike where it yields wholly.",
    )
    reach: float = Field(
        default=4.0, gt=0, description="Reach of a seed, in distances to the nearest cell of its class."
    )
    least_reach_cells: float = Field(default=2.0, gt=0, description="Least such distance, in cells.")
    most_reach_cells: float = Field(default=30.0, gt=0, description="Greatest such distance, in cells.")
    evidence_share: float = Field(
        default=0.5, ge=0, le=1, description="Share of the class maps in the prior, where they are given."
    )
    evidence_background: float = Field(
        default=0.45, ge=0, le=1, description="Value of a class map at which background is as likely."
    )
    contested_below: float = Field(
        default=0.65,
        ge=0,
        le=1,
        description="The evidence contradicts the mask where it believes its label less than this.",
    )
    learned_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share in the prior of what the picture's features say of a first walk.",
    )
    keeps_prior: bool = Field(
        default=True,
        description="Change pixels to the labels alone whose seeds reach them, and where the evidence "
        "contradicts the mask.",
    )
    finds_regions: bool = Field(
        default=True,
        description="A seed of a class that is nowhere yet speaks for what hangs together around it.",
    )
    crf_iterations: int = Field(default=3, ge=0, le=50, description="Of the dense CRF; 0 leaves it out.")

    def reach_config(self) -> ReachConfig:
        """The constants of `trainer.interactive.prior.reach_of`."""
        return ReachConfig(
            self.hold,
            self.open_pull,
            self.area_pull,
            self.reach,
            self.least_reach_cells,
            self.most_reach_cells,
        )


class InteractiveSegmenter:
    """Corrects masks of one picture at a time; not for several threads at once.

    Example:
        >>> segmenter = InteractiveSegmenter(features)
        >>> segmenter.set_image(image_rgb)
        >>> mask = segmenter.refine(mask, [Click(120, 80, label=12), Click(40, 300, label=0)])
    """

    def __init__(self, features: Features | None = None, config: InteractiveConfig | None = None) -> None:
        """Args:
        features: float32 (C, h, w) of a picture, see `trainer.interactive.features`; None goes by
            colour alone.
        config: defaults when None.
        """
        self._features = features
        self._config = config or InteractiveConfig()
        self._image: RgbImage | None = None
        self._graph: PictureGraph | None = None
        self._classifier: PictureClassifier | None = None
        self._last_mask: NDArray[np.uint8] | None = None
        self._mask_labels = frozenset[int]()
        self._thoughts: dict[tuple[int, ...], Prior] = {}
        self._crfs: dict[int, ImageCrf] = {}
        self._regions: dict[tuple[int, int], NDArray[np.bool_]] = {}

    def set_image(self, image_rgb: RgbImage, edges_hw: NDArray[np.float32] | None = None) -> None:
        """Compute what depends on the picture alone: a fraction of a second, best done ahead.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            edges_hw: float32 (h, w) in [0, 1] of AffinityNet (`trainer.models.edges`), where a run has them.

        Raises:
            ValueError: the picture is no uint8 RGB array.
        """
        features = None if self._features is None else self._features(image_rgb)
        self._graph = build_graph(
            image_rgb,
            features,
            edges_hw,
            max_side=self._config.max_side,
            colour_weight=self._config.colour_weight,
            feature_weight=self._config.feature_weight,
        )
        self._classifier = None
        if features is not None and self._config.learned_share > 0:
            self._classifier = PictureClassifier(image_rgb, features)
        self._image = image_rgb
        self._last_mask = None
        self._crfs = {}
        self._regions = {}

    def refine(
        self,
        prior: NDArray[np.uint8],
        seeds: Sequence[Seed],
        *,
        evidence: ClassMaps | None = None,
        locked: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        """The mask with the seeds taken into account. Equal arguments give equal masks.

        Give all seeds of the correction each time, with the mask as it was before the first of them: taking
        one away is then as simple as setting one.

        Args:
            prior: uint8 (H, W): 0 background, 1 .. 254 classes, 255 void.
            seeds: in the order they were set; they may name classes that the prior does not hold.
            evidence: the maps that the prior was made from, where it is still a proposal.
            locked: bool (H, W), pixels that keep the prior's value whatever the seeds say. They bound what
                seeds reach, and pull nothing elsewhere.

        Returns:
            uint8 (H, W). Every click and scribble holds, but for locked pixels. Around a seed that
            contradicts the prior, pixels may become of the seed's label, and of no other. Where the evidence
            contradicts the prior they may become any; all others are those of the prior.

        Raises:
            ValueError: there is no picture yet, a size is not the picture's, or a seed lies outside.
        """
        graph, image = self._graph, self._image
        if graph is None or image is None:
            raise ValueError("A picture must be set with set_image before its mask can be refined.")
        _check_size("mask", prior.shape, graph.image_size)
        if locked is not None:
            _check_size("locked area", locked.shape, graph.image_size)
        check_seeds(seeds, graph.image_size)
        if not seeds:
            return prior.copy()
        thought = self._thought(graph, prior, seeds)
        labels = thought.labels
        regions = self._region_around if self._config.finds_regions else None
        reach = reach_of(thought, prior, seeds, self._config.reach_config(), regions)
        is_open = reach.opens_lhw >= _LEAST_OPEN
        share = self._config.evidence_share
        likely = (
            None
            if evidence is None or share == 0
            else evidence_shares(thought, evidence, self._config.evidence_background)
        )
        believed = doubted(thought, self._config.doubt * reach.opens_hw)
        is_contested = np.zeros(graph.grid_size, dtype=bool)
        if likely is not None:
            is_contested = contested(thought, likely, self._config.contested_below)
            believed = with_evidence(believed, likely, share)
        believed = with_regions(believed, reach.regions_hw)
        drawn = draw_seeds(seeds, graph.image_size)
        shares = self._walk(graph, believed, reach.pull_hw, seeds, drawn, prior, locked)
        out_of_reach = (is_contested & ~is_open.any(axis=0)).ravel()
        if locked is not None and out_of_reach.any():
            # What was painted bounds what seeds reach, but where none does it speaks for its own place alone.
            unlocked = self._walk(graph, believed, reach.pull_hw, seeds, drawn, prior, None)
            shares[out_of_reach] = unlocked[out_of_reach]
        is_open |= is_contested
        found = self._pixels(image, labels, shares.reshape(*graph.grid_size, len(labels)))
        if not self._config.keeps_prior:
            is_open[:] = True
        return _composed(prior, found, labels, is_open, drawn, locked)

    def _thought(self, graph: PictureGraph, prior: NDArray[np.uint8], seeds: Sequence[Seed]) -> Prior:
        """What the mask says of each cell; it is the same for all seeds of a correction."""
        if self._last_mask is None or not np.array_equal(self._last_mask, prior):
            self._last_mask, self._thoughts = prior.copy(), {}
            self._mask_labels = frozenset(np.unique(prior).tolist())
        labels = tuple(sorted({0, *self._mask_labels, *(seed.label for seed in seeds)} - {VOID}))
        if labels not in self._thoughts:
            self._thoughts[labels] = mask_prior(prior, labels, graph.grid_size)
        return self._thoughts[labels]

    def _region_around(self, row: int, column: int) -> NDArray[np.bool_]:
        """See `trainer.interactive.region`; found once a place."""
        assert self._graph is not None  # noqa: S101
        if (row, column) not in self._regions:
            self._regions[row, column] = region_around(self._graph, row, column)
        return self._regions[row, column]

    def _walk(
        self,
        graph: PictureGraph,
        prior: Prior,
        pull_hw: NDArray[np.float64],
        seeds: Sequence[Seed],
        drawn: NDArray[np.uint8],
        mask: NDArray[np.uint8],
        locked: NDArray[np.bool_] | None,
    ) -> NDArray[np.float64]:
        """(n, labels): the walker's shares of each cell."""
        config, target = self._config, prior.shares_nl.copy()
        pull = pull_hw.ravel().copy()
        for seed in seeds:
            if isinstance(seed, Box) and seed.label:
                inside = box_weight(seed, graph)
                target *= 1.0 - inside[:, None]
                target[:, prior.labels.index(seed.label)] += inside
                np.maximum(pull, config.hold * inside, out=pull)
        settled = drawn if locked is None else np.where(locked, mask, drawn)
        clamped = settled_cells(settled, graph, prior.labels)
        for seed in seeds:
            if isinstance(seed, Click) and not (locked is not None and locked[seed.y, seed.x]):
                clamped[graph.cell(seed.y, seed.x)] = prior.labels.index(seed.label)
        for cell, label in clamped.items():
            pull[cell] = _CLAMP
            target[cell] = 0.0
            target[cell, label] = 1.0
        solve = graph.solver(pull)
        shares = solve(target)
        if self._classifier is None:
            return shares
        learned = self._classifier.learned_shares(shares, prior.labels, graph.grid_size, seeds)
        free = np.ones(len(target), dtype=bool)
        free[list(clamped)] = False
        share = config.learned_share
        target[free] = (1.0 - share) * target[free] + share * learned[free]
        return solve(target)

    def _pixels(
        self, image: RgbImage, labels: Sequence[int], shares_hwl: NDArray[np.float64]
    ) -> NDArray[np.uint8]:
        """The strongest label of each pixel, after the dense CRF where it is there."""
        maps_lhw = np.ascontiguousarray(shares_hwl.transpose(2, 0, 1), dtype=np.float32)
        if self._config.crf_iterations and len(labels) > 1 and crf_available().available:
            if len(labels) not in self._crfs:
                config = CrfConfig(iterations=self._config.crf_iterations)
                self._crfs[len(labels)] = ImageCrf(image, len(labels), config)
            position = self._crfs[len(labels)].refine_maps(_confident(maps_lhw))
        else:
            position = _strongest(maps_lhw, (image.shape[0], image.shape[1]))
        return np.asarray(labels, dtype=np.uint8)[position]


_LEAST_OPEN = 0.05
"""A prior that yields less than this to a label does not change to it."""

_CONFIDENCE = 3.0
_DOUBT = 0.1
"""The walker is timid: its shares are raised to a power before the CRF, which may doubt them by a tenth."""


def _confident(maps_lhw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares (L, h, w) of the walker as probabilities for the CRF."""
    sharp = np.clip(maps_lhw, 1e-4, 1.0) ** _CONFIDENCE
    sharp /= sharp.sum(axis=0)
    return np.asarray((1.0 - _DOUBT) * sharp + _DOUBT / len(sharp), dtype=np.float32)


def _strongest(maps_lhw: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Position of the strongest map at each pixel, uint8 (H, W); one map at a time, to save memory."""
    position = np.zeros(size, dtype=np.uint8)
    best = np.full(size, -1.0, dtype=np.float32)
    for number, plane in enumerate(maps_lhw):
        share = cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
        position[share > best] = number
        np.maximum(best, share, out=best)
    return position


def _composed(
    prior: NDArray[np.uint8],
    found: NDArray[np.uint8],
    labels: Sequence[int],
    is_open_lhw: NDArray[np.bool_],
    drawn: NDArray[np.uint8],
    locked: NDArray[np.bool_] | None,
) -> NDArray[np.uint8]:
    """What was found where cells are open to it, the prior elsewhere; seeds and locked pixels as they are."""
    height, width = prior.shape
    mask = prior.copy()
    for label, is_open_hw in zip(labels, is_open_lhw, strict=True):
        if is_open_hw.any():
            # Outlines move a little into cells of other labels.
            open_cells = cv2.dilate(is_open_hw.astype(np.uint8), np.ones((5, 5), np.uint8))
            within = cv2.resize(open_cells, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) > 0
            mask[within & (found == label)] = label
    mask = np.where(drawn != UNSEEDED, drawn, mask)
    return mask if locked is None else np.where(locked, prior, mask)


def _check_size(what: str, size: tuple[int, ...], expected: tuple[int, int]) -> None:
    if size != expected:
        raise ValueError(
            f"The {what} is {' x '.join(map(str, size))} pixels, but its picture is "
            f"{expected[0]} x {expected[1]}."
        )

"""Correct a mask with a few clicks: set a picture once, then refine its mask with seeds as often as needed.

A random walker with the mask as prior (Grady, CVPR 2005) runs on a graph of the picture. Around seeds that
contradict the mask its prior opens; the dense CRF then sharpens the outlines. docs/interactive.md explains
each step, docs/research-log.md records what was tried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.data.transforms import RgbImage, check_rgb, limited_size, resize_image
from trainer.interactive.cells import fixed_cells
from trainer.interactive.graph import PictureGraph, build_graph
from trainer.interactive.learning import PictureClassifier
from trainer.interactive.pixels import PixelLabels, changed_where_open
from trainer.interactive.prior import (
    Prior,
    contradicted_cells,
    evidence_shares,
    mask_planes,
    mask_prior,
    with_evidence,
    with_regions,
    with_uniform,
)
from trainer.interactive.reach import Reach, ReachConfig, reach_of
from trainer.interactive.region import region_around
from trainer.interactive.seeds import Box, Click, Seed, check_seeds, draw_seeds
from trainer.interactive.trail import Trail, restore
from trainer.interactive.walk import walk, with_boxes
from trainer.run.map_storage import ClassMaps

ENGINE = "walker-yield-5"
"""Name to store with seeds. Engines of the same name make the same mask from the same seeds; give it a new
one whenever its results change."""

MAX_WORKING_SIDE = 1280
"""Longer side in pixels of the copy that features, graph and CRF are made from: at least twice theirs."""

_OPEN_FROM = 0.05
"""Openness of the prior from which a cell may change to a label."""

Features = Callable[[RgbImage], NDArray[np.float32]]
"""uint8 (H, W, 3) -> float32 (C, h, w), spanning the picture; see `trainer.interactive.features`."""


class InteractiveConfig(BaseModel):
    """Constants of the engine, chosen on pictures of a training split; see docs/research-log.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_side: int = Field(
        default=512,
        ge=64,
        description="Longer side in pixels of the picture that the graph is made of, at most.",
    )
    colour_weight: float = Field(
        default=0.02, ge=0, description="Weight of squared differences in CIELAB, in the graph's edges."
    )
    feature_weight: float = Field(
        default=3.0, ge=0, description="Weight of squared differences of the features, in the graph's edges."
    )
    reach: ReachConfig = Field(default=ReachConfig(), description="How far seeds open the prior.")
    uniform_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the mask's prior that goes to all labels alike where the prior is fully open.",
    )
    evidence_share: float = Field(
        default=0.5, ge=0, le=1, description="Share of the class maps in the prior, where there are any."
    )
    evidence_background: float = Field(
        default=0.45, ge=0, le=1, description="Value of a class map at which background is as likely."
    )
    contradicted_below: float = Field(
        default=0.65,
        ge=0,
        le=1,
        description="The class maps contradict the mask where they give its label a smaller share than this.",
    )
    learned_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share in the second walk's prior of what the picture's features predict from the first.",
    )
    keeps_prior: bool = Field(
        default=True,
        description="Pixels change only to labels whose seeds reach them, and where the class maps "
        "contradict the mask; otherwise any pixel may change.",
    )
    keeps_others: bool = Field(
        default=True,
        description="A seed changes pixels of the labels that it contradicts only; otherwise it may also "
        "change what earlier seeds have decided.",
    )
    finds_regions: bool = Field(
        default=True,
        description="A seed of a class that is nowhere yet selects the connected region around it.",
    )
    crf_iterations: int = Field(
        default=3, ge=0, le=50, description="Iterations of the dense CRF; 0 leaves it out."
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
        features: network features of a picture; None compares colours only.
        config: defaults when None.
        """
        self._features = features
        self._config = config or InteractiveConfig()
        self._picture: _Picture | None = None

    def set_image(self, image_rgb: RgbImage, edges_hw: NDArray[np.float32] | None = None) -> None:
        """Compute what depends on the picture only: a fraction of a second, best done ahead.

        Args:
            image_rgb: uint8 (H, W, 3), any size.
            edges_hw: float32 (h, w) in [0, 1] of AffinityNet (`trainer.models.edges`), where a run has them.

        Raises:
            ValueError: the picture is not a uint8 RGB array.
        """
        config = self._config
        check_rgb(image_rgb)
        size = (image_rgb.shape[0], image_rgb.shape[1])
        # Nothing below looks at more pixels: a large picture is read only once.
        image_rgb = resize_image(image_rgb, limited_size(*size, MAX_WORKING_SIDE))
        features = None if self._features is None else self._features(image_rgb)
        graph = build_graph(
            image_rgb,
            features,
            edges_hw,
            image_size=size,
            max_side=config.max_side,
            colour_weight=config.colour_weight,
            feature_weight=config.feature_weight,
        )
        classifier = None
        if features is not None and config.learned_share > 0:
            classifier = PictureClassifier(image_rgb, features, size)
        self._picture = _Picture(graph, classifier, PixelLabels(image_rgb, config.crf_iterations, size))

    def refine(
        self,
        mask: NDArray[np.uint8],
        seeds: Sequence[Seed],
        *,
        evidence: ClassMaps | None = None,
        locked: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.uint8]:
        """The mask, corrected by the seeds. Equal arguments give equal masks.

        Give all seeds of the correction each time, with the mask as it was before the first of them. A seed
        is then removed by leaving it out.

        Args:
            mask: uint8 (H, W): 0 background, 1 .. 254 classes, 255 void.
            seeds: in the order in which they were set; their classes need not be in the mask.
            evidence: the class maps that the mask was made from, if it is still an unchanged proposal.
            locked: bool (H, W), pixels that keep their value in the mask whatever the seeds say. Where seeds
                reach, locked pixels bound them like seeds of their own label; elsewhere they have no effect.

        Returns:
            uint8 (H, W). Pixels of clicks, of scribbles and of boxes of background have the label of their
            seed, unless they are locked. Each seed changes pixels of the labels that it contradicts only,
            see `trainer.interactive.trail`. Around it they may change to the label of that seed, and where
            the evidence contradicts the mask, to any label. All other pixels are those of the mask.

        Raises:
            ValueError: no picture is set, a size is not that of the picture, or a seed cannot be used.
        """
        picture = self._checked(mask, seeds, locked)
        if not seeds:
            return mask.copy()

        def found(first: Sequence[Seed]) -> NDArray[np.uint8]:
            given = _Given(mask, first, draw_seeds(first, picture.graph.image_size), locked)
            return self._found(picture, given, evidence)

        if self._config.keeps_others:
            return picture.trail_of(mask, locked, evidence).after(seeds, found)
        made = found(seeds)
        restore(made, mask, draw_seeds(seeds, picture.graph.image_size), locked)
        return made

    def _found(self, picture: _Picture, given: _Given, evidence: ClassMaps | None) -> NDArray[np.uint8]:
        """The mask that one walk with all seeds gives; pixels of seeds and locked pixels may differ."""
        mask, seeds = given.mask, given.seeds
        of_mask = picture.prior_of(mask, seeds)
        reach = self._reach(picture, of_mask, given)
        prior, is_contradicted_hw = self._with_evidence(of_mask, reach, evidence)
        is_reached_lhw = reach.openness_lhw >= _OPEN_FROM
        is_unreached_hw = is_contradicted_hw & ~is_reached_lhw.any(axis=0)
        shares_nl = self._walk(picture, prior, reach, given, is_unreached_hw)
        found = picture.pixels.labels_of(prior.labels, shares_nl.reshape(*picture.graph.grid_size, -1))
        is_open_lhw = is_reached_lhw | is_contradicted_hw
        if not self._config.keeps_prior:
            is_open_lhw[:] = True
        return changed_where_open(mask, found, prior.labels, is_open_lhw)

    def _checked(
        self, mask: NDArray[np.uint8], seeds: Sequence[Seed], locked: NDArray[np.bool_] | None
    ) -> _Picture:
        if self._picture is None:
            raise ValueError("A picture must be set with set_image before its mask can be refined.")
        size = self._picture.graph.image_size
        _check_size("mask", mask.shape, size)
        if locked is not None:
            _check_size("locked area", locked.shape, size)
        check_seeds(seeds, size)
        return self._picture

    def _reach(self, picture: _Picture, of_mask: Prior, given: _Given) -> Reach:
        find_region = picture.region_around if self._config.finds_regions else None
        return reach_of(of_mask, given.mask, given.seeds, self._config.reach, find_region)

    def _with_evidence(
        self, of_mask: Prior, reach: Reach, evidence: ClassMaps | None
    ) -> tuple[Prior, NDArray[np.bool_]]:
        """The prior of the walk, and bool (h, w): cells where the evidence contradicts the mask."""
        config = self._config
        prior = with_uniform(of_mask, config.uniform_share * reach.openness_hw)
        is_contradicted_hw = np.zeros(of_mask.mask_hw.shape, dtype=bool)
        if evidence is not None and config.evidence_share > 0:
            evidence_nl = evidence_shares(of_mask, evidence, config.evidence_background)
            is_contradicted_hw = contradicted_cells(of_mask, evidence_nl, config.contradicted_below)
            prior = with_evidence(prior, evidence_nl, config.evidence_share)
        return with_regions(prior, reach.regions_hw), is_contradicted_hw

    def _walk(
        self,
        picture: _Picture,
        prior: Prior,
        reach: Reach,
        given: _Given,
        is_unreached_hw: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Shares (n, L) of the labels; cells that no seed reaches are decided as if nothing were locked."""
        graph, classifier, config = picture.graph, picture.classifier, self._config
        boxes = [seed for seed in given.seeds if isinstance(seed, Box)]
        unary = with_boxes(graph, prior, reach.weight_hw, boxes, config.reach.prior_weight)
        learned = None
        if classifier is not None:
            learned = partial(
                classifier.learned_shares,
                labels=prior.labels,
                grid_size=graph.grid_size,
                seeds=given.seeds,
            )

        def walked(locked: NDArray[np.bool_] | None) -> NDArray[np.float64]:
            fixed = fixed_cells(graph, prior.labels, given.fixed_pixels(locked), given.clicks(locked))
            return walk(graph, unary, fixed, learned, config.learned_share)

        shares_nl = walked(given.locked)
        is_unreached = is_unreached_hw.ravel()
        if given.locked is not None and is_unreached.any():
            # What a person paints speaks for its own place only, so it must not spread to these cells.
            shares_nl[is_unreached] = walked(None)[is_unreached]
        return shares_nl


class _Picture:
    """What depends on the picture, and what was computed for its mask so far."""

    def __init__(
        self, graph: PictureGraph, classifier: PictureClassifier | None, pixels: PixelLabels
    ) -> None:
        self.graph, self.classifier, self.pixels = graph, classifier, pixels
        self._last_mask: NDArray[np.uint8] | None = None
        self._planes: dict[int, NDArray[np.float32]] = {}
        self._priors: dict[tuple[int, ...], Prior] = {}
        self._trail: tuple[Trail, bytes] | None = None
        self._regions: dict[tuple[int, int], NDArray[np.bool_]] = {}

    def prior_of(self, mask: NDArray[np.uint8], seeds: Sequence[Seed]) -> Prior:
        """The prior of the mask; kept, as it is the same for all seeds of a correction."""
        if self._last_mask is None or not np.array_equal(self._last_mask, mask):
            self._last_mask, self._priors = mask.copy(), {}
            self._planes = mask_planes(mask, self.graph.grid_size)
        labels = tuple(sorted({0, *self._planes, *(seed.label for seed in seeds)}))
        if labels not in self._priors:
            self._priors[labels] = mask_prior(self._planes, labels, self.graph.grid_size)
        return self._priors[labels]

    def trail_of(
        self, mask: NDArray[np.uint8], locked: NDArray[np.bool_] | None, evidence: ClassMaps | None
    ) -> Trail:
        """The trail of a correction; kept while mask, locked pixels and evidence are the same."""
        if evidence is None:
            name = b""
        else:
            name = hashlib.sha256(
                repr(evidence.class_indices).encode() + evidence.maps_khw.tobytes()
            ).digest()
        if self._trail is None or self._trail[1] != name or not self._trail[0].is_of(mask, locked):
            self._trail = Trail(mask.copy(), None if locked is None else locked.copy()), name
        return self._trail[0]

    def region_around(self, row: int, column: int) -> NDArray[np.bool_]:
        """See `trainer.interactive.region`; kept, as every further click asks again."""
        if (row, column) not in self._regions:
            self._regions[row, column] = region_around(self.graph, row, column)
        return self._regions[row, column]


@dataclass(frozen=True, eq=False)
class _Given:
    """What `refine` was given.

    Attributes:
        mask: uint8 (H, W), the mask before the first seed.
        seeds: all of them.
        seeded: uint8 (H, W), see `draw_seeds`.
        locked: bool (H, W), or None.
    """

    mask: NDArray[np.uint8]
    seeds: Sequence[Seed]
    seeded: NDArray[np.uint8]
    locked: NDArray[np.bool_] | None

    def fixed_pixels(self, locked: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
        """uint8 (H, W), the label of locked and seeded pixels, `UNSEEDED` elsewhere."""
        return self.seeded if locked is None else np.where(locked, self.mask, self.seeded)

    def clicks(self, locked: NDArray[np.bool_] | None) -> list[Click]:
        """Clicks outside locked pixels."""
        clicks = [seed for seed in self.seeds if isinstance(seed, Click)]
        return [click for click in clicks if locked is None or not locked[click.y, click.x]]


def _check_size(what: str, size: tuple[int, ...], expected: tuple[int, int]) -> None:
    if size != expected:
        raise ValueError(
            f"The {what} is {' x '.join(map(str, size))} pixels, but its picture is "
            f"{expected[0]} x {expected[1]}."
        )

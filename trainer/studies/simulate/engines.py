"""Engines that the simulated annotator corrects masks with: ours, and those it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import slic

from trainer.data.transforms import RgbImage
from trainer.interactive.reach import ReachConfig
from trainer.interactive.seeds import Click
from trainer.interactive.segmenter import Features, InteractiveConfig, InteractiveSegmenter
from trainer.studies.simulate.start import Start

Mask = NDArray[np.uint8]

_SUPERPIXELS = 400
_GRABCUT_ITERATIONS = 1
_CLICK_RADIUS_PX = 2
_NO_RECTANGLE = (0, 0, 1, 1)


class Engine(Protocol):
    """A way to correct masks by clicks; `refine` gets the current mask and all clicks, newest last."""

    def start(self, image_rgb: RgbImage, begun: Start) -> None:
        """Prepare a picture, given what its correction starts from."""

    def refine(self, mask: Mask, clicks: Sequence[Click]) -> Mask:
        """Return the next mask."""


class Nothing:
    """Accepts the mask as it is."""

    def start(self, image_rgb: RgbImage, begun: Start) -> None:
        """Do nothing."""

    def refine(self, mask: Mask, clicks: Sequence[Click]) -> Mask:  # noqa: ARG002
        """Return the same mask."""
        return mask


class Superpixels:
    """Paints the superpixel that was clicked (SLIC, about 400 in a picture)."""

    def start(self, image_rgb: RgbImage, begun: Start) -> None:  # noqa: ARG002
        """Divide the picture into superpixels."""
        self._parts = slic(image_rgb, n_segments=_SUPERPIXELS, compactness=10.0, start_label=0)

    def refine(self, mask: Mask, clicks: Sequence[Click]) -> Mask:
        """Return the mask with the last click's superpixel painted."""
        click = clicks[-1]
        return np.where(self._parts == self._parts[click.y, click.x], np.uint8(click.label), mask)


class GrabCut:
    """GrabCut (Rother et al., SIGGRAPH 2004) of the clicked class against the rest, from the current mask."""

    def start(self, image_rgb: RgbImage, begun: Start) -> None:  # noqa: ARG002
        """Store the picture."""
        self._image = np.ascontiguousarray(image_rgb)

    def refine(self, mask: Mask, clicks: Sequence[Click]) -> Mask:
        """Return the mask after a cut; a click on background cuts the class that it contradicts."""
        last = clicks[-1]
        label = last.label or int(mask[last.y, last.x])
        state = np.where(mask == label, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        result = mask.copy()
        for click in clicks:
            sure = cv2.GC_FGD if click.label == label else cv2.GC_BGD
            cv2.circle(state, (click.x, click.y), _CLICK_RADIUS_PX, int(sure), -1)
        is_object = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD))
        if is_object.any() and not is_object.all():
            background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
            cv2.grabCut(
                self._image,
                state,
                _NO_RECTANGLE,
                background,
                foreground,
                _GRABCUT_ITERATIONS,
                cv2.GC_INIT_WITH_MASK,
            )
            is_object = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD))
        result[(mask == label) & ~is_object] = 0
        result[is_object] = label
        for click in clicks:
            cv2.circle(result, (click.x, click.y), _CLICK_RADIUS_PX, click.label, -1)
        return result


class Walker:
    """The random walker of `trainer.interactive.segmenter`, from the mask before the first click."""

    def __init__(self, features: Features, config: InteractiveConfig, *, uses_evidence: bool) -> None:
        self._segmenter = InteractiveSegmenter(features, config)
        self._uses_evidence = uses_evidence

    def start(self, image_rgb: RgbImage, begun: Start) -> None:
        """Build the graph."""
        self._segmenter.set_image(image_rgb, begun.edges_hw if self._uses_evidence else None)
        self._prior, self._evidence = begun.mask, begun.maps if self._uses_evidence else None

    def refine(self, mask: Mask, clicks: Sequence[Click]) -> Mask:  # noqa: ARG002
        """Return the mask with all clicks applied."""
        return self._segmenter.refine(self._prior, clicks, evidence=self._evidence)


PLAIN = InteractiveConfig(
    reach=ReachConfig(prior_weight=1e-3, open_weight=1e-3),
    uniform_share=0.0,
    evidence_share=0.0,
    learned_share=0.0,
    keeps_prior=False,
    keeps_others=False,
    finds_regions=False,
)
"""A walker whose prior pulls everywhere the same, however near a click is."""

ENGINES: dict[str, Callable[[Features], Engine]] = {
    "none": lambda _features: Nothing(),
    "superpixel": lambda _features: Superpixels(),
    "grabcut": lambda _features: GrabCut(),
    "walker": lambda features: Walker(features, PLAIN, uses_evidence=False),
    "ours": lambda features: Walker(features, InteractiveConfig(), uses_evidence=True),
}
"""By name; each is made from the features of `trainer.interactive.features`."""

"""Masks of one picture with any settings, fast enough for sliders: steps that settings share are cached."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.lab.looking import PictureLook
from puzzlecam_app.lab.memory import LruCache

if TYPE_CHECKING:  # torch is imported when the first picture is computed
    from trainer.config import RefineConfig
    from trainer.masks.crf import CrfConfig
    from trainer.masks.image_crf import ImageCrf
    from trainer.models.proposal import ProposalModel

_KEPT_LATTICES = 3
"""About 30 MB each for a picture of 375 x 500 pixels, up to 60 MB for larger ones."""
_KEPT_DRAFT_LATTICES = 2
_KEPT_WALKS = 40
_DRAFT_ITERATIONS = 5
"""Enough for a draft at half the size (docs/research-log.md); as many at full size may run in its place."""

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class MaskSettings:
    """How a mask is made.

    Attributes:
        threshold: In [0, 1]; a pixel is background unless a map exceeds it.
        crf: Constants of the dense CRF; None makes the mask without a CRF.
        walk: Radius and steps of the random walk; None uses those of the model.
        min_piece_share: Smaller pieces of the mask, as a share of the picture, go to what surrounds them.
    """

    threshold: float
    crf: CrfConfig | None
    walk: RefineConfig | None = None
    min_piece_share: float = 0.0

    @classmethod
    def of_model(cls, model: ProposalModel) -> MaskSettings:
        """The settings with which the model makes its proposals."""
        from trainer.masks.crf import crf_available

        refinement = model.refinement
        is_on = refinement.use_crf and crf_available().available
        return cls(
            refinement.background_threshold,
            refinement.crf if is_on else None,
            min_piece_share=refinement.min_piece_share,
        )


@dataclass(frozen=True, eq=False)
class MaskSteps:
    """The last steps to a mask.

    Attributes:
        walked_thw: Maps after a random walk with other settings than the model's; None without such a walk.
        thresholded: uint8 (H, W), class indices before the CRF.
        mask: uint8 (H, W), class indices.
        is_draft: Whether the CRF ran at half the size with few iterations.
    """

    walked_thw: NDArray[np.float32] | None
    thresholded: Mask
    mask: Mask
    is_draft: bool = False


@dataclass(eq=False)
class _Lattice:
    """The CRF of a picture. Hold `lock` while using it.

    Attributes:
        given: Identifies the unary that it has run with.
        iterations: How many iterations it has run with that unary.
    """

    crf: ImageCrf
    given: Hashable = None
    iterations: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def iterations_left(self, given: Hashable, iterations: int) -> int:
        """How many of the iterations it still has to run for that unary."""
        done = self.iterations if self.given == given and self.iterations <= iterations else 0
        return iterations - done


class Masks:
    """Makes masks and caches their steps. Safe to use from several threads."""

    def __init__(self) -> None:
        self._walks = LruCache(_KEPT_WALKS)
        self._lattices = LruCache(_KEPT_LATTICES)
        self._draft_lattices = LruCache(_KEPT_DRAFT_LATTICES)

    def make(
        self,
        model: ProposalModel,
        picture: PictureLook,
        settings: MaskSettings,
        *,
        may_be_draft: bool = False,
    ) -> MaskSteps:
        """Make the mask as `trainer.masks.pseudo_labels.pseudo_label` does.

        Args:
            model: The model whose random walk is used.
            picture: The maps of the picture.
            settings: How the mask is made.
            may_be_draft: Whether a draft is good enough if the CRF takes long, because it needs a new lattice
                or more than a few iterations.
        """
        from trainer.masks.pieces import drop_small_pieces
        from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label_steps

        walked, maps = None, picture.final_thw
        if settings.walk is not None and model.walk is not None and picture.edges_hw is not None:
            maps = walked = self._walked(model, picture, settings.walk)
        tags, image = picture.item.tags, picture.image
        config = PseudoLabelConfig(background_threshold=settings.threshold, use_crf=False)
        if settings.crf is None:
            thresholded = pseudo_label_steps(image, maps, tags, config)[0]
            return MaskSteps(walked, thresholded, drop_small_pieces(thresholded, settings.min_piece_share))
        identity = model.identity_of(picture.item.tag_names)
        given = (identity, tags, settings.threshold, settings.walk, settings.crf.gt_prob)
        is_draft = may_be_draft and not self._is_quick(picture, settings.crf, given)
        crf = _drafted(settings.crf, image) if is_draft else settings.crf
        lattice = self._lattice(picture, crf, self._draft_lattices if is_draft else self._lattices)
        config = config.model_copy(update={"use_crf": True, "crf": crf})
        with lattice.lock:
            thresholded, sharpened = pseudo_label_steps(image, maps, tags, config, lattice.crf)
            lattice.given, lattice.iterations = given, crf.iterations
        mask = drop_small_pieces(sharpened, settings.min_piece_share)
        return MaskSteps(walked, thresholded, mask, is_draft=is_draft)

    def _walked(self, model: ProposalModel, picture: PictureLook, walk: RefineConfig) -> NDArray[np.float32]:
        item = picture.item
        key = (model.identity_of(item.tag_names), item.sha256, item.tags, walk)

        def make() -> NDArray[np.float32]:
            assert model.walk is not None and picture.edges_hw is not None  # noqa: S101, PT018
            return model.walk.maps(picture.image, picture.seeds_thw, picture.edges_hw, walk)

        walked: NDArray[np.float32] = self._walks.get_or_make(key, make)
        return walked

    def _is_quick(self, picture: PictureLook, crf: CrfConfig, given: Hashable) -> bool:
        """Whether the lattice of the CRF is cached and has only a few iterations to run."""
        lattice: _Lattice | None = self._lattices.get(_lattice_key(picture, crf))
        return lattice is not None and lattice.iterations_left(given, crf.iterations) <= _DRAFT_ITERATIONS

    def _lattice(self, picture: PictureLook, crf: CrfConfig, cache: LruCache) -> _Lattice:
        from trainer.masks.image_crf import ImageCrf

        labels = len(picture.item.tags) + 1
        lattice: _Lattice = cache.get_or_make(
            _lattice_key(picture, crf), lambda: _Lattice(ImageCrf(picture.image, labels, crf))
        )
        return lattice


def _lattice_key(picture: PictureLook, crf: CrfConfig) -> Hashable:
    return picture.item.sha256, len(picture.item.tags) + 1, crf.kernels


def _drafted(crf: CrfConfig, image: NDArray[np.uint8]) -> CrfConfig:
    """At half the size, with few iterations."""
    half = crf.at_half_size((image.shape[0], image.shape[1]))
    return half.model_copy(update={"iterations": min(crf.iterations, _DRAFT_ITERATIONS)})

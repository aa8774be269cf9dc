"""Masks of one picture with any settings, while sliders move: what settings have in common is made once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.lab.looking import Kept, PictureLook

if TYPE_CHECKING:  # torch is imported when the first picture is looked at
    from trainer.config import RefineConfig
    from trainer.crf import CrfConfig
    from trainer.image_crf import ImageCrf
    from trainer.proposal_model import ProposalModel
    from trainer.pseudo_labels import PseudoLabelConfig

_KEPT_LATTICES = 3
"""Some 30 MB each for a picture of 375 x 500 pixels, up to 60 MB for larger ones."""
_KEPT_WALKS = 40

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class MaskSettings:
    """How a mask is made.

    Attributes:
        threshold: a pixel is background unless a map exceeds it.
        crf: constants of the dense CRF; None leaves it out.
        walk: reach and length of the random walk; None keeps the model's.
    """

    threshold: float
    crf: CrfConfig | None
    walk: RefineConfig | None = None

    @classmethod
    def of_model(cls, model: ProposalModel) -> MaskSettings:
        """Those that the model makes its proposals with."""
        from trainer.crf import crf_available

        refinement = model.refinement
        is_on = refinement.use_crf and crf_available().available
        return cls(refinement.background_threshold, refinement.crf if is_on else None)


@dataclass(frozen=True, eq=False)
class MaskSteps:
    """The last steps: maps (after a walk with other settings, else None), threshold, CRF; uint8 (H, W)."""

    walked_thw: NDArray[np.float32] | None
    thresholded: Mask
    mask: Mask


@dataclass(frozen=True, eq=False)
class _Lattice:
    """A CRF of a picture; only one may use it at a time."""

    crf: ImageCrf
    lock: threading.Lock = field(default_factory=threading.Lock)


class Masks:
    """Makes masks. Safe to use from several threads."""

    def __init__(self) -> None:
        self._walks = Kept(_KEPT_WALKS)
        self._lattices = Kept(_KEPT_LATTICES)

    def make(self, model: ProposalModel, picture: PictureLook, settings: MaskSettings) -> MaskSteps:
        """Make the mask as `trainer.pseudo_labels.pseudo_label` does.

        Args:
            model: whose walk is used.
            picture: its maps.
            settings: the model's, or others.
        """
        from trainer.pseudo_labels import PseudoLabelConfig, pseudo_label_steps

        walked, maps = None, picture.final_thw
        if settings.walk is not None and model.walk is not None and picture.edges_hw is not None:
            maps = walked = self._walked(model, picture, settings.walk)
        tags, image = picture.item.tags, picture.image
        config = PseudoLabelConfig(background_threshold=settings.threshold, use_crf=False)
        if settings.crf is None:
            return MaskSteps(walked, *pseudo_label_steps(image, maps, tags, config))
        config = config.model_copy(update={"use_crf": True, "crf": settings.crf})
        lattice = self._lattice(picture, config)
        with lattice.lock:
            return MaskSteps(walked, *pseudo_label_steps(image, maps, tags, config, lattice.crf))

    def _walked(self, model: ProposalModel, picture: PictureLook, walk: RefineConfig) -> NDArray[np.float32]:
        item = picture.item
        key = (model.identity, item.sha256, item.tags, walk)

        def make() -> NDArray[np.float32]:
            assert model.walk is not None and picture.edges_hw is not None  # noqa: S101, PT018
            return model.walk.maps(picture.seeds_thw, picture.edges_hw, walk)

        walked: NDArray[np.float32] = self._walks.or_made(key, make)
        return walked

    def _lattice(self, picture: PictureLook, config: PseudoLabelConfig) -> _Lattice:
        from trainer.image_crf import ImageCrf

        labels = len(picture.item.tags) + 1
        key = (picture.item.sha256, labels, config.crf.kernels)
        lattice: _Lattice = self._lattices.or_made(
            key, lambda: _Lattice(ImageCrf(picture.image, labels, config.crf))
        )
        return lattice

"""Maps, edges and pseudo-labels of a picture; maps are computed once and cached."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.proposing.recent_crfs import RecentCrfs

if TYPE_CHECKING:  # torch is imported for the first picture, not when the app starts
    from trainer.cams.compute import CamResult
    from trainer.masks.image_crf import ImageCrf
    from trainer.models.proposal import ProposalModel


_log = logging.getLogger(__name__)


class Predictor:
    """A model with a cache of its maps on disk.

    The cache key holds the identity of the model, the content of the picture and its tags, so a changed
    model, picture or tag never shows a stale map.

    Safe to call from several threads. `cams`, `edges` and `pseudo_mask` compute one at a time; reading a
    cached map waits for nobody. Work that uses `model` directly is not part of that turn.

    Args:
        load_model: Called when the model is first needed, and again if it raised an error. It stays an
            attribute.
        cams_dir: Folder of the cache.
        published_as: Name of the run in proposals that were published from it; None for the studio's own.
    """

    def __init__(
        self, load_model: Callable[[], ProposalModel], cams_dir: Path, published_as: str | None = None
    ) -> None:
        self.load_model = load_model
        self._published_as = published_as
        self._cams_dir = cams_dir
        self._loading = threading.Lock()
        self._computing = threading.Lock()
        self._model: ProposalModel | None = None
        self._trouble: str | None = None
        self._crfs = RecentCrfs()
        self._arrived: dict[str, tuple[CamResult, NDArray[np.uint8]]] = {}

    @property
    def model(self) -> ProposalModel:
        """The model, loaded at the first use.

        Raises:
            Exception: Whatever loading raises; the next use tries again.
        """
        with self._loading:
            if self._model is None:
                try:
                    self._model = self.load_model()
                except Exception as error:
                    self._trouble = str(error) or type(error).__name__
                    raise
            return self._model

    @property
    def is_loaded(self) -> bool:
        """Whether the model has been loaded."""
        return self._model is not None

    @property
    def trouble(self) -> str | None:
        """Why the model could not be loaded the last time it was tried; None if nothing is wrong."""
        return self._trouble if self._model is None else None

    def cached_cams(self, image_sha256: str, class_names: Sequence[str]) -> CamResult | None:
        """Return the maps if they are in the cache and readable, else `None`."""
        from trainer.cams.storage import load_cams
        from trainer.errors import ArtifactError

        path = self._cams_path(image_sha256, class_names)
        try:
            return load_cams(path)
        except (OSError, ArtifactError):
            return None  # the maps are computed again and replace the file

    def take(
        self, image_sha256: str, class_names: Sequence[str], cams: CamResult, mask: NDArray[np.uint8]
    ) -> None:
        """Take maps that the same model has made elsewhere, and their pseudo-label, for their next use."""
        from trainer.cams.storage import save_cams

        try:
            save_cams(self._cams_path(image_sha256, class_names), cams)
        except OSError as error:
            _log.warning("maps cannot be kept: %s", error)
        self._arrived = {_key(image_sha256, class_names): (cams, mask)}

    def cams(
        self, image_sha256: str, class_names: Sequence[str], load_image: Callable[[], NDArray[np.uint8]]
    ) -> CamResult:
        """Return the maps of the tags, from the cache, or else computed now and cached.

        Args:
            image_sha256: Hash of the picture's file.
            class_names: Tags of the picture, at least one.
            load_image: Returns the upright picture, uint8 HxWx3 RGB; called only when the maps are computed.
        """
        from trainer.cams.storage import save_cams

        if (arrived := self._arrived.get(_key(image_sha256, class_names))) is not None:
            return arrived[0]
        cached = self.cached_cams(image_sha256, class_names)
        if cached is not None:
            return cached
        model, image = self.model, load_image()
        with self._computing:
            # Another thread may have computed the same maps while this one waited.
            cached = self.cached_cams(image_sha256, class_names)
            if cached is not None:
                return cached
            result = model.cams(image, class_names)
            try:
                save_cams(self._cams_path(image_sha256, class_names), result)
            except OSError as error:  # the cache is no condition: the maps are computed again next time
                _log.warning("maps cannot be kept: %s", error)
        return result

    def edges(self, image: NDArray[np.uint8], grid_size: tuple[int, int]) -> NDArray[np.float32] | None:
        """Return AffinityNet's edges, float32 (h, w) in [0, 1]; `None` where the model has learned none.

        Args:
            image: uint8 HxWx3 RGB, upright.
            grid_size: (h, w) of the edges.
        """
        model = self.model
        with self._computing:
            return model.edges(image, grid_size)

    def pseudo_mask(
        self,
        image: NDArray[np.uint8],
        cams: CamResult,
        class_indices: Sequence[int],
        image_sha256: str,
    ) -> NDArray[np.uint8]:
        """Return the pseudo-label, uint8 HxW with the indices of the class list.

        Args:
            image: uint8 HxWx3 RGB, upright.
            cams: The picture's maps.
            class_indices: For each map, the index of its class in the class list.
            image_sha256: Hash of the picture's file.
        """
        for made_of, mask in self._arrived.values():
            if made_of is cams:
                return mask
        model = self.model
        with self._computing:
            crf = self._crfs.of(image_sha256, len(class_indices), partial(model.image_crf, image))
            return model.mask(image, cams, class_indices, crf)

    def prepare_mask(
        self, image_sha256: str, class_count: int, load_image: Callable[[], NDArray[np.uint8]]
    ) -> None:
        """Do the part of `pseudo_mask` that depends on the picture alone, for a picture that comes soon."""
        model = self.model

        def make(count: int) -> ImageCrf | None:
            return model.image_crf(load_image(), count)

        with self._computing:
            crf = self._crfs.of(image_sha256, class_count, make)
            if crf is not None:
                crf.prepare()

    def proposer_of(self, class_names: Sequence[str]) -> str:
        """Identity of all that makes the masks: model, meaning of the tags, settings, threshold and CRF."""
        return self.model.mask_identity_of(class_names)

    def has_made(self, proposed_by: str | None, class_names: Sequence[str]) -> bool:
        """Whether a proposal comes from this model's maps: made here, or published from the model's run."""
        if proposed_by is None:
            return False
        return proposed_by == self._published_as or proposed_by == self.proposer_of(class_names)

    def _cams_path(self, image_sha256: str, class_names: Sequence[str]) -> Path:
        identity = self.model.identity_of(class_names)
        model = "".join(c if c.isalnum() or c in "-_.+" else "-" for c in identity)
        return self._cams_dir / model / image_sha256[:2] / f"{_key(image_sha256, class_names)}.safetensors"


def _key(image_sha256: str, class_names: Sequence[str]) -> str:
    """Names a picture with its tags."""
    tags = hashlib.sha256("\n".join(class_names).encode()).hexdigest()[:16]
    return f"{image_sha256}-{tags}"

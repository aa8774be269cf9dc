"""Heatmaps and pseudo-masks of one picture: expensive once, cheap often."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # torch is imported when the first picture is looked at, not when the app starts
    from trainer.cam import CamConfig, CamResult
    from trainer.zero_shot import ZeroShotClassifier


class Predictor:
    """Facade over a classifier: its maps of a picture, kept on disk, and masks made from them.

    Maps are cached under the identity of the classifier, the content of the picture and its tags, so a
    changed model, picture or tag never shows a stale map. Safe to call from several threads; computing
    itself happens one picture at a time.

    Args:
        load_classifier: Called once, when first needed.
        cams_dir: Folder of the cache.
    """

    def __init__(self, load_classifier: Callable[[], ZeroShotClassifier], cams_dir: Path) -> None:
        self._load_classifier = load_classifier
        self._cams_dir = cams_dir
        self._lock = threading.Lock()
        self._classifier: ZeroShotClassifier | None = None

    @property
    def classifier(self) -> ZeroShotClassifier:
        """The classifier, loaded at the first use.

        Raises:
            Exception: Whatever loading raises, each time it is tried.
        """
        with self._lock:
            if self._classifier is None:
                self._classifier = self._load_classifier()
            return self._classifier

    @property
    def is_loaded(self) -> bool:
        """Whether the classifier has been loaded."""
        return self._classifier is not None

    def cached_cams(self, image_sha256: str, class_names: Sequence[str]) -> CamResult | None:
        """Return the maps if they are in the cache and readable, else `None`."""
        from trainer.artifacts import ArtifactError, load_cams

        path = self._cams_path(image_sha256, class_names)
        try:
            return load_cams(path)
        except (FileNotFoundError, ArtifactError):
            return None  # computed again and written over

    def cams(
        self, image_sha256: str, class_names: Sequence[str], load_image: Callable[[], NDArray[np.uint8]]
    ) -> CamResult:
        """Return the maps of the tags, from the cache or computed and cached.

        Args:
            image_sha256: Hash of the picture's file.
            class_names: Tags of the picture, at least one.
            load_image: Gives the upright picture, uint8 HxWx3 RGB; called only when needed.
        """
        from trainer.artifacts import save_cams
        from trainer.cam import compute_cams

        cached = self.cached_cams(image_sha256, class_names)
        if cached is not None:
            return cached
        result = compute_cams(self.classifier, load_image(), class_names, self._cam_config())
        save_cams(self._cams_path(image_sha256, class_names), result)
        return result

    def pseudo_mask(
        self,
        image: NDArray[np.uint8],
        cams: CamResult,
        class_indices: Sequence[int],
    ) -> NDArray[np.uint8]:
        """Return the refined pseudo-mask, uint8 HxW in the indices of the label set.

        Args:
            image: uint8 HxWx3 RGB, upright.
            cams: The picture's maps.
            class_indices: For each map, the index its class has in the label set.
        """
        from trainer.pseudo_labels import PseudoLabelConfig, pseudo_label

        return pseudo_label(image, cams, class_indices, PseudoLabelConfig())

    @property
    def background_threshold(self) -> float:
        """Heat up to which a pixel of a pseudo-mask is background, 0..1."""
        from trainer.pseudo_labels import PseudoLabelConfig

        return PseudoLabelConfig().background_threshold

    @property
    def proposer(self) -> str:
        """Identity of what makes the masks: classifier, settings of maps and refinement, CRF on or off."""
        from trainer.cam import cam_identity
        from trainer.crf import crf_available
        from trainer.pseudo_labels import PseudoLabelConfig

        refinement = f"{PseudoLabelConfig().model_dump_json()} crf={crf_available().available}"
        digest = hashlib.sha256(refinement.encode()).hexdigest()[:8]
        return f"{cam_identity(self.classifier, self._cam_config())}+{digest}"

    def _cams_path(self, image_sha256: str, class_names: Sequence[str]) -> Path:
        from trainer.cam import cam_identity

        tags = hashlib.sha256("\n".join(class_names).encode()).hexdigest()[:16]
        identity = cam_identity(self.classifier, self._cam_config())
        model = "".join(c if c.isalnum() or c in "-_.+" else "-" for c in identity)
        return self._cams_dir / model / image_sha256[:2] / f"{image_sha256}-{tags}.safetensors"

    @staticmethod
    def _cam_config() -> CamConfig:
        from trainer.cam import CamConfig

        return CamConfig()

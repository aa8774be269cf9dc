"""Features of pictures for the live models: computed once, kept in memory and in the workspace's cache."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from trainer.machine.durable_write import write_cache

if TYPE_CHECKING:  # torch is imported for the first picture, not when the app starts
    from trainer.live.features import CellFeatures, LiveEncoder

_MOST_BYTES: Final = 64 * 2**20
_MOST_BYTES_ON_DISK: Final = 2 * 2**30
_WRITES_A_SWEEP: Final = 100
_log = logging.getLogger(__name__)


class PictureFeatures:
    """Features by picture. Safe to call from several threads; pictures are computed one at a time.

    Args:
        load_encoder: Called when the encoder is first needed.
        folder: Of the cache. When it has more than `most_bytes_on_disk`, the files used least are removed.
    """

    def __init__(
        self,
        load_encoder: Callable[[], LiveEncoder],
        folder: Path,
        most_bytes_on_disk: int = _MOST_BYTES_ON_DISK,
    ) -> None:
        self._load_encoder = load_encoder
        self._folder = folder
        self._most_bytes_on_disk = most_bytes_on_disk
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._encoder: LiveEncoder | None = None
        self._kept: OrderedDict[str, CellFeatures] = OrderedDict()
        self._writes = 0

    @property
    def encoder(self) -> LiveEncoder:
        """The encoder, loaded at the first use; raises EncoderError if its weights cannot be found."""
        with self._loading:
            if self._encoder is None:
                self._encoder = self._load_encoder()
            return self._encoder

    def cached(self, image_sha256: str) -> CellFeatures | None:
        """The features of a picture if they need not be computed."""
        with self._lock:
            kept = self._kept.get(image_sha256)
            if kept is not None:
                self._kept.move_to_end(image_sha256)
                return kept
        stored = _read(self._path(image_sha256))
        if stored is not None:
            self._keep(image_sha256, stored)
        return stored

    def of(self, image_sha256: str, load_image: Callable[[], NDArray[np.uint8]]) -> CellFeatures:
        """The features of a picture.

        Args:
            image_sha256: Hash of the picture's file.
            load_image: Returns the upright picture, uint8 HxWx3 RGB; called only if it is needed.
        """
        features = self.cached(image_sha256)
        if features is not None:
            return features
        features = self.encoder(load_image())
        self._keep(image_sha256, features)
        if write_cache(self._path(image_sha256), _bytes_of(features)):
            self._sweep()
        return features

    def _keep(self, image_sha256: str, features: CellFeatures) -> None:
        with self._lock:
            self._kept[image_sha256] = features
            self._kept.move_to_end(image_sha256)
            while (
                len(self._kept) > 1
                and sum(one.values_hwd.nbytes for one in self._kept.values()) > _MOST_BYTES
            ):
                self._kept.popitem(last=False)

    def _path(self, image_sha256: str) -> Path:
        encoder = hashlib.sha256(self.encoder.identity.encode()).hexdigest()[:16]
        return self._folder / encoder / image_sha256[:2] / f"{image_sha256}.safetensors"

    def _sweep(self) -> None:
        """Remove the files that were used least recently, down to the limit; looked at once in a while."""
        self._writes += 1
        if self._writes % _WRITES_A_SWEEP != 1:
            return
        try:
            files = [(path, path.stat()) for path in self._folder.rglob("*.safetensors")]
            total = sum(stat.st_size for _, stat in files)
            for path, stat in sorted(files, key=lambda one: one[1].st_mtime):
                if total <= self._most_bytes_on_disk:
                    return
                path.unlink(missing_ok=True)
                total -= stat.st_size
        except OSError as error:
            _log.warning("old features cannot be removed: %s", error)


def _bytes_of(features: CellFeatures) -> bytes:
    import safetensors.numpy

    header = json.dumps({"image_size": features.image_size})
    values = np.ascontiguousarray(features.values_hwd)
    return safetensors.numpy.save({"values": values}, metadata={"header": header})


def _read(path: Path) -> CellFeatures | None:
    from safetensors import SafetensorError, safe_open

    from trainer.live.features import CellFeatures

    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("header", "{}"))
            height, width = header["image_size"]
            features = CellFeatures(file.get_tensor("values"), (int(height), int(width)))
        path.touch()
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None  # computed again
    return features

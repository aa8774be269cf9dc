"""The features and prior maps of the pictures of a simulation: each is computed once and stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from trainer.cams.signals import map_signals, review_doubt
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.images import read_rgb
from trainer.data.transforms import RgbImage
from trainer.errors import ArtifactError
from trainer.live.evidence import PictureEvidence, picture_evidence
from trainer.live.features import CellFeatures, LiveEncoder
from trainer.live.model import Knowledge
from trainer.machine.durable_write import write_atomic
from trainer.masks.pseudo_labels import pseudo_label
from trainer.models.proposal import ProposalModel
from trainer.run.map_storage import ClassMaps, Maps, load_maps, save_maps


@dataclass(frozen=True, eq=False)
class Prepared:
    """One picture as the live model sees it.

    Attributes:
        features: of its cells.
        maps: the prior's maps of its tags.
    """

    features: CellFeatures
    maps: ClassMaps

    def learned(self, knowledge: Knowledge | None) -> Maps:
        """Maps float32 (K, h, w) in [0, 1] after learning; the prior's without knowledge."""
        if knowledge is None:
            return self.maps.maps_khw
        return knowledge.maps(self.features, self.maps.maps_khw, self.maps.class_indices)


class LivePictures:
    """Prepares pictures, and stores what it computed in a folder.

    Attributes:
        model: makes the prior maps, and masks from maps.
        uses_words: whether the model is told the names of the tags; without them, every class is unknown.
    """

    def __init__(
        self,
        dataset: TaggedDataset,
        model: ProposalModel,
        encoder: LiveEncoder,
        folder: Path,
        *,
        uses_words: bool = True,
    ) -> None:
        """Args:
        dataset: the pictures.
        model, uses_words: see the attributes.
        encoder: makes the features.
        folder: where features and maps are stored, in a folder of their own for each model and encoder.
        """
        self.model = model
        self.uses_words = uses_words
        self._dataset = dataset
        self._encoder = encoder
        self.identity = hashlib.sha256(
            f"{model.mask_identity} {encoder.identity} words={uses_words}".encode()
        ).hexdigest()[:12]
        """Equal ones make equal features, maps and masks."""
        self._folder = folder / self.identity

    def prepared(self, image: TaggedImage) -> Prepared:
        """Read a picture's features and maps from the folder; compute and store them if they are missing."""
        features_path = self._folder / f"{image.id}.features.safetensors"
        maps_path = self._folder / f"{image.id}.maps.safetensors"
        try:
            maps = load_maps(maps_path)
            if maps.class_indices == image.tags:
                return Prepared(_load_features(features_path, maps.image_size), maps)
        except ArtifactError:
            pass
        picture = self.picture(image)
        values = np.ascontiguousarray(self._encoder(picture).values_hwd)
        write_atomic(features_path, safetensors.numpy.save({"features": values}))
        save_maps(maps_path, self._prior(picture, image.tags))
        # Maps are rounded when they are stored. Reading them gives the first simulation the maps of the next.
        maps = load_maps(maps_path)
        return Prepared(_load_features(features_path, maps.image_size), maps)

    def picture(self, image: TaggedImage) -> RgbImage:
        """The pixels of a picture."""
        return read_rgb(image.path)

    def mask(self, picture: RgbImage, maps_khw: Maps, class_indices: Sequence[int]) -> NDArray[np.uint8]:
        """The proposal that follows from maps, uint8 (H, W): threshold, CRF and no small pieces."""
        return pseudo_label(picture, maps_khw, class_indices, self.model.refinement)

    def evidence(self, image: TaggedImage, mask: NDArray[np.uint8]) -> PictureEvidence:
        """What an accepted mask says. Classes without a tag that it shows get prior maps as well."""
        prepared = self.prepared(image)
        painted = {int(index) for index in np.unique(mask) if 0 < index <= self._dataset.class_count}
        maps = prepared.maps
        if not painted <= set(image.tags):
            maps = self._prior(self.picture(image), tuple(sorted(painted | set(image.tags))))
        return picture_evidence(prepared.features, maps.maps_khw, maps.class_indices, mask)

    def doubt(self, maps_khw: Maps) -> float:
        """Doubt about the mask of these maps, in [0, 1], as in the studio's queue."""
        if not len(maps_khw):
            return 0.0
        signals = map_signals(maps_khw, self.model.background_threshold, None)
        return review_doubt(signals, is_self_trained=self.model.self_trained is not None)

    def _prior(self, picture: RgbImage, class_indices: tuple[int, ...]) -> ClassMaps:
        names = [self._name(index) for index in class_indices]
        maps_khw = self.model.final_maps(picture, names)
        return ClassMaps(class_indices, (picture.shape[0], picture.shape[1]), maps_khw)

    def _name(self, index: int) -> str:
        # No word list has such a name, so the class gets the map of a class that nobody knows.
        return self._dataset.class_names[index - 1] if self.uses_words else f"#{index}"


def _load_features(path: Path, image_size: tuple[int, int]) -> CellFeatures:
    try:
        values = safetensors.numpy.load_file(path)["features"]
    except (OSError, KeyError, SafetensorError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}); delete it, and it is made again.") from error
    return CellFeatures(values, image_size)

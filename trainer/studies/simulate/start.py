"""Where a simulated correction starts: the mask, maps and edges that a person would see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.data.transforms import RgbImage
from trainer.models.proposal import ProposalModel
from trainer.run.map_storage import ClassMaps, load_maps, save_maps

ZERO_SHOT = "zero-shot"


@dataclass(frozen=True, eq=False)
class Start:
    """What a correction starts from.

    Attributes:
        mask: uint8 (H, W).
        maps: the maps that the mask was made from.
        edges_hw: float32 (h, w), edges of AffinityNet; None if the run has none.
    """

    mask: NDArray[np.uint8]
    maps: ClassMaps
    edges_hw: NDArray[np.float32] | None


class Starts(Protocol):
    """Makes the starts of pictures."""

    def start(self, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]) -> Start:
        """Return the start of a picture with these tags, given by name and by mask index."""


class ModelStarts:
    """The proposals of a model: zero-shot, or a run's, also of pictures that it was not trained on."""

    def __init__(self, model: ProposalModel) -> None:
        self._model = model
        self.identity = model.mask_identity

    def start(self, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]) -> Start:
        """See `Starts`."""
        cams = self._model.cams(image_rgb, class_names)
        maps_khw = cams.cams_khw
        mask = self._model.mask(image_rgb, cams, tags)
        edges_hw = self._model.edges(image_rgb, (maps_khw.shape[1], maps_khw.shape[2]))
        return Start(mask, ClassMaps(tags, cams.image_size, maps_khw), edges_hw)


class CachedStarts:
    """Zero-shot starts that are stored in a folder, for repeated simulations of the same pictures."""

    def __init__(self, starts: ModelStarts, folder: Path) -> None:
        self._starts = starts
        safe = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in starts.identity)
        self._folder = folder / safe

    def cached(
        self, identifier: str, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]
    ) -> Start:
        """Return the start of a picture from the folder; make and store it first if it is missing."""
        mask_path = self._folder / f"{identifier}.png"
        maps_path = self._folder / f"{identifier}.safetensors"
        if mask_path.is_file():
            maps = load_maps(maps_path)
            if maps.class_indices == tags and maps.image_size == image_rgb.shape[:2]:
                return Start(read_mask(mask_path), maps, None)
        start = self._starts.start(image_rgb, class_names, tags)
        save_maps(maps_path, start.maps)
        write_mask(mask_path, start.mask)
        return start

"""Where a simulated correction starts: the mask, maps and edges that a person would have been shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.cam import CamClassifier, CamConfig, cam_identity, multi_scale_cams
from trainer.config import Recipe, RefineConfig
from trainer.crf import CrfConfig
from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.data.transforms import RgbImage
from trainer.edge_model import EdgeModel, load_edge_model
from trainer.maps import ClassMaps, load_maps, save_maps
from trainer.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.run_dir import RunDir
from trainer.stages.cams import cam_config
from trainer.stages.refine import walked_maps
from trainer.trained import load_trained
from trainer.zero_shot import load_zero_shot

ZERO_SHOT = "zero-shot"


@dataclass(frozen=True, eq=False)
class Start:
    """What a correction starts from.

    Attributes:
        mask: uint8 (H, W).
        maps: what it was made from.
        edges_hw: float32 (h, w) of AffinityNet, where a run has it.
    """

    mask: NDArray[np.uint8]
    maps: ClassMaps
    edges_hw: NDArray[np.float32] | None


class Starts(Protocol):
    """Makes starts."""

    def start(self, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]) -> Start:
        """The start of a picture with these tags, by name and by mask index."""


class ZeroShotStarts:
    """The proposals of the studio before anything was trained."""

    def __init__(self, device: str | None = None) -> None:
        self._classifier = load_zero_shot(device)
        self.identity = cam_identity(self._classifier, CamConfig())

    def start(self, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]) -> Start:
        """See `Starts`."""
        maps = _cams(self._classifier, image_rgb, class_names, tags, CamConfig())
        return Start(pseudo_label(image_rgb, maps.maps_khw, tags), maps, None)


class RunStarts:
    """Pseudo-labels by the networks of a run, of pictures it need not have seen.

    Raises:
        CheckpointError, RunDirError: the run has no classifier, or a file of it is damaged.
    """

    def __init__(self, run_dir: Path, device: str | None = None) -> None:
        directory = RunDir(run_dir)
        recipe = Recipe.model_validate(directory.manifest().recipe)
        self._classifier = load_trained(run_dir, device)
        self._cam_config, self._refine = cam_config(recipe.cams), recipe.refine
        edges = directory.model_path("affinity")
        self._edges = load_edge_model(edges, device) if edges.is_file() and recipe.refine.use_walk else None

    def start(self, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]) -> Start:
        """See `Starts`."""
        maps = _cams(self._classifier, image_rgb, class_names, tags, self._cam_config)
        edges = None
        if self._edges is not None:
            edges = _edges_of(self._edges, image_rgb, maps)
            maps = walked_maps(maps, edges, self._refine)
        return Start(pseudo_label(image_rgb, maps.maps_khw, tags, _labelling(self._refine)), maps, edges)


class CachedStarts:
    """Zero-shot starts kept in a folder, for who simulates the same pictures again and again."""

    def __init__(self, starts: ZeroShotStarts, folder: Path) -> None:
        self._starts = starts
        safe = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in starts.identity)
        self._folder = folder / safe

    def cached(
        self, identifier: str, image_rgb: RgbImage, class_names: Sequence[str], tags: tuple[int, ...]
    ) -> Start:
        """The start of a picture, from the folder or made and put there."""
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


def _cams(
    classifier: CamClassifier,
    image_rgb: RgbImage,
    class_names: Sequence[str],
    tags: tuple[int, ...],
    config: CamConfig,
) -> ClassMaps:
    maps = multi_scale_cams(classifier, image_rgb, class_names, config)
    return ClassMaps(tags, (image_rgb.shape[0], image_rgb.shape[1]), maps)


def _edges_of(model: EdgeModel, image_rgb: RgbImage, maps: ClassMaps) -> NDArray[np.float32]:
    return model.edges(image_rgb, (maps.maps_khw.shape[1], maps.maps_khw.shape[2]))


def _labelling(config: RefineConfig) -> PseudoLabelConfig:
    return PseudoLabelConfig(
        background_threshold=config.background_threshold,
        use_crf=config.use_crf,
        crf=CrfConfig(iterations=config.crf_iterations),
    )

"""The seeds of DSRG, from the CAMs of a run."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.config import AffinityConfig
from trainer.data.accepted import accepted_labels
from trainer.data.dataset import TaggedImage
from trainer.data.images import read_rgb
from trainer.data.saliency import saliency_of
from trainer.errors import TrainerUsageError
from trainer.masks.region_growing import UNSEEDED, seeds_of
from trainer.nn.encoders import EncoderSpec
from trainer.run.directory import RunDir
from trainer.run.map_storage import Maps, load_maps
from trainer.run.stage_context import StageContext
from trainer.saliency_config import SaliencyConfig
from trainer.training.dsrg_step import CELL
from trainer.training.labelled_views import LabelledViews


@dataclass(frozen=True)
class SeedSource:
    """Where seeds come from.

    Attributes:
        run_dir: has the CAMs.
        thresholds: of confident objects, and of confident background where there is no saliency map.
        saliency: where saliency maps come from; background is where they are low.
    """

    run_dir: RunDir
    thresholds: AffinityConfig
    saliency: SaliencyConfig


def seeded(context: StageContext, spec: EncoderSpec) -> LabelledViews:
    """Random views of the pictures with their seeds as labels, in cells.

    Raises:
        TrainerUsageError: no picture has a seed of a class.
    """
    recipe = context.recipe
    source = SeedSource(context.run_dir, recipe.affinity, recipe.saliency)
    if not any(_has_object(_seeds(source, image)) for image in context.dataset.images):
        raise TrainerUsageError(
            "segment.method = dsrg has no seeds to grow: no CAM exceeds affinity.foreground_threshold = "
            f"{recipe.affinity.foreground_threshold}; lower it, or set segment.method to labels."
        )
    return LabelledViews(context.dataset, functools.partial(_seeds, source), recipe.segment.view, spec, CELL)


def _has_object(seeds: NDArray[np.uint8]) -> bool:
    return bool(((seeds > 0) & (seeds != UNSEEDED)).any())


def _seeds(source: SeedSource, image: TaggedImage) -> NDArray[np.uint8]:
    """uint8 (h, w): an accepted mask, or the seeds on the grid of the CAMs; `UNSEEDED` elsewhere."""
    accepted = accepted_labels(image)
    if accepted is not None:
        return accepted
    maps = load_maps(source.run_dir.cam_path(image.id))
    return seeds_of(
        maps.maps_khw,
        maps.class_indices,
        source.thresholds.foreground_threshold,
        _background(source, image, maps.maps_khw),
    )


def _background(source: SeedSource, image: TaggedImage, maps_khw: Maps) -> NDArray[np.bool_]:
    """Where saliency is low; where the CAMs are, if there is no saliency map."""
    height, width = maps_khw.shape[1:]
    if source.saliency.source != "none":
        saliency = saliency_of(source.saliency, image, read_rgb(image.path))
        if saliency is not None:
            cells = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_AREA)
            return np.asarray(cells < source.saliency.background_threshold)
    strongest = maps_khw.max(axis=0) if len(maps_khw) else np.zeros((height, width), np.float32)
    return np.asarray(strongest < source.thresholds.background_threshold)

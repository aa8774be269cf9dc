"""Stage 2: multi-scale CAMs of the training pictures, for the classes of their tags (paper section 4.1)."""

from __future__ import annotations

from typing import Any

from trainer.cams.sources import load_sources
from trainer.config import Recipe
from trainer.contract import CAMS, CLASSIFY, Folder
from trainer.data.images import read_rgb
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.run.stage_context import StageContext
from trainer.stages.image_loop import each_image
from trainer.stages.stage import StageResult

NAME = CAMS
VERSION = 1
NEEDS = (CLASSIFY,)
USES: tuple[str, ...] = ()
MAKES = (Folder.CAMS,)
STARTS_FROM_BACKBONE = False
KEY_IS_COMPLETE = True


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Accepted masks count only through the classifier."""
    return {}


def run(context: StageContext) -> StageResult:
    """Compute and store the maps of all pictures that have none yet.

    Raises:
        CheckpointError: the classifier is missing or damaged.
        BackboneError: the recipe uses the zero-shot classifier, but its weights are not installed.
        ImageReadError: a picture was damaged or removed since the run began.
    """
    sources = load_sources(context.recipe, context.run_dir, context.device)
    for image in each_image(
        context, NAME, is_done=lambda image: context.run_dir.cam_path(image.id).is_file()
    ):
        picture = read_rgb(image.path)
        maps_khw = sources.multi_scale(picture, context.dataset.names_of(image))
        maps = ClassMaps(image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
        save_maps(context.run_dir.cam_path(image.id), maps)
    return StageResult({"pictures": len(context.dataset)})

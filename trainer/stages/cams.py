"""Stage 2: multi-scale CAMs of the training pictures, for the classes of their tags (paper section 4.1)."""

from __future__ import annotations

from typing import Any

from trainer.cams.sources import CamSources, load_sources
from trainer.config import Recipe
from trainer.contract import CAMS, CLASSIFY, Folder
from trainer.data.images import read_rgb
from trainer.live.features import load_live_encoder
from trainer.live.taught import TaughtCams, learn_from_accepted
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


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:
    """Accepted masks count through the classifier, and through the live model if the recipe asks for it."""
    return {"accepted": masks} if recipe.cams.learn_from_accepted else {}


def run(context: StageContext) -> StageResult:
    """Compute and store the maps of all pictures that have none yet.

    Raises:
        CheckpointError: the classifier is missing or damaged.
        BackboneError: the recipe uses the zero-shot classifier, but its weights are not installed.
        EncoderError: the recipe learns from accepted masks, but the weights for that are not installed.
        GroundTruthError: an accepted mask is damaged.
        ImageReadError: a picture was damaged or removed since the run began.
    """
    sources = load_sources(context.recipe, context.run_dir, context.device)
    taught = _taught(context, sources)
    for image in each_image(
        context, NAME, is_done=lambda image: context.run_dir.cam_path(image.id).is_file()
    ):
        picture = read_rgb(image.path)
        names = context.dataset.names_of(image)
        if taught is None:
            maps_khw = sources.multi_scale(picture, names)
        else:
            maps_khw = taught.multi_scale(picture, names, image.tags)
        maps = ClassMaps(image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
        save_maps(context.run_dir.cam_path(image.id), maps)
    return StageResult({"pictures": len(context.dataset)})


def _taught(context: StageContext, sources: CamSources) -> TaughtCams | None:
    """The live model of the dataset's accepted masks; None if the recipe leaves it out or there are none."""
    recipe = context.recipe
    if not (recipe.cams.learn_from_accepted and context.dataset.accepted):
        return None
    encoder = load_live_encoder(context.device)
    threshold = recipe.evaluate.cam_threshold
    return learn_from_accepted(context.dataset, sources, encoder, threshold, context.stop.check)

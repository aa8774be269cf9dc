"""Stage 2: multi-scale CAMs of the training pictures, for the classes of their tags (paper section 4.1)."""

from __future__ import annotations

from trainer.cams.sources import load_sources
from trainer.data.images import read_rgb
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.run.stage_context import StageContext
from trainer.stages import classify
from trainer.stages.image_loop import each_image
from trainer.stages.stage import StageResult

NAME = "cams"
NEEDS = (classify.NAME,)
USES: tuple[str, ...] = ()
MAKES = ("cams",)
VERSION = 1


def run(context: StageContext) -> StageResult:
    """Compute and store the maps of every picture that has none yet.

    Raises:
        CheckpointError: the classifier is missing or damaged.
        BackboneError: the zero-shot classifier is wanted and its weights are not installed.
        ImageReadError: a picture went bad since the run began.
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

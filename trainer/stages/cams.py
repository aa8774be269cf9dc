"""Stage 2: multi-scale CAMs of the training pictures, for the classes of their tags (paper section 4.1)."""

from __future__ import annotations

from trainer.cam import CamConfig, multi_scale_cams
from trainer.config import CamsConfig
from trainer.data.images import read_rgb
from trainer.maps import ClassMaps, save_maps
from trainer.stages import classify
from trainer.stages.image_loop import each_image
from trainer.stages.stage import StageContext, StageResult
from trainer.trained import load_classifier

NAME = "cams"
NEEDS = (classify.NAME,)
USES: tuple[str, ...] = ()
MAKES = ("cams",)
VERSION = 1


def run(context: StageContext) -> StageResult:
    """Compute and store the maps of every picture that has none yet.

    Raises:
        CheckpointError: the classifier is missing or damaged.
        ImageReadError: a picture went bad since the run began.
    """
    config = cam_config(context.recipe.cams)
    classifier = load_classifier(
        context.run_dir.model_path(classify.NAME),
        context.device,
        affinity_power=context.recipe.cams.affinity_power,
    )
    for image in each_image(
        context, NAME, is_done=lambda image: context.run_dir.cam_path(image.id).is_file()
    ):
        picture = read_rgb(image.path)
        maps_khw = multi_scale_cams(classifier, picture, context.dataset.names_of(image), config)
        maps = ClassMaps(image.tags, (picture.shape[0], picture.shape[1]), maps_khw)
        save_maps(context.run_dir.cam_path(image.id), maps)
    return StageResult({"pictures": len(context.dataset)})


def cam_config(config: CamsConfig) -> CamConfig:
    """The recipe's settings as those of `trainer.cam`."""
    return CamConfig(scales=config.scales, flip=config.flip, max_side=config.max_side)

"""What methods need of a recipe and a dataset, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Collection

from trainer.config import Recipe
from trainer.contract import CLASSIFY, SEGMENT
from trainer.data.dataset import TaggedDataset
from trainer.data.saliency import NO_SALIENCY
from trainer.errors import TrainerUsageError
from trainer.masks.crf import CrfUnavailableError, crf_available
from trainer.training.icd_directions import single_tag_pictures


def check_methods(recipe: Recipe, dataset: TaggedDataset, stages: Collection[str]) -> None:
    """Refuse methods that cannot be trained.

    Args:
        recipe: names the methods.
        dataset: the pictures to train on.
        stages: that will run; the others are not checked.

    Raises:
        TrainerUsageError: in one sentence, what is missing and what to do.
        CrfUnavailableError: the dense CRF is missing, without which a method cannot be trained.
    """
    if CLASSIFY in stages and recipe.classify.method == "icd":
        _check_icd(recipe, dataset)
    if SEGMENT in stages and recipe.segment.enabled and recipe.segment.method == "dsrg":
        _check_dsrg(recipe, dataset)


def saliency_deviation(recipe: Recipe, stage: str) -> str | None:
    """What to tell people of a stage whose method was published with saliency maps, if there are none."""
    published_with_it = {
        CLASSIFY: recipe.classify.method in ("seenet", "ficklenet"),
        SEGMENT: recipe.segment.method == "dsrg",
    }
    return NO_SALIENCY if published_with_it[stage] and recipe.saliency.source == "none" else None


def _check_icd(recipe: Recipe, dataset: TaggedDataset) -> None:
    if recipe.classify.epochs < 2:
        raise TrainerUsageError(
            f"classify.method = icd needs at least 2 epochs, because the first one trains the features that "
            f"the others compare, but classify.epochs is {recipe.classify.epochs}; raise it."
        )
    alone = single_tag_pictures(dataset)
    lacking = [dataset.class_names[tag - 1] for tag, images in alone.items() if not images]
    if lacking or not alone:
        said = f"there is none of {', '.join(lacking)}" if lacking else "no picture has a tag"
        raise TrainerUsageError(
            f"classify.method = icd needs, for each class, a picture that has this tag alone, but {said}; "
            "add such pictures or choose another method."
        )


def _check_dsrg(recipe: Recipe, dataset: TaggedDataset) -> None:
    if not crf_available().available:
        raise CrfUnavailableError(f"segment.method = dsrg needs the dense CRF. {crf_available().reason}")
    if not any(image.tags for image in dataset.images):
        raise TrainerUsageError(
            "segment.method = dsrg has no seeds to grow: they lie where the CAMs of tags are high, but no "
            "picture has a tag; tag the pictures, or set segment.method to labels."
        )
    if recipe.affinity.foreground_threshold >= 1.0:
        raise TrainerUsageError(
            "segment.method = dsrg has no seeds to grow: no CAM exceeds affinity.foreground_threshold = "
            f"{recipe.affinity.foreground_threshold}; lower it, or set segment.method to labels."
        )

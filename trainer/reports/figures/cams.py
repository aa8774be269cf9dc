"""Figures 1 and 3 of the paper: CAMs of whole and tiled pictures, and of combinations of loss terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.cams.config import CamConfig
from trainer.cams.inspection import PuzzleLook, puzzle_look
from trainer.cams.sources import cam_config
from trainer.cams.trained import TrainedClassifier, load_classifier
from trainer.classify_config import PuzzleLossConfig
from trainer.config import Recipe
from trainer.contract import CLASSIFY
from trainer.nn.losses import EPSILON
from trainer.recipes import recipe_from
from trainer.reports.figures.pictures import EVENLY, Photo, dataset_of, photos, run_line
from trainer.reports.figures.sheet import CELL_PX, Cell, Sheet
from trainer.reports.pictures import heat_picture, small_picture
from trainer.run.directory import Manifest, RunDir
from trainer.run.map_storage import ClassMaps, Maps, load_maps

PREDICTED_ABOVE = 0.5
"""A class with a probability above this is a predicted tag."""


@dataclass(frozen=True, eq=False)
class ClassifierOfRun:
    """A run's own classifier at one scale, without zero-shot maps, spreading, random walk or CRF."""

    manifest: Manifest
    recipe: Recipe
    classifier: TrainedClassifier

    @staticmethod
    def recipe_of(directory: RunDir) -> Recipe:
        """The recipe in a run's manifest; errors as for `RunDir.manifest` and `recipe_from`."""
        return recipe_from(directory.manifest().recipe, where=f"The recipe of {directory.path}")

    @classmethod
    def of(cls, directory: RunDir) -> ClassifierOfRun | None:
        """The classifier of a run; None if the run has not trained it."""
        path = directory.model_path(CLASSIFY)
        recipe = cls.recipe_of(directory)
        if not path.is_file():
            return None
        return cls(directory.manifest(), recipe, load_classifier(path))

    @property
    def config(self) -> CamConfig:
        """How its CAMs are computed, with the number of tiles that it was trained with."""
        tiles = self.recipe.classify.loss.tiles_per_side
        return replace_tiles(cam_config(self.recipe.cams), tiles)

    def look(self, photo: Photo) -> PuzzleLook:
        """Whole and tiled maps of the tags, and the losses and logits of every class."""
        others = [name for name in self.manifest.dataset.class_names if name not in photo.names]
        return puzzle_look(
            self.classifier, photo.pixels, photo.names, others, self.config, self.recipe.classify.method_loss
        )


def replace_tiles(config: CamConfig, tiles_per_side: int) -> CamConfig:
    """The same settings with another number of tiles."""
    return config.model_copy(update={"tiles_per_side": tiles_per_side})


def loss_terms(loss: PuzzleLossConfig) -> str:
    """The terms of equation 7 that a classifier was trained with.

    >>> loss_terms(PuzzleLossConfig(reconstruction=False))
    'L_cls + L_p-cls'
    """
    terms = ["L_cls", *(["L_p-cls"] if loss.tile_classification else [])]
    if loss.reconstruction and loss.alpha > 0:
        terms.append("L_re" if loss.alpha == 1 else f"{loss.alpha:g} L_re")
    return " + ".join(terms)


def predicted_tags(look: PuzzleLook, logit_offset: float) -> list[tuple[str, float]]:
    """Classes that the classifier predicts for the whole picture, with their probability, highest first.

    Args:
        look: of a picture.
        logit_offset: the one that the classifier was trained with.
    """
    classes = look.loss.classes if look.loss else ()
    found = [(one.name, _sigmoid(one.whole_logit + logit_offset)) for one in classes]
    return sorted((one for one in found if one[1] > PREDICTED_ABOVE), key=lambda one: -one[1])


def puzzle_sheet(directory: RunDir, baseline: RunDir | None, count: int) -> tuple[Sheet | None, str | None]:
    """Figure 1: CAMs (a) of the whole picture, (b) of its tiles, and (c) of the run, in the paper Puzzle-CAM.

    Returns:
        The figure, or None if it cannot be drawn; and a sentence about what is missing, or None.
    """
    run = ClassifierOfRun.of(directory)
    if run is None:
        return None, "Figure 1 needs a trained classifier; run the stage classify first."
    dataset = dataset_of(run.manifest, run.manifest.dataset.split)
    if isinstance(dataset, str):
        return None, f"Figure 1 cannot be drawn. {dataset}"
    conventional = run if baseline is None else ClassifierOfRun.of(baseline)
    if conventional is None:
        return None, "Figure 1 needs the classifier of the baseline; run its stage classify first."
    own = loss_terms(run.recipe.classify.loss)
    rows = []
    for photo in photos(dataset, count):
        seen = conventional.look(photo)
        final, kind = _final(directory, run, photo, is_single=baseline is not None)
        first = photo.image.tags[0]
        rows.append(
            (
                "",
                (
                    Cell(small_picture(photo.pixels, CELL_PX), (photo.image.id,)),
                    _heat(photo, (first,), seen.whole_thw[:1], photo.names[0]),
                    _heat(
                        photo,
                        (first,),
                        seen.tiled_thw[:1],
                        f"disagreement with (a): {float(seen.disagreement_t[0]):.3f}",
                    ),
                    _heat(photo, (first,), final[:1], photo.names[0]),
                ),
            )
        )
    note = None
    if baseline is None:
        note = (
            "In figure 1, (a) and (b) are CAMs of the run's own classifier; to compare with a conventional "
            "classifier, as the paper does, name a run without L_p-cls and L_re as the baseline."
        )
    theirs = loss_terms(conventional.recipe.classify.loss)
    tiles = conventional.config.tiles_per_side
    lines = (
        f"(a), (b): classifier trained with {theirs}, at one scale; (b) is merged from {tiles} x {tiles} "
        f"tiles; both are divided by the larger of their maxima. (c): {kind}.",
        "A picture with several tags shows the first one. Disagreement is one minus the soft IoU of (a) and "
        "(b); 0 means equal.",
        *([f"Baseline: {run_line(conventional.manifest, dataset.split)}"] if baseline else []),
        run_line(run.manifest, dataset.split),
        EVENLY,
    )
    a_title = f"(a) whole picture, {theirs}"
    columns = ("Photograph", a_title, f"(b) tiles, {theirs}", f"(c) the run, {own}")
    return Sheet("CAMs generated from tiled and original pictures", columns, tuple(rows), lines, True), note


def _final(directory: RunDir, run: ClassifierOfRun, photo: Photo, *, is_single: bool) -> tuple[Maps, str]:
    path = directory.cam_path(photo.image.id)
    if is_single or not path.is_file():
        return run.look(
            photo
        ).whole_thw, f"classifier trained with {loss_terms(run.recipe.classify.loss)}, at one scale"
    cams = run.recipe.cams
    scales = ", ".join(f"{scale:g}" for scale in sorted(cams.scales))
    kind = f"the run's CAMs at scales {scales}{', with mirror images' if cams.flip else ''}"
    if cams.affinity_power:
        kind += f", spread over similar features (power {cams.affinity_power:g})"
    if cams.zero_shot_share:
        kind += f", with a share of {cams.zero_shot_share:.0%} for the zero-shot classifier"
    return load_maps(path).maps_khw, kind


def terms_sheet(directory: RunDir, others: Sequence[RunDir], count: int) -> tuple[Sheet | None, str | None]:
    """Figure 3: predicted tags and CAMs of classifiers trained with different loss terms.

    Returns:
        The figure, or None if it cannot be drawn; and a sentence about what is missing, or None.
    """
    own = ClassifierOfRun.of(directory)
    if own is None:
        return None, "Figure 3 needs a trained classifier; run the stage classify first."
    dataset = dataset_of(own.manifest, own.manifest.dataset.split)
    if isinstance(dataset, str):
        return None, f"Figure 3 cannot be drawn. {dataset}"
    found = [ClassifierOfRun.of(one) for one in others if one.path.resolve() != directory.path.resolve()]
    left_out = sum(one is None for one in found)
    runs = sorted([own, *(one for one in found if one is not None)], key=_order)
    rows = []
    for photo in photos(dataset, count):
        cells = [
            Cell(small_picture(photo.pixels, CELL_PX), (photo.image.id, f"tags: {', '.join(photo.names)}"))
        ]
        for run in runs:
            look = run.look(photo)
            tags = predicted_tags(look, run.recipe.classify.loss.logit_offset)
            predicted = ", ".join(f"{name} {share:.0%}" for name, share in tags)
            cells.append(
                _heat(
                    photo,
                    photo.image.tags,
                    _over_own_maximum(look.whole_thw),
                    predicted or "no class above 50 %",
                )
            )
        rows.append(("", tuple(cells)))
    letters = "bcdefghijklmnopqrstuvwxyz"
    columns = (
        "(a) photograph",
        *(f"({letters[n % 25]}) {loss_terms(run.recipe.classify.loss)}" for n, run in enumerate(runs)),
    )
    lines = (
        "CAMs of the tags at one scale, each divided by its maximum; each pixel shows the strongest. Below: "
        "classes that the classifier predicts for the whole picture, with their probability.",
        *(f"({letters[n % 25]}) {run_line(run.manifest, dataset.split)}" for n, run in enumerate(runs)),
        EVENLY,
    )
    notes = []
    if len(runs) == 1:
        notes.append(
            "Figure 3 compares loss terms, but there is only one run; name other runs, or the folder that "
            "`ablate` wrote."
        )
    if left_out:
        notes.append(f"{left_out} runs have no trained classifier and are not in figure 3.")
    title = "Predicted tags and CAMs for combinations of loss terms"
    return Sheet(title, columns, tuple(rows), lines, True), " ".join(notes) or None


def _order(run: ClassifierOfRun) -> tuple[bool, bool]:
    loss = run.recipe.classify.loss
    return loss.reconstruction and loss.alpha > 0, loss.tile_classification


def _heat(photo: Photo, tags: Sequence[int], maps_khw: Maps, line: str) -> Cell:
    height, width = photo.pixels.shape[:2]
    maps = ClassMaps(tuple(tags), (height, width), maps_khw)
    return Cell(heat_picture(photo.pixels, maps, CELL_PX), (line,))


def _over_own_maximum(maps_khw: Maps) -> Maps:
    """Divide each map by its own maximum; whole and tiled maps were divided by a common one."""
    divided: Maps = maps_khw / (maps_khw.max(axis=(1, 2), keepdims=True) + EPSILON)
    return divided


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -700 else 0.0

"""Stage 7: measure every output against ground truth, if there is any; nothing is ever chosen by it.

Pictures whose mask a person accepted were trained on as truth, so they are left out of every figure.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trainer.config import Recipe
from trainer.contract import (
    CAMS,
    EVALUATE,
    MAX_ROUNDS,
    METRICS_FILE,
    PIXELS,
    REFINE,
    RELABEL,
    SEGMENT,
    STAGES,
    EventKind,
    Measured,
    Metrics,
    MetricsRow,
    in_round,
    stages_of,
)
from trainer.data.dataset import TaggedDataset
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, unreadable_masks
from trainer.machine.durable_write import write_atomic
from trainer.masks.crf import crf_available
from trainer.masks.crf_oracle import best_crf_score
from trainer.masks.evaluation import NO_CLASSES, Evaluation, evaluate_maps, evaluate_masks
from trainer.run.stage_context import StageContext
from trainer.stages.stage import StageResult

NAME = EVALUATE
VERSION = 2
NEEDS: tuple[str, ...] = ()
USES = (CAMS, PIXELS, REFINE, SEGMENT, *(name for name in stages_of(MAX_ROUNDS) if name not in STAGES))
MAKES = (METRICS_FILE,)
STARTS_FROM_BACKBONE = False
KEY_IS_COMPLETE = False
"""It also reads ground truth, which is not part of the key and may be added later."""

NOTE = (
    "Honest: last epoch, threshold fixed beforehand. Oracle: threshold chosen with the ground truth. "
    "Figures of different datasets, splits or backbones cannot be compared."
)


def accepted_key(recipe: Recipe, masks: str) -> dict[str, Any]:  # noqa: ARG001
    """Pictures with an accepted mask are not measured."""
    return {"accepted": masks}


def run(context: StageContext) -> StageResult:
    """Write metrics.json; without ground truth that can be read it has no rows, and its note says why.

    Raises:
        GroundTruthError, ArtifactError, EvaluationError: a file is damaged or does not fit its picture.
    """
    if not context.processes.is_main:
        return StageResult()
    unreadable = unreadable_masks(context.dataset)
    found = [] if unreadable else [one for one in _evaluations(context) if one[2].pictures]
    if found and not any(evaluation.has_classes for _, _, evaluation in found):
        found, unreadable = [], f"The masks in {context.dataset.root} {NO_CLASSES}"
    rows = [_row(context, output, split, evaluation) for output, split, evaluation in found]
    metrics: Metrics = {
        "format": "puzzlecam-metrics",
        "version": 1,
        "classes": ["background", *context.dataset.class_names],
        "absent_classes": context.recipe.evaluate.absent_classes,
        "note": _note(context, unreadable, is_measured=bool(rows)),
        "rows": rows,
    }
    if context.dataset.accepted:
        metrics["accepted_left_out"] = len(context.dataset.accepted)
    text = json.dumps(metrics, indent=2, ensure_ascii=False)
    write_atomic(context.run_dir.metrics_path, text.encode())
    kinds: tuple[Literal["honest", "oracle"], ...] = ("honest", "oracle")
    figures = {row["name"]: {kind: _miou(row, kind) for kind in kinds} for row in rows}
    context.events.write(EventKind.METRICS, stage=NAME, miou=figures)
    pictures = {row["name"]: row["pictures"] for row in rows}
    return StageResult(
        {"miou": figures, "pictures": pictures}, skipped=None if rows else _why_not_measured(context)
    )


def _why_not_measured(context: StageContext) -> str:
    if len(context.dataset.accepted) == len(context.dataset):
        return "Every picture has an accepted mask, which the run learned from; none is left to measure."
    return "There are no ground-truth masks to measure against."


def _note(context: StageContext, unreadable: str | None, *, is_measured: bool) -> str:
    accepted = len(context.dataset.accepted)
    if unreadable is not None:
        return f"Nothing was measured. {unreadable}"
    if not is_measured and accepted < len(context.dataset):
        return f"There are no ground-truth masks in {context.dataset.root}; nothing was measured."
    left_out = (
        f" {accepted} pictures with an accepted mask were trained on as truth and are left out."
        if accepted
        else ""
    )
    return NOTE + left_out


def _measured(context: StageContext) -> TaggedDataset:
    """The training pictures without an accepted mask."""
    return context.dataset.without([image.id for image in context.dataset.accepted])


@dataclass(frozen=True)
class _Output:
    """What is measured: an output of a round."""

    kind: Measured
    round_number: int = 1

    @property
    def name(self) -> str:
        """Its name in metrics.json."""
        return in_round(self.kind, self.round_number)


def _evaluations(context: StageContext) -> Iterator[tuple[_Output, str, Evaluation]]:
    """Output, split and figures of everything that was made with these settings."""
    config, directory, split = context.recipe.evaluate, context.run_dir, context.dataset.split
    if CAMS in context.inputs:
        yield _Output(Measured.CAM), split, _maps(context, directory.cam_path, config.cam_threshold)
    if PIXELS in context.inputs and context.recipe.self_trains:
        maps = _maps(context, directory.pixels_path, config.pixels_threshold)
        yield _Output(Measured.PIXELS), split, maps
    if REFINE in context.inputs:
        if _has_walk(context):
            yield _Output(Measured.WALK), split, _maps(context, directory.walk_path, config.walk_threshold)
        yield _Output(Measured.PSEUDO), split, _pseudo_labels(context)
    yield from _segmentation(context, 1)
    for number in range(2, context.recipe.rounds + 1):
        if in_round(RELABEL, number) in context.inputs:
            masks = _masks(
                context,
                _measured(context).ids,
                functools.partial(directory.pseudo_path, round_number=number),
            )
            yield _Output(Measured.PSEUDO, number), split, masks
        yield from _segmentation(context, number)


def _segmentation(context: StageContext, number: int) -> Iterator[tuple[_Output, str, Evaluation]]:
    """The predictions of the network of a round, if there are any."""
    split = context.recipe.segment.predict_split
    is_made = context.run_dir.predictions_path(split, number).is_dir()
    if in_round(SEGMENT, number) in context.inputs and is_made:
        yield _Output(Measured.SEGMENTATION, number), split, _predictions(context, split, number)


def _has_walk(context: StageContext) -> bool:
    return all(context.run_dir.walk_path(identifier).is_file() for identifier in context.dataset.ids)


def _title(context: StageContext, output: _Output) -> str:
    name = output.kind
    start = f"Round {output.round_number}: " if output.round_number > 1 else ""
    if name is Measured.SEGMENTATION:
        return f"{start}segmentation network" if start else "Segmentation network"
    crf = context.recipe.refine.use_crf and crf_available().available
    if start:
        has_walk = context.recipe.relabel.use_walk and context.recipe.walks
        taken = {"random walk": has_walk, "CRF": crf}
        return start + " + ".join(
            ["network held to the tags", *(step for step, is_taken in taken.items() if is_taken)]
        )
    steps = {
        "self-training": context.recipe.self_trains and name is not Measured.CAM,
        "random walk": name in {Measured.WALK, Measured.PSEUDO} and _has_walk(context),
        "CRF": name is Measured.PSEUDO and crf,
    }
    return " + ".join(["CAM", *(step for step, is_taken in steps.items() if is_taken)])


def _maps(context: StageContext, path_of: Callable[[str], Path], threshold: float) -> Evaluation:
    config = context.recipe.evaluate
    return evaluate_maps(
        _measured(context).ids,
        path_of,
        GroundTruth.of(context.dataset),
        context.dataset.class_count + 1,
        honest_threshold=threshold,
        oracle_thresholds=[float(value) for value in np.linspace(0, 1, config.oracle_thresholds + 2)[1:-1]],
        absent=config.absent_classes,
    )


def _masks(context: StageContext, ids: Sequence[str], path_of: Callable[[str], Path]) -> Evaluation:
    return evaluate_masks(
        ids,
        path_of,
        GroundTruth.of(context.dataset),
        context.dataset.class_count + 1,
        absent=context.recipe.evaluate.absent_classes,
    )


def _pseudo_labels(context: StageContext) -> Evaluation:
    config, refine, directory = context.recipe.evaluate, context.recipe.refine, context.run_dir
    honest = _masks(context, _measured(context).ids, directory.pseudo_path)
    if not (refine.use_crf and crf_available().available):
        return honest
    oracle = best_crf_score(
        _measured(context).images,
        directory.walk_path if _has_walk(context) else directory.seed_path,
        GroundTruth.of(context.dataset),
        context.dataset.class_count + 1,
        thresholds=config.crf_oracle_thresholds,
        iterations=refine.crf_iterations,
        min_piece_share=refine.min_piece_share,
        absent=config.absent_classes,
    )
    if oracle is not None and oracle.miou < honest.honest.miou:
        # The fixed threshold may not be among those that were tried.
        oracle = replace(honest.honest, threshold=refine.background_threshold)
    return replace(honest, oracle=oracle)


def _predictions(context: StageContext, split: str, round_number: int) -> Evaluation:
    def path_of(identifier: str) -> Path:
        return context.run_dir.prediction_path(split, identifier, round_number)

    # A picture that could not be read has no prediction; the log says so.
    taught = {image.id for image in context.dataset.accepted}
    predicted = open_dataset(context.dataset.root, split).without(taught)
    ids = [name for name in predicted.ids if path_of(name).is_file()]
    return _masks(context, ids, path_of)


def _row(context: StageContext, output: _Output, split: str, evaluation: Evaluation) -> MetricsRow:
    oracle = evaluation.oracle
    return {
        "name": output.name,
        "title": _title(context, output),
        "split": split,
        "pictures": evaluation.pictures,
        "honest": evaluation.honest.as_json(),
        "oracle": oracle.as_json() if oracle else None,
    }


def _miou(row: MetricsRow, kind: Literal["honest", "oracle"]) -> float | None:
    score = row[kind]
    return None if score is None else score["miou"]

"""Stage 7: measure every output against ground truth, if there is any; nothing is ever chosen by it.

Pictures whose mask a person accepted were trained on as truth, so they are left out of every figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trainer.config import Recipe
from trainer.contract import (
    CAMS,
    EVALUATE,
    METRICS_FILE,
    PIXELS,
    REFINE,
    SEGMENT,
    EventKind,
    Measured,
    Metrics,
    MetricsRow,
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
USES = (CAMS, PIXELS, REFINE, SEGMENT)
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
    rows = [_row(context, name, split, evaluation) for name, split, evaluation in found]
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


def _evaluations(context: StageContext) -> Iterator[tuple[Measured, str, Evaluation]]:
    """Name, split and figures of every output that was made with these settings."""
    config, directory, split = context.recipe.evaluate, context.run_dir, context.dataset.split
    if CAMS in context.inputs:
        yield Measured.CAM, split, _maps(context, directory.cam_path, config.cam_threshold)
    if PIXELS in context.inputs and context.recipe.self_trains:
        yield Measured.PIXELS, split, _maps(context, directory.pixels_path, config.pixels_threshold)
    if REFINE in context.inputs:
        if _has_walk(context):
            yield Measured.WALK, split, _maps(context, directory.walk_path, config.walk_threshold)
        yield Measured.PSEUDO, split, _pseudo_labels(context)
    predicted = context.recipe.segment.predict_split
    if SEGMENT in context.inputs and directory.predictions_path(predicted).is_dir():
        yield Measured.SEGMENTATION, predicted, _predictions(context, predicted)


def _has_walk(context: StageContext) -> bool:
    return all(context.run_dir.walk_path(identifier).is_file() for identifier in context.dataset.ids)


def _title(context: StageContext, name: Measured) -> str:
    if name is Measured.SEGMENTATION:
        return "Segmentation network"
    crf = context.recipe.refine.use_crf and crf_available().available
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


def _predictions(context: StageContext, split: str) -> Evaluation:
    def path_of(identifier: str) -> Path:
        return context.run_dir.prediction_path(split, identifier)

    # A picture that could not be read has no prediction; the log says so.
    taught = {image.id for image in context.dataset.accepted}
    predicted = open_dataset(context.dataset.root, split).without(taught)
    ids = [name for name in predicted.ids if path_of(name).is_file()]
    return _masks(context, ids, path_of)


def _row(context: StageContext, name: Measured, split: str, evaluation: Evaluation) -> MetricsRow:
    oracle = evaluation.oracle
    return {
        "name": name,
        "title": _title(context, name),
        "split": split,
        "pictures": evaluation.pictures,
        "honest": evaluation.honest.as_json(),
        "oracle": oracle.as_json() if oracle else None,
    }


def _miou(row: MetricsRow, kind: Literal["honest", "oracle"]) -> float | None:
    score = row[kind]
    return None if score is None else score["miou"]

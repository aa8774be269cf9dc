"""Mean IoU of maps and masks against ground truth: honest figures and oracle figures, kept apart.

Honest: at a threshold that was fixed beforehand, as for a user without ground truth. Oracle: at the best
threshold, which was found with the ground truth; an upper bound, never a result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.contract import FailureCode, ScoreFields
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.errors import TrainerError
from trainer.machine.device import available_cpu_count
from trainer.masks.metrics import Confusion, ThresholdSweep, confusion_matrix, iou_per_class
from trainer.run.map_storage import ClassMaps, load_maps

AbsentClasses = Literal["skip", "zero"]
R = TypeVar("R")


class EvaluationError(TrainerError):
    """Prediction and ground truth do not match; the message names the picture."""

    code = FailureCode.BAD_DATASET


@dataclass(frozen=True)
class Score:
    """A mean IoU, and the IoU of each class.

    Attributes:
        miou: mean IoU in [0, 1]; NaN if no pixel could be counted.
        per_class: IoU in [0, 1] by class, background first; None for a class in neither truth nor prediction.
        threshold: background threshold in [0, 1]; None for masks.
    """

    miou: float
    per_class: tuple[float | None, ...]
    threshold: float | None = None

    def as_json(self) -> ScoreFields:
        """JSON values; a mean of NaN becomes null."""
        miou = None if np.isnan(self.miou) else round(self.miou, 6)
        threshold = None if self.threshold is None else round(self.threshold, 6)
        per_class = [None if value is None else round(value, 6) for value in self.per_class]
        return {"miou": miou, "threshold": threshold, "per_class": per_class}


@dataclass(frozen=True)
class Evaluation:
    """The figures of one output on a list of pictures.

    Attributes:
        pictures: how many were measured.
        honest: the score at the threshold that was fixed beforehand.
        oracle: the best score; None if the output has no threshold.
        has_classes: whether the ground truth has a pixel that is neither background nor void.
    """

    pictures: int
    honest: Score
    oracle: Score | None
    has_classes: bool


NO_CLASSES = (
    "hold only background (0) and void (255), so there is no object to measure; give objects the index of "
    "their class."
)
"""What is wrong with ground truth for which `Evaluation.has_classes` is false."""


def score_of(confusion: Confusion, absent: AbsentClasses, threshold: float | None = None) -> Score:
    """The score of a confusion matrix.

    Args:
        confusion: int64 (C, C), see `trainer.masks.metrics.confusion_matrix`.
        absent: a class in neither truth nor prediction is left out of the mean ("skip") or counts as zero
            ("zero"), as in the 2021 reference.
        threshold: becomes the field of that name.
    """
    ious = iou_per_class(confusion)
    present = ious[~np.isnan(ious)]
    if present.size == 0:
        miou = float("nan")
    else:
        miou = float(present.mean() if absent == "skip" else present.sum() / len(ious))
    per_class = tuple(None if np.isnan(value) else float(value) for value in ious)
    return Score(miou, per_class, threshold)


def evaluate_maps(
    ids: Sequence[str],
    path_of: Callable[[str], Path],
    truth: GroundTruth,
    class_count: int,
    *,
    honest_threshold: float,
    oracle_thresholds: Sequence[float],
    absent: AbsentClasses = "skip",
) -> Evaluation:
    """Score class maps: a pixel has the class of its strongest map if that exceeds the threshold, else 0.

    Args:
        ids: pictures; those without ground truth are left out.
        path_of: file of a picture's maps (`trainer.run.map_storage`).
        truth: masks.
        class_count: classes, background included.
        honest_threshold: fixed beforehand, in [0, 1].
        oracle_thresholds: in [0, 1]; the best of these and the honest one is found with the ground truth.
        absent: see `score_of`.

    Raises:
        ArtifactError, GroundTruthError: a file is missing or damaged.
        EvaluationError: maps and mask differ in size.
    """
    # float32 as in the sweep, so that the honest threshold is found among them.
    honest = float(np.float32(honest_threshold))
    thresholds = sorted({honest, *(float(np.float32(value)) for value in oracle_thresholds)})
    sweep = ThresholdSweep(thresholds, class_count)

    def winners(identifier: str) -> tuple[str, NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
        return identifier, truth.mask(identifier), *strongest_class(load_maps(path_of(identifier)))

    measured = [identifier for identifier in ids if truth.has(identifier)]
    for identifier, mask, strongest, score in _in_threads(winners, measured):
        _check_size(identifier, mask, strongest)
        sweep.add(mask, strongest, score)
    confusions = sweep.confusions()
    scores = [
        score_of(confusion, absent, threshold)
        for confusion, threshold in zip(confusions, thresholds, strict=True)
    ]
    best = max(scores, key=lambda score: (not np.isnan(score.miou), score.miou))
    return Evaluation(len(measured), scores[thresholds.index(honest)], best, bool(confusions[0][1:].any()))


def evaluate_masks(
    ids: Sequence[str],
    path_of: Callable[[str], Path],
    truth: GroundTruth,
    class_count: int,
    *,
    absent: AbsentClasses = "skip",
) -> Evaluation:
    """Score masks of class indices; arguments and errors as for `evaluate_maps`.

    An index that is none of the classes is an EvaluationError too.
    """
    confusion = np.zeros((class_count, class_count), dtype=np.int64)

    def masks(identifier: str) -> tuple[str, NDArray[np.uint8], NDArray[np.uint8]]:
        return identifier, truth.mask(identifier), read_mask(path_of(identifier))

    measured = [identifier for identifier in ids if truth.has(identifier)]
    for identifier, mask, prediction in _in_threads(masks, measured):
        _check_size(identifier, mask, prediction)
        try:
            confusion += confusion_matrix(mask, prediction, class_count)
        except ValueError as error:
            raise EvaluationError(f"Picture {identifier} cannot be measured: {error}") from error
    return Evaluation(len(measured), score_of(confusion, absent), None, bool(confusion[1:].any()))


def strongest_class(maps: ClassMaps) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Class index uint8 (H, W) of the strongest map of each pixel, and its value float32 (H, W) in [0, 1].

    Where there are no maps, or all are zero, the value is 0 and the class is meaningless.
    """
    height, width = maps.image_size
    strongest = np.ones((height, width), dtype=np.uint8)
    score = np.zeros((height, width), dtype=np.float32)
    for index, plane in zip(maps.class_indices, maps.maps_khw, strict=True):
        candidate = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        wins = candidate > score
        strongest[wins] = index
        np.maximum(score, candidate, out=score)
    return strongest, score


def _in_threads(function: Callable[[str], R], ids: Iterable[str]) -> Iterator[R]:
    """Results in order; only a few wait at a time, since each holds several arrays of a picture's size."""
    workers = available_cpu_count()
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for identifier in ids:
            waiting.append(pool.submit(function, identifier))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _check_size(identifier: str, truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> None:
    if truth.shape != prediction.shape:
        raise EvaluationError(
            f"Picture {identifier}: the prediction is {prediction.shape[0]} x {prediction.shape[1]} pixels, "
            f"the ground truth {truth.shape[0]} x {truth.shape[1]}; both must have the size of the picture."
        )

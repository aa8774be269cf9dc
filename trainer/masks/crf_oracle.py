"""The oracle figure of the pseudo-labels: the best mean IoU that any background threshold could reach."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.dataset import TaggedImage
from trainer.data.ground_truth import GroundTruth
from trainer.data.images import read_rgb
from trainer.machine.image_pool import map_images
from trainer.masks.crf import CrfConfig
from trainer.masks.evaluation import AbsentClasses, Score, score_of
from trainer.masks.image_crf import ImageCrf
from trainer.masks.metrics import Confusion, confusion_matrix
from trainer.masks.pieces import drop_small_pieces
from trainer.masks.pseudo_labels import threshold_labels
from trainer.run.map_storage import load_maps


@dataclass(frozen=True)
class _Work:
    """What a worker needs besides the picture."""

    truth: GroundTruth
    thresholds: tuple[float, ...]
    class_count: int
    crf: CrfConfig
    min_piece_share: float


def best_crf_score(
    images: Sequence[TaggedImage],
    maps_path: Callable[[str], Path],
    truth: GroundTruth,
    class_count: int,
    *,
    thresholds: Sequence[float],
    iterations: int,
    min_piece_share: float,
    absent: AbsentClasses,
) -> Score | None:
    """The score of the best threshold, after thresholding maps and refining them with the dense CRF.

    The lattices of a picture are built once for all thresholds.

    Args:
        images: pictures; those without ground truth are left out.
        maps_path: file of a picture's maps.
        truth: masks.
        class_count: classes, background included.
        thresholds: background thresholds in [0, 1] to choose from.
        iterations: mean-field iterations of the dense CRF.
        min_piece_share: see `trainer.config.MinPieceShare`.
        absent: see `trainer.masks.evaluation.score_of`.

    Returns:
        None if there are no thresholds or no ground truth.

    Raises:
        CrfUnavailableError: pydensecrf2 is not installed.
        ArtifactError, GroundTruthError, ImageReadError: a file is missing or damaged.
    """
    measured = [(image, maps_path(image.id)) for image in images if truth.has(image.id)]
    if not thresholds or not measured:
        return None
    work = _Work(truth, tuple(thresholds), class_count, CrfConfig(iterations=iterations), min_piece_share)
    total = np.zeros((len(thresholds), class_count, class_count), dtype=np.int64)
    for confusions in map_images(functools.partial(_confusions, work), measured, total=len(measured)):
        total += confusions
    scores = [
        score_of(confusion, absent, threshold) for confusion, threshold in zip(total, thresholds, strict=True)
    ]
    return max(scores, key=lambda score: (not np.isnan(score.miou), score.miou))


def _confusions(work: _Work, item: tuple[TaggedImage, Path]) -> Confusion:
    """int64 (T, C, C) of one picture."""
    image, path = item
    maps, picture, mask = load_maps(path), read_rgb(image.path), work.truth.mask(image.id)
    crf = ImageCrf(picture, len(maps.class_indices) + 1, work.crf)
    table = np.array([0, *maps.class_indices], dtype=np.uint8)
    confusions = []
    for threshold in work.thresholds:
        labels = crf.refine_labels(threshold_labels(maps.maps_khw, threshold, maps.image_size))
        made = drop_small_pieces(table[labels], work.min_piece_share)
        confusions.append(confusion_matrix(mask, made, work.class_count))
    return np.stack(confusions)

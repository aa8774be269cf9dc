"""How good are pseudo-masks before any training?

    python3 launch.py bench zero-shot --dataset-root DIR --split train [--source clip] [--limit N] [--json]

Tags are the only supervision. Two kinds of figures, never mixed: honest ones at the one fixed threshold of
`PseudoLabelConfig`, and an oracle one at the threshold that ground truth says is best.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from trainer.cams.classifier import CamClassifier
from trainer.cams.compute import compute_cams
from trainer.cams.zero_shot_sources import ZeroShotSource
from trainer.data.dataset import DatasetError, TaggedDataset, TaggedImage
from trainer.data.ground_truth import GroundTruth
from trainer.data.images import read_rgb
from trainer.machine.device import choose_device
from trainer.machine.image_pool import map_images
from trainer.masks.crf import crf_available
from trainer.masks.evaluation import Score, score_of, strongest_class
from trainer.masks.metrics import Confusion, ThresholdSweep, confusion_matrix
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.run.map_storage import ClassMaps

ORACLE_THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 19))


@dataclass(frozen=True)
class Job:
    """One picture to measure, with everything that a worker process needs."""

    image: TaggedImage
    class_names: tuple[str, ...]
    class_count: int
    truth: GroundTruth
    source: ZeroShotSource


@dataclass(frozen=True, eq=False)
class PictureCounts:
    """The result of one picture: int64 counts that can be summed, and seconds."""

    cam_tcc: NDArray[np.int64]
    crf_cc: Confusion | None
    cam_seconds: float
    crf_seconds: float


@dataclass(frozen=True)
class ZeroShotFigures:
    """Result of the benchmark; `crf` is None if the dense CRF is not installed."""

    identity: str
    pictures: int
    cam: Score
    cam_oracle: Score
    crf: Score | None
    cam_seconds: float
    crf_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON; seconds are the median of one picture on one core."""
        return {
            "model": self.identity,
            "pictures": self.pictures,
            "honest": {"cam": self.cam.as_json(), "cam_crf": self.crf.as_json() if self.crf else None},
            "oracle": {"cam": self.cam_oracle.as_json()},
            "seconds_per_picture": {"cam": round(self.cam_seconds, 3), "crf": round(self.crf_seconds, 3)},
        }


def measure(
    dataset: TaggedDataset, *, source: ZeroShotSource | None = None, show_progress: bool = False
) -> ZeroShotFigures:
    """Compute maps and masks of every picture that has a ground-truth mask, and score them.

    Args:
        dataset: pictures, tags and masks.
        source: the classifier; that of ImageNet when None.
        show_progress: draw a progress bar.

    Raises:
        DatasetError: no picture has ground truth, or no class list says what the indices in it mean.
        TrainerError: a file, weight or class is missing.
    """
    config = PseudoLabelConfig()
    source = source or ZeroShotSource()
    jobs = list(_jobs(dataset, source))
    if not jobs:
        raise DatasetError(
            f"No picture of {dataset.root} has a ground-truth mask; there is nothing to measure."
        )
    identity = _classifier(source).identity  # before the work, so that missing weights are told at once
    thresholds = _thresholds(config)
    class_count = dataset.class_count + 1
    cam_tcc = np.zeros((len(thresholds), class_count, class_count), dtype=np.int64)
    crf_cc = np.zeros((class_count, class_count), dtype=np.int64)
    cam_seconds, crf_seconds = [], []
    counted = map_images(measure_picture, jobs, total=len(jobs))
    for counts in track(counted, "Measuring", total=len(jobs), disable=not show_progress):
        cam_tcc += counts.cam_tcc
        if counts.crf_cc is not None:
            crf_cc += counts.crf_cc
        cam_seconds.append(counts.cam_seconds)
        crf_seconds.append(counts.crf_seconds)
    scores = [score_of(confusion, "skip", t) for t, confusion in zip(thresholds, cam_tcc, strict=True)]
    return ZeroShotFigures(
        identity=identity,
        pictures=len(jobs),
        cam=scores[thresholds.index(config.background_threshold)],
        cam_oracle=max(scores, key=lambda score: score.miou),
        crf=score_of(crf_cc, "skip", config.background_threshold) if crf_available().available else None,
        cam_seconds=statistics.median(cam_seconds),
        crf_seconds=statistics.median(crf_seconds),
    )


def measure_picture(job: Job) -> PictureCounts:
    """Return the confusion counts of one picture; runs in a worker process."""
    image = read_rgb(job.image.path)
    truth = job.truth.mask(job.image.id)
    config = PseudoLabelConfig()
    classifier = _classifier(job.source)
    started = time.perf_counter()
    result = compute_cams(classifier, image, job.class_names, job.source.maps)
    cam_seconds = time.perf_counter() - started
    sweep = ThresholdSweep(_thresholds(config), job.class_count)
    sweep.add(truth, *strongest_class(ClassMaps(job.image.tags, result.image_size, result.cams_khw)))
    crf_cc, crf_seconds = None, 0.0
    if crf_available().available:
        started = time.perf_counter()
        mask = pseudo_label(image, result, job.image.tags, config)
        crf_seconds = time.perf_counter() - started
        crf_cc = confusion_matrix(truth, mask, job.class_count)
    return PictureCounts(sweep.confusions(), crf_cc, cam_seconds, crf_seconds)


@functools.cache
def _classifier(source: ZeroShotSource) -> CamClassifier:
    """Return the model, which is loaded once in each process."""
    return source.load(choose_device())


def _jobs(dataset: TaggedDataset, source: ZeroShotSource) -> Iterator[Job]:
    truth = GroundTruth.of(dataset)
    for image in dataset.images:
        if truth.has(image.id):
            yield Job(image, dataset.names_of(image), dataset.class_count + 1, truth, source)


def _thresholds(config: PseudoLabelConfig) -> list[float]:
    return sorted({*ORACLE_THRESHOLDS, config.background_threshold})


def evenly_spaced(dataset: TaggedDataset, limit: int | None) -> TaggedDataset:
    """Return N pictures that are evenly spread over the dataset; all if there is no limit."""
    if limit is None or limit >= len(dataset):
        return dataset
    positions = {round(position) for position in np.linspace(0, len(dataset) - 1, limit)}
    images = [image for position, image in enumerate(dataset.images) if position in positions]
    return dataset.of_images(images)


def as_text(figures: ZeroShotFigures, dataset: TaggedDataset) -> str:
    """Return lines for a terminal."""
    crf = f"{100 * figures.crf.miou:.1f}" if figures.crf else "not installed"
    oracle = figures.cam_oracle
    rows = [
        f"{figures.pictures} pictures of split {dataset.split!r}, model {figures.identity}",
        f"honest  CAM        {100 * figures.cam.miou:.1f} mIoU at threshold {figures.cam.threshold}",
        f"honest  CAM + CRF  {crf} mIoU at threshold {figures.cam.threshold}",
        f"oracle  CAM        {100 * oracle.miou:.1f} mIoU at threshold {oracle.threshold}",
        f"seconds a picture, median: CAM {figures.cam_seconds:.2f}, mask with CRF {figures.crf_seconds:.2f}",
        f"{'IoU':12}{'CAM':>7}{'CRF':>7}",
    ]
    names = ("background", *dataset.class_names)
    crf_ious = figures.crf.per_class if figures.crf else (None,) * len(names)
    for name, cam_iou, crf_iou in zip(names, figures.cam.per_class, crf_ious, strict=True):
        rows.append(f"{name:12}{_percent(cam_iou):>7}{_percent(crf_iou):>7}")
    return "\n".join(rows)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"

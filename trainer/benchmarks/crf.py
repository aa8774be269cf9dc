"""The two CRFs that AffinityNet's labels need: one by one, against a shared lattice on all cores."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.benchmarks.comparison import Comparison, interleaved_seconds
from trainer.benchmarks.photographs import photographs
from trainer.benchmarks.reference import plain_label_crf
from trainer.data.transforms import RgbImage
from trainer.machine.device import available_cpu_count
from trainer.machine.image_pool import worker_processes
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf

Labels = NDArray[np.uint8]
LABELS = 3
ITERATIONS = 10


def compare(*, size: tuple[int, int] = (375, 500), repeats: int = 3) -> list[Comparison]:
    """Compare on strict and lenient labels of four photographs; empty if pydensecrf2 is not installed."""
    if not crf_available().available:
        return []
    tasks = [(picture, *label_pair(size, number)) for number, picture in enumerate(photographs(size))]
    cores = available_cpu_count()
    with worker_processes(cores) as pool:
        list(pool.map(_shared_pair, tasks))  # so that workers finish importing before timing starts
        plain_s, shared_s, pool_s = interleaved_seconds(
            lambda: [_plain_pair(task) for task in tasks],
            lambda: [_shared_pair(task) for task in tasks],
            lambda: list(pool.map(_shared_pair, tasks)),
            repeats=repeats,
        )
    equal = [
        np.mean([np.mean(a == b) for a, b in zip(_plain_pair(task), _shared_pair(task), strict=True)])
        for task in tasks
    ]
    setting = f"{len(tasks)} photographs of {size[0]} x {size[1]}, {LABELS} labels, {ITERATIONS} iterations"
    agreement = float(np.mean(equal))
    return [
        Comparison(
            "CRF pair, one core", f"{setting}, lattice shared", plain_s, shared_s, agreement=agreement
        ),
        Comparison(
            f"CRF pair, {cores} cores",
            f"{setting}, lattice shared, a picture a core",
            plain_s,
            pool_s,
            target_ratio=1.6,
            agreement=agreement,
        ),
    ]


def label_pair(size: tuple[int, int], seed: int) -> tuple[Labels, Labels]:
    """Return strict and lenient labels: two thresholds of smooth random maps."""
    generator = np.random.default_rng(seed)
    coarse = generator.random((LABELS - 1, 5, 6), dtype=np.float32)
    maps = np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_CUBIC) for plane in coarse])
    strict, lenient = (
        np.where(maps.max(axis=0) > threshold, maps.argmax(axis=0) + 1, 0).astype(np.uint8)
        for threshold in (0.7, 0.4)
    )
    return strict, lenient


def _plain_pair(task: tuple[RgbImage, Labels, Labels]) -> tuple[Labels, Labels]:
    picture, strict, lenient = task
    return (
        plain_label_crf(picture, strict, LABELS, ITERATIONS),
        plain_label_crf(picture, lenient, LABELS, ITERATIONS),
    )


def _shared_pair(task: tuple[RgbImage, Labels, Labels]) -> tuple[Labels, Labels]:
    picture, strict, lenient = task
    crf = ImageCrf(picture, LABELS, CrfConfig(iterations=ITERATIONS))
    return crf.refine_labels(strict), crf.refine_labels(lenient)

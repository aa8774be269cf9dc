"""Mean IoU at many thresholds: one threshold at a time, against one histogram pass."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.benchmarks.comparison import Comparison, interleaved_seconds
from trainer.benchmarks.reference import brute_force_sweep
from trainer.masks.evaluation import strongest_class
from trainer.masks.metrics import ThresholdSweep
from trainer.run.map_storage import ClassMaps

CLASS_COUNT = 21
THRESHOLDS = tuple(round(0.05 + 0.05 * step, 2) for step in range(15))


def compare(*, size: tuple[int, int] = (375, 500), repeats: int = 5) -> list[Comparison]:
    """Compare fifteen thresholds on one picture with two classes."""
    truth, maps, indices = scene(size)
    ours: list[NDArray[np.int64]] = []
    plain: list[NDArray[np.int64]] = []

    def sweep() -> None:
        one_pass = ThresholdSweep(THRESHOLDS, CLASS_COUNT)
        one_pass.add(truth, *strongest_class(ClassMaps(indices, size, maps)))
        ours.append(one_pass.confusions())

    plain_s, ours_s = interleaved_seconds(
        lambda: plain.append(brute_force_sweep(truth, maps, indices, THRESHOLDS, CLASS_COUNT)),
        sweep,
        repeats=repeats,
    )
    counts = np.stack(
        [
            ours[0].diagonal(axis1=1, axis2=2),  # true positives, predicted and true pixels of each class
            ours[0].sum(axis=1),
            ours[0].sum(axis=2),
        ],
        axis=1,
    )
    return [
        Comparison(
            "threshold sweep",
            f"{len(THRESHOLDS)} thresholds, {size[0]} x {size[1]}, {CLASS_COUNT} classes",
            plain_s,
            ours_s,
            target_ratio=8.0,
            error=float(np.abs(counts - plain[0]).max()),
        )
    ]


def scene(size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float32], tuple[int, ...]]:
    """Return ground truth (H, W) with void, maps (2, H, W) of two classes, and the class indices."""
    generator = np.random.default_rng(0)
    coarse = generator.random((2, 6, 8), dtype=np.float32)
    maps = np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in coarse])
    truth = np.zeros(size, np.uint8)
    truth[size[0] // 4 :, size[1] // 3 :] = 15
    truth[: size[0] // 3, : size[1] // 2] = 7
    truth[size[0] // 4] = 255
    return truth, maps, (7, 15)

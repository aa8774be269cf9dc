"""Segmentation quality: confusion, intersection over union, and all thresholds in one histogram pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

VOID = 255
"""Pixels whose truth has this value are not counted (VOC's object boundaries)."""

Confusion = NDArray[np.int64]


def confusion_matrix(truth: NDArray[np.uint8], prediction: NDArray[np.uint8], class_count: int) -> Confusion:
    """Count pixels by (truth, prediction).

    Args:
        truth: uint8 (H, W), 0 .. class_count - 1, `VOID` where unknown.
        prediction: uint8 (H, W), 0 .. class_count - 1 wherever the truth is known.
        class_count: classes, background included.

    Returns:
        int64 (C, C); rows are truth, columns prediction. 32 bits would overflow at about 10,000 pictures.

    Raises:
        ValueError: the shapes differ or an index is out of range.
    """
    known = _known_pixels(truth, prediction, class_count)
    cells = truth[known].astype(np.int64) * class_count + prediction[known]
    return _counted(cells, class_count, class_count)


def iou_per_class(confusion: Confusion) -> NDArray[np.float64]:
    """Intersection over union (C,) in [0, 1]; NaN for a class in neither truth nor prediction.

    >>> iou_per_class(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    array([0.75, 0.8 ,  nan])
    """
    intersection = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - np.diagonal(confusion)
    ious = np.full(len(confusion), np.nan)
    np.divide(intersection, union, out=ious, where=union > 0)
    return ious


def mean_iou(confusion: Confusion) -> float:
    """Mean of `iou_per_class` in [0, 1] over the classes in truth or prediction; NaN if there are none."""
    ious = iou_per_class(confusion)
    present = ious[~np.isnan(ious)]
    return float(present.mean()) if present.size else float("nan")


class ThresholdSweep:
    """Confusion matrices at many background thresholds, in one pass over the pixels.

    The strongest class of a pixel does not depend on the threshold; only whether its score exceeds it does.
    So pixels are counted by (truth, strongest class, number of thresholds below the score), and the confusion
    at a threshold is a cumulative sum. The result is exactly that of thresholding once for each threshold.
    """

    def __init__(self, thresholds: Sequence[float], class_count: int) -> None:
        """Args:
            thresholds: strictly ascending, compared as float32.
            class_count: classes, background (index 0) included.

        Raises:
            ValueError: the thresholds are empty or do not ascend.
        """
        # Scores are float32: comparing them with float64 thresholds would disagree with `score > threshold`
        # computed in float32.
        self.thresholds = np.asarray(thresholds, dtype=np.float32)
        if self.thresholds.size == 0 or np.any(np.diff(self.thresholds) <= 0):
            raise ValueError("Thresholds must be given in ascending order, each once.")
        self._class_count = class_count
        self._histogram = np.zeros((class_count, class_count, len(self.thresholds) + 1), dtype=np.int64)

    def add(self, truth: NDArray[np.uint8], strongest: NDArray[np.uint8], score: NDArray[np.float32]) -> None:
        """Count one picture.

        Args:
            truth: uint8 (H, W), `VOID` where unknown.
            strongest: uint8 (H, W), index of the class with the highest map, 1 .. class_count - 1.
            score: float32 (H, W), the value of that map in [0, 1].

        Raises:
            ValueError: the shapes differ or an index is out of range.
        """
        known = _known_pixels(truth, strongest, self._class_count)
        exceeded = np.searchsorted(self.thresholds, score[known], side="left")
        levels = len(self.thresholds) + 1
        cells = (truth[known].astype(np.int64) * self._class_count + strongest[known]) * levels + exceeded
        self._histogram += _counted(cells, self._class_count * self._class_count, levels).reshape(
            self._histogram.shape
        )

    def confusions(self) -> NDArray[np.int64]:
        """int64 (T, C, C): the confusion matrix at every threshold."""
        # Foreground at threshold number t are the scores that exceed at least t + 1 thresholds.
        from_above = self._histogram[..., ::-1].cumsum(axis=-1)[..., ::-1]
        foreground = np.moveaxis(from_above[..., 1:], -1, 0).copy()
        everything = self._histogram.sum(axis=(1, 2))
        foreground[:, :, 0] += everything[None] - foreground.sum(axis=2)
        return foreground


def _counted(cells: NDArray[np.int64], rows: int, columns: int) -> NDArray[np.int64]:
    return np.bincount(cells, minlength=rows * columns).reshape(rows, columns).astype(np.int64, copy=False)


def _known_pixels(
    truth: NDArray[np.uint8], prediction: NDArray[np.uint8], class_count: int
) -> NDArray[np.bool_]:
    if truth.shape != prediction.shape:
        raise ValueError(f"The truth has shape {truth.shape}, but the prediction {prediction.shape}.")
    known: NDArray[np.bool_] = truth != VOID
    for name, values in (("truth", truth[known]), ("prediction", prediction[known])):
        if values.size and values.max() >= class_count:
            raise ValueError(
                f"The {name} holds index {values.max()}, but there are only {class_count} classes."
            )
    return known

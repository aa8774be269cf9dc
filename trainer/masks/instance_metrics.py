"""Average precision of instances by the IoU of their masks (Hariharan et al., ECCV 2014; AP^r of VOC)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VOID = 255

BoolMask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TrueInstance:
    """An object of the ground truth: its class (1 to 254) and its pixels, bool (H, W)."""

    class_index: int
    pixels: BoolMask


@dataclass(frozen=True, eq=False)
class FoundInstance:
    """An object that was found: its class, its pixels, bool (H, W), and how sure it is; higher is surer."""

    class_index: int
    pixels: BoolMask
    score: float


class InstancePrecision:
    """Collects the matches of picture after picture for one IoU threshold.

    In each picture the surest object of a class is matched first, with the true one that it overlaps most. It
    is a hit if their IoU is at least the threshold and nothing surer has hit that one; else it is a false
    alarm.
    """

    def __init__(self, threshold: float) -> None:
        """`threshold`: the IoU from which on an object counts as found, in (0, 1]."""
        self._threshold = threshold
        self._hits: dict[int, list[tuple[float, bool]]] = {}
        self._true: dict[int, int] = {}

    def add(
        self,
        found: Iterable[FoundInstance],
        truth: Sequence[TrueInstance],
        void: BoolMask | None = None,
    ) -> None:
        """Match the objects of one picture.

        Args:
            found: what was found.
            truth: what is there.
            void: pixels (H, W) that count for nothing; all count when None.
        """
        counted = slice(None) if void is None else ~void
        for index in (there.class_index for there in truth):
            self._true[index] = self._true.get(index, 0) + 1
        taken: set[int] = set()
        for one in sorted(found, key=lambda each: -each.score):
            best, best_iou = -1, 0.0
            for number, other in enumerate(truth):
                if other.class_index == one.class_index:
                    value = _iou(one.pixels[counted], other.pixels[counted])
                    if value > best_iou:
                        best, best_iou = number, value
            is_hit = best_iou >= self._threshold and best not in taken
            if is_hit:
                taken.add(best)
            self._hits.setdefault(one.class_index, []).append((one.score, is_hit))

    def by_class(self) -> dict[int, float]:
        """Average precision of each class that the truth has, in [0, 1]."""
        return {index: self._average(index) for index in sorted(self._true)}

    def mean(self) -> float | None:
        """Mean over the classes that the truth has; None if it has none."""
        values = self.by_class().values()
        return float(np.mean(list(values))) if values else None

    def _average(self, class_index: int) -> float:
        """Area below the curve of precision over recall, made to fall (VOC since 2010)."""
        ranked = sorted(self._hits.get(class_index, []), key=lambda one: -one[0])
        if not ranked:
            return 0.0
        hits = np.cumsum([is_hit for _, is_hit in ranked])
        precision = hits / np.arange(1, len(ranked) + 1)
        falling = np.maximum.accumulate(precision[::-1])[::-1]
        recall = np.concatenate(([0.0], hits / self._true[class_index]))
        return float((np.diff(recall) * falling).sum())


def _iou(first: BoolMask, second: BoolMask) -> float:
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0

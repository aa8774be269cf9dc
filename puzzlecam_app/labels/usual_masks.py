"""What is usual for a class in the accepted masks of a dataset: how much of the picture it covers, and where.

A mask is compared with the others by robust statistics: the median, and the median of the distances from it.
A few wrong masks move neither.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from db.errors import StorageError
from db.masks import MaskStore

LEAST_MASKS: Final = 20
"""With fewer masks of a class, nothing is called unusual."""
MOST_MASKS: Final = 2000
_SCORE: Final = 3.5  # Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993)
_TO_SIGMA: Final = 1.4826  # of a normal distribution
# Where masks are all alike, everything else would be unusual: half a doubling, a twentieth of the picture.
_LEAST_SPREAD_LOG2: Final = 0.5
_LEAST_SPREAD_PLACE: Final = 0.05
_READING_S: Final = 1.0
_VOID: Final = 255


@dataclass(frozen=True)
class Extent:
    """A class in one mask: its share of the picture, and the centre of its pixels; all 0..1."""

    share: float
    x: float
    y: float


@dataclass(frozen=True)
class Usual:
    """What is usual for a class in `masks` masks; shares of the picture and places, 0..1.

    `least` and `most` are the limits beyond which a share is unusual, `low` and `high` hold nine of ten.
    `left`, `right`, `top` and `bottom` are the limits for the centre.
    """

    class_index: int
    masks: int
    least: float
    most: float
    low: float
    high: float
    left: float
    right: float
    top: float
    bottom: float


def extents_of(mask: NDArray[np.uint8]) -> dict[int, Extent]:
    """The classes of a mask (uint8, HxW) without background and void, by index."""
    height, width = mask.shape
    columns = np.arange(width, dtype=np.float64) + 0.5
    found: dict[int, Extent] = {}
    pixels, across, down = np.zeros(256), np.zeros(256), np.zeros(256)
    for y in range(height):
        row = mask[y]
        in_row = np.bincount(row, minlength=256)
        pixels += in_row
        across += np.bincount(row, weights=columns, minlength=256)
        down += in_row * (y + 0.5)
    for index in np.flatnonzero(pixels).tolist():
        if index not in (0, _VOID):
            count = pixels[index]
            found[index] = Extent(
                float(count / mask.size),
                float(across[index] / count / width),
                float(down[index] / count / height),
            )
    return found


def usual_of(extents: Iterable[dict[int, Extent]]) -> list[Usual]:
    """What is usual for each class that at least `LEAST_MASKS` masks show, in the order of the indices."""
    by_class: dict[int, list[Extent]] = {}
    for one in extents:
        for index, extent in one.items():
            by_class.setdefault(index, []).append(extent)
    return [_usual(index, found) for index, found in sorted(by_class.items()) if len(found) >= LEAST_MASKS]


def _usual(index: int, extents: list[Extent]) -> Usual:
    shares = np.array([extent.share for extent in extents])
    least, most = np.exp2(_limits(np.log2(shares), _LEAST_SPREAD_LOG2))
    low, high = np.quantile(shares, (0.05, 0.95))
    left, right = _limits(np.array([extent.x for extent in extents]), _LEAST_SPREAD_PLACE)
    top, bottom = _limits(np.array([extent.y for extent in extents]), _LEAST_SPREAD_PLACE)
    numbers = (least, min(most, 1.0), low, high, left, right, top, bottom)
    return Usual(index, len(extents), *(float(number) for number in numbers))


def _limits(values: NDArray[np.float64], least_spread: float) -> tuple[float, float]:
    """Between which a value is usual: its modified z-score is at most 3.5."""
    median = float(np.median(values))
    spread = max(_TO_SIGMA * float(np.median(np.abs(values - median))), least_spread)
    return median - _SCORE * spread, median + _SCORE * spread


class UsualMasks:
    """Reads each mask once and remembers what is in it; a mask is named after its content."""

    def __init__(self, masks: MaskStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._masks = masks
        self._clock = clock
        self._read: OrderedDict[str, dict[int, Extent] | None] = OrderedDict()  # None: cannot be read
        self._lock = threading.Lock()

    def of(self, hashes: Iterable[str]) -> tuple[int, list[Usual]]:
        """How many of these masks are known, and what is usual in them.

        Reading takes at most about a second; what is left is read at the next call. Unreadable masks are left
        out.
        """
        begun = self._clock()
        known: list[dict[int, Extent]] = []
        for name in hashes:
            with self._lock:
                is_read, extents = name in self._read, self._read.get(name)
            if not is_read and self._clock() - begun < _READING_S:
                extents = self._look_into(name)
            if extents is not None:
                known.append(extents)
        return len(known), usual_of(known)

    def _look_into(self, name: str) -> dict[int, Extent] | None:
        try:
            extents = extents_of(self._masks.get(name))
        except StorageError:
            extents = None
        with self._lock:
            self._read[name] = extents
            while len(self._read) > 5 * MOST_MASKS:
                self._read.popitem(last=False)
        return extents

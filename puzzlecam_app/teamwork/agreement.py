"""How far independent masks of the same pictures agree: IoU by class, by pair of people, by picture."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOID: Final = 255
FEWEST: Final = 10
"""With fewer pictures, no interval is given: they are too few to tell."""
_RESAMPLES: Final = 400


@dataclass(frozen=True)
class Overlap:
    """Pixels that two masks share, by class index: int64 (255,) each. Void in either mask is left out."""

    intersection: NDArray[np.int64]
    union: NDArray[np.int64]


@dataclass(frozen=True)
class Iou:
    """An IoU (0..1) over `pictures`; `low` and `high` are its 95 % interval, None for few pictures."""

    iou: float
    pictures: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Shared:
    """A picture with the hashes of its masks by person (users.id), at least two."""

    item_id: int
    masks: Mapping[int, str]


@dataclass(frozen=True)
class Agreement:
    """IoU by class index, by pair of people (users.id, rising), and by picture (item id)."""

    classes: Mapping[int, Iou]
    pairs: Mapping[tuple[int, int], Iou]
    items: Mapping[int, float]


def overlap(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Overlap:
    """Compare two masks, uint8 (H, W) of the same shape."""
    if first.shape != second.shape:
        raise ValueError(f"The masks have different shapes: {first.shape} and {second.shape}.")
    known = (first != VOID) & (second != VOID)
    one, other = first[known], second[known]
    intersection = np.bincount(one[one == other], minlength=VOID)
    union = np.bincount(one, minlength=VOID) + np.bincount(other, minlength=VOID) - intersection
    return Overlap(intersection.astype(np.int64), union.astype(np.int64))


def mean_iou(intersection: NDArray[np.int64], union: NDArray[np.int64]) -> float:
    """Mean IoU over the classes (last axis) that are in either mask; 1 if there are none (all is void)."""
    return float(_mean_ious(intersection[None], union[None])[0])


def compare_with(pairs: Sequence[Overlap]) -> Iou:
    """The mean IoU of all pixels of some pictures together, each compared with another mask."""
    intersections = np.stack([one.intersection for one in pairs])
    unions = np.stack([one.union for one in pairs])
    iou = mean_iou(intersections.sum(axis=0), unions.sum(axis=0))
    return Iou(iou, len(pairs), *_interval(intersections, unions))


class Comparer:
    """Compares masks of a store; what was compared before is remembered.

    Args:
        mask_of: Returns the mask with a hash, uint8 (H, W).
    """

    def __init__(self, mask_of: Callable[[str], NDArray[np.uint8]]) -> None:
        self._mask_of = mask_of
        self._compared = lru_cache(maxsize=4096)(self._compare)

    def overlap(self, first: str, second: str) -> Overlap:
        """Compare the masks with two hashes."""
        return self._compared(*sorted((first, second)))

    def agreement(self, pictures: Sequence[Shared]) -> Agreement:
        """How far the people of these pictures agree."""
        by_pair: dict[tuple[int, int], list[Overlap]] = {}
        items: dict[int, float] = {}
        for picture in pictures:
            found = {
                pair: self.overlap(picture.masks[pair[0]], picture.masks[pair[1]])
                for pair in itertools.combinations(sorted(picture.masks), 2)
            }
            for pair, one in found.items():
                by_pair.setdefault(pair, []).append(one)
            ious = [mean_iou(one.intersection, one.union) for one in found.values()]
            items[picture.item_id] = sum(ious) / len(ious)
        every = [one for pairs in by_pair.values() for one in pairs]
        return Agreement(
            _by_class(every), {pair: compare_with(pairs) for pair, pairs in by_pair.items()}, items
        )

    def _compare(self, first: str, second: str) -> Overlap:
        return overlap(self._mask_of(first), self._mask_of(second))


def _by_class(pairs: Sequence[Overlap]) -> dict[int, Iou]:
    if not pairs:
        return {}
    intersections = np.stack([one.intersection for one in pairs])
    unions = np.stack([one.union for one in pairs])
    found: dict[int, Iou] = {}
    for index in np.flatnonzero(unions.sum(axis=0)):
        has = unions[:, index] > 0
        inside, whole = intersections[has, index], unions[has, index]
        interval = _interval(inside[:, None], whole[:, None])
        found[int(index)] = Iou(float(inside.sum() / whole.sum()), int(has.sum()), *interval)
    return found


def _interval(
    intersections: NDArray[np.int64], unions: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """The 95 % percentile bootstrap interval over pictures (rows); the same pictures give the same one."""
    count = len(unions)
    if count < FEWEST:
        return None, None
    is_used = unions.any(axis=0)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), _RESAMPLES)
    ious = _mean_ious(drawn @ intersections[:, is_used], drawn @ unions[:, is_used])
    low, high = np.quantile(ious, (0.025, 0.975))
    return float(low), float(high)


def _mean_ious(intersections: NDArray[np.int64], unions: NDArray[np.int64]) -> NDArray[np.float64]:
    is_there = unions > 0
    ious = np.divide(intersections, unions, out=np.zeros(unions.shape), where=is_there)
    classes = is_there.sum(axis=-1)
    return np.where(classes > 0, ious.sum(axis=-1) / np.maximum(1, classes), 1.0)

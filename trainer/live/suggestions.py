"""Which classes may be in a picture without their tags, and which tags may be wrong.

Accepted masks say what the cells of each class look like. Linear discriminant analysis with one covariance W
for all classes, background among them, follows in closed form: with mu_c the mean of a class's cells,

    s_c(x) = mu_c' W^-1 x - mu_c' W^-1 mu_c / 2        p(c | x) = exp s_c / sum over classes of exp s

Each region (a class in a mask) counts the same, however large it is. A picture's score of a class is the mean
of log p over the cells where it is highest. Leaving out each accepted mask in turn shows from which score on
suggestions are right often enough.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.live.evidence import PictureEvidence
from trainer.live.features import CellFeatures

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

BACKGROUND = 0

PRECISION = 0.8
"""Of suggestions on accepted masks that were left out, so many must be right."""

UNTAGGED_PRECISION = 0.6
"""The same for pictures without tags: these need a tag in any case, so a wrong suggestion costs less."""

FALSE_DOUBT = 0.02
"""Of the tags of accepted masks that were left out, so many may look doubtful though the class is there."""

MIN_MASKS = 2
"""A class is suggested from this number of its masks on."""

_RIDGE = 1.0
"""Added to the covariance, as a multiple of its mean variance."""
_SMALLEST_REGION = 0.5
"""Cells; a smaller region says nothing about a class."""
_TOP_SHARE = 0.02
"""Of the cells, those with the highest score make the score of the picture."""
_FLOOR = 1e-6
_ASSUMED_WRONG = 1.0
"""Wrong suggestions that are added to those counted, because a few masks can be right by luck."""
_FEWEST_TAGS = 40
"""Tags are doubted only after this number of right ones has been scored."""


@dataclass(frozen=True, eq=False)
class RegionSums:
    """What accepted masks say about the looks of classes. Sums are added and subtracted as new objects.

    Attributes:
        masks: how many masks.
        regions: class index (`BACKGROUND` among them) -> in how many masks it is.
        sums: class index -> float64 (D,), sum over its regions of the mean feature.
        xx: float64 (D, D), sum over all regions of the mean of x x^T.
    """

    masks: int = 0
    regions: dict[int, int] = field(default_factory=dict)
    sums: dict[int, Vector] = field(default_factory=dict)
    xx: Matrix = field(default_factory=lambda: np.zeros((0, 0)))

    def __add__(self, other: RegionSums) -> RegionSums:
        if not self.masks or not other.masks:
            return other if not self.masks else self
        regions, sums = dict(self.regions), dict(self.sums)
        for index, count in other.regions.items():
            regions[index] = regions.get(index, 0) + count
            sums[index] = sums[index] + other.sums[index] if index in sums else other.sums[index]
        return RegionSums(self.masks + other.masks, regions, sums, self.xx + other.xx)

    def __sub__(self, other: RegionSums) -> RegionSums:
        """Raises ValueError where `other` holds regions that are not in these sums."""
        if any(self.regions.get(index, 0) < count for index, count in other.regions.items()):
            raise ValueError("A mask can be subtracted only from sums to which it was added.")
        if self.masks == other.masks:
            return RegionSums()  # without the rounding error of a subtraction
        left = {index: count - other.regions.get(index, 0) for index, count in self.regions.items()}
        regions = {index: count for index, count in left.items() if count}
        sums = {
            index: self.sums[index] - other.sums[index] if index in other.sums else self.sums[index]
            for index in regions
        }
        return RegionSums(self.masks - other.masks, regions, sums, self.xx - other.xx)


def region_sums(evidence: PictureEvidence) -> RegionSums:
    """The sums of one accepted mask; a tag without a pixel in the mask adds nothing."""
    x = _cells(evidence.features).astype(np.float64)
    regions: dict[int, int] = {}
    sums: dict[int, Vector] = {}
    weights = np.zeros(len(x))
    for index, share in _shares(evidence).items():
        if share.sum() >= _SMALLEST_REGION:
            weight = share / share.sum()
            regions[index], sums[index] = 1, weight @ x
            weights += weight
    return RegionSums(1, regions, sums, x.T @ (x * weights[:, None]))


class Presence:
    """Which classes a picture seems to show. Immutable, and safe to use from several threads.

    Attributes:
        masks: accepted masks behind it.
        class_indices: the classes that can be suggested, ascending.
    """

    def __init__(self, sums: RegionSums) -> None:
        """The discriminants that follow from the sums."""
        self.masks = sums.masks
        self._indices = tuple(sorted(sums.regions))
        self.class_indices = tuple(
            index for index in self._indices if index != BACKGROUND and sums.regions[index] >= MIN_MASKS
        )
        if not self._indices:
            self._weights, self._offsets = np.zeros((0, 0), np.float32), np.zeros(0, np.float32)
            return
        counts = np.array([sums.regions[index] for index in self._indices], dtype=np.float64)
        means = np.stack([sums.sums[index] for index in self._indices]) / counts[:, None]
        within = (sums.xx - (means * counts[:, None]).T @ means) / counts.sum()
        ridge = _RIDGE * np.trace(within) / len(within) + 1e-9
        weights = np.linalg.solve(within + ridge * np.eye(len(within)), means.T)
        self._weights = weights.astype(np.float32)
        self._offsets = (-0.5 * np.einsum("cd,dc->c", means, weights)).astype(np.float32)

    def scores(self, features: CellFeatures) -> dict[int, float]:
        """How much the picture looks as if it shows each class that can be suggested.

        Returns:
            Class index -> mean log posterior of the cells that resemble it most, at most 0.
        """
        if not self.class_indices:
            return {}
        rows, columns, _ = features.values_hwd.shape
        score = _cells(features) @ self._weights + self._offsets
        score -= score.max(axis=1, keepdims=True)
        posterior = np.exp(score)
        posterior /= posterior.sum(axis=1, keepdims=True)
        logarithm = np.log(posterior + np.float32(_FLOOR))
        top = max(1, int(_TOP_SHARE * len(score)))
        found = {}
        for position, index in enumerate(self._indices):
            if index in self.class_indices:
                plane = np.ascontiguousarray(logarithm[:, position].reshape(rows, columns))
                smooth = cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE)
                found[index] = float(np.sort(smooth, axis=None)[-top:].mean())
        return found


@dataclass(frozen=True)
class Calibration:
    """From which scores on a class is suggested, and below which a tag is doubted.

    Attributes:
        untagged: for pictures without any tag; None if suggestions would be wrong too often.
        tagged: for pictures that have tags, where what is missing is often small; None as above.
        doubtful: tags with lower scores are doubted; None as long as too few right tags have been scored.
    """

    untagged: float | None = None
    tagged: float | None = None
    doubtful: float | None = None


@dataclass(frozen=True)
class Suggestion:
    """A class that may be in the picture. `score` is at most 0; higher is more likely."""

    class_index: int
    score: float


@dataclass(frozen=True)
class LeftOut:
    """What all other masks say about the picture of one accepted mask.

    Attributes:
        classes: how many classes the mask shows.
        shown: scores of those that the other masks know.
        absent: scores of the classes that it does not show.
    """

    classes: int
    shown: tuple[float, ...]
    absent: tuple[float, ...]


def left_out(sums: RegionSums, evidence: PictureEvidence) -> LeftOut:
    """Judge a mask that is in `sums` by all others; some 0.1 s."""
    own = region_sums(evidence)
    scores = Presence(sums - own).scores(evidence.features)
    there = {index for index, share in _shares(evidence).items() if share.any()} - {BACKGROUND}
    return LeftOut(
        len(there),
        tuple(score for index, score in scores.items() if index in there),
        tuple(score for index, score in scores.items() if index not in there),
    )


def calibrate(pictures: Sequence[LeftOut]) -> Calibration:
    """Find the scores from masks that were left out one at a time; some 60 are enough.

    Each mask stands for a picture in which one of its classes, each in turn, has no tag.
    """
    untagged = _threshold(pictures, UNTAGGED_PRECISION)
    likely = _threshold(pictures, PRECISION)
    missing = _threshold([one for one in pictures if one.classes > 1], PRECISION)
    tagged = None if likely is None or missing is None else max(likely, missing)
    shown = sorted(score for one in pictures for score in one.shown)
    doubtful = shown[int(FALSE_DOUBT * len(shown))] if len(shown) >= _FEWEST_TAGS else None
    return Calibration(untagged, tagged, doubtful)


def suggest(
    scores: dict[int, float], calibration: Calibration, tags: Collection[int], refused: Collection[int] = ()
) -> tuple[Suggestion, ...]:
    """The classes that may be in a picture without their tags, the likeliest first.

    Args:
        scores: what `Presence.scores` says about the picture.
        tags: mask indices of the picture's tags.
        refused: classes that people said are not there.
    """
    threshold = calibration.tagged if tags else calibration.untagged
    if threshold is None:
        return ()
    known = {*tags, *refused}
    found = [
        Suggestion(index, score)
        for index, score in scores.items()
        if index not in known and score >= threshold
    ]
    return tuple(sorted(found, key=lambda one: (-one.score, one.class_index)))


def doubtful_tags(
    scores: dict[int, float], calibration: Calibration, tags: Collection[int]
) -> tuple[int, ...]:
    """The tags of which nothing in the picture reminds; a class that is not known well is never doubted."""
    limit = calibration.doubtful
    return () if limit is None else tuple(index for index in tags if scores.get(index, math.inf) < limit)


def _threshold(pictures: Sequence[LeftOut], precision: float) -> float | None:
    """The lowest score of a right suggestion from which on suggestions are right often enough."""
    entries = [(score, 1 / one.classes, 0.0) for one in pictures for score in one.shown]
    entries += [(score, 0.0, 1.0) for one in pictures for score in one.absent]
    right, wrong, lowest = 0.0, _ASSUMED_WRONG, None
    for score, hit, miss in sorted(entries, reverse=True):
        right, wrong = right + hit, wrong + miss
        if hit and right >= precision * (right + wrong):
            lowest = score
    return lowest


def _shares(evidence: PictureEvidence) -> dict[int, Vector]:
    """Class index, background among them -> share of each cell, float64 (n,)."""
    shares = {
        index: evidence.shares_nk[:, position].astype(np.float64)
        for position, index in enumerate(evidence.class_indices)
    }
    rest = evidence.known_n.astype(np.float64) - sum(shares.values(), np.zeros(len(evidence.known_n)))
    return {BACKGROUND: np.maximum(rest, 0), **shares}


def _cells(features: CellFeatures) -> NDArray[np.float32]:
    return features.values_hwd.reshape(-1, features.values_hwd.shape[2]).astype(np.float32)

"""Numbers that may tell a bad mask without ground truth, and how well they do where there is some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

NEAR = 0.1
"""Maps this near to the threshold count as undecided."""


@dataclass(frozen=True)
class Signals:
    """What the maps of one picture say of themselves; all in [0, 1].

    Attributes:
        disagreement: the largest `trainer.cams.compute.disagreement` of the tags; None without tiles.
        coverage: share of the picture where some tag exceeds the threshold.
        entropy: mean entropy of tags and background (one minus the strongest tag), each cell's made to sum to
            one, over the entropy of an even distribution.
        undecided: share of the picture where the strongest tag is within `NEAR` of the threshold.
        score: mean of the strongest tag where it exceeds the threshold; 0 where none does.
    """

    disagreement: float | None
    coverage: float
    entropy: float
    undecided: float
    score: float


def map_signals(maps_khw: NDArray[np.float32], threshold: float, disagreement: float | None) -> Signals:
    """The signals of maps (K, h, w) in [0, 1] of at least one tag; `disagreement` is passed on."""
    strongest = maps_khw.max(axis=0)
    inside = strongest > threshold
    return Signals(
        disagreement=disagreement,
        coverage=float(inside.mean()),
        entropy=_entropy(maps_khw, strongest),
        undecided=float((np.abs(strongest - threshold) < NEAR).mean()),
        score=float(strongest[inside].mean()) if inside.any() else 0.0,
    )


SIGNALS = ("undecided", "entropy", "score")
"""Names of what `doubts` measures, from finished maps alone."""


def doubts(maps_khw: NDArray[np.float32], threshold: float) -> dict[str, float]:
    """The signals of a picture that need nothing but its maps, each turned so that more means more doubt.

    Args:
        maps_khw: float32 (K, h, w) in [0, 1] of its tags, walked or not; without any nothing is doubted.
        threshold: background threshold of its mask.

    Returns:
        By name of `SIGNALS`. A low score is doubtful, and high values of the others are.
    """
    if len(maps_khw) == 0:
        return dict.fromkeys(SIGNALS, 0.0)
    found = map_signals(maps_khw, threshold, None)
    return {"undecided": found.undecided, "entropy": found.entropy, "score": 1.0 - found.score}


class _Doubtful(Protocol):
    @property
    def undecided(self) -> float: ...

    @property
    def score(self) -> float: ...


def review_doubt(signals: _Doubtful, *, is_self_trained: bool) -> float:
    """How doubtful a mask is, in [0, 1], for the order of review: the signal that found bad masks best.

    Which one that is was measured, see docs/lab.md: of self-trained maps one minus the score, of others the
    undecided share.

    Args:
        signals: of the maps that the mask was made from.
        is_self_trained: whether these come from the classifier of pixels, walked or not.
    """
    return 1.0 - signals.score if is_self_trained else signals.undecided


def spearman(values: Sequence[float], truth: Sequence[float]) -> float | None:
    """Rank correlation in [-1, 1]; None for fewer than three pairs, or where one side never changes.

    >>> spearman([1, 2, 3], [10, 30, 20])
    0.5
    """
    if len(values) < 3:
        return None
    a, b = (rankdata(side) - (len(values) + 1) / 2 for side in (values, truth))
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else None


def auroc(values: Sequence[float], is_positive: Sequence[bool]) -> float | None:
    """Probability that a positive has a larger value than a negative, ties counting half; 0.5 is chance.

    None where all are positive or none is.

    >>> auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    positive = np.asarray(is_positive, dtype=np.bool_)
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        return None
    ranks = rankdata(values)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))


def _entropy(maps: NDArray[np.float32], strongest: NDArray[np.float32]) -> float:
    shares = np.concatenate([(1.0 - strongest)[None], maps]).astype(np.float64).clip(0.0, 1.0)
    shares /= shares.sum(axis=0).clip(min=1e-12)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(-(shares * logarithms).sum(axis=0).mean() / np.log(len(shares)))

"""Numbers that may reveal a bad mask without ground truth, and measures of how well they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

NEAR = 0.1
"""A cell is undecided if its strongest map differs from the threshold by less than this."""


@dataclass(frozen=True)
class Signals:
    """The signals of one picture, all in [0, 1].

    Attributes:
        disagreement: the largest `trainer.cams.compute.disagreement` of the tags; None without tiles.
        coverage: share of the picture where the strongest map exceeds the threshold.
        entropy: mean entropy of tags and background (one minus the strongest map), which are divided by their
            sum in each cell; 1 stands for a uniform distribution.
        undecided: share of the picture where the strongest map is within `NEAR` of the threshold.
        score: mean of the strongest map where it exceeds the threshold; 0 if it never does.
    """

    disagreement: float | None
    coverage: float
    entropy: float
    undecided: float
    score: float


def map_signals(maps_khw: NDArray[np.float32], threshold: float, disagreement: float | None) -> Signals:
    """The signals of maps (K, h, w) in [0, 1] of at least one tag.

    Args:
        maps_khw: float32, of the tags.
        threshold: background threshold of the mask, in [0, 1].
        disagreement: becomes the field of that name.
    """
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
"""Names of the signals that `doubts` returns."""


def doubts(maps_khw: NDArray[np.float32], threshold: float) -> dict[str, float]:
    """The signals that need only the maps of a picture, each oriented so that higher means more doubt.

    Args:
        maps_khw: float32 (K, h, w) in [0, 1] of its tags, walked or not; with K = 0 all doubts are 0.
        threshold: background threshold of its mask, in [0, 1].

    Returns:
        Values in [0, 1] by the names in `SIGNALS`; "score" is one minus the score.
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
    """Doubt about a mask, in [0, 1], which orders the queue: the signal that found bad masks best.

    As measured (docs/lab.md), that is one minus the score for self-trained maps, and the undecided share for
    others.

    Args:
        signals: of the maps that the mask was made from.
        is_self_trained: whether these maps come from the pixel classifier, walked or not.
    """
    return 1.0 - signals.score if is_self_trained else signals.undecided


def spearman(values: Sequence[float], truth: Sequence[float]) -> float | None:
    """Rank correlation in [-1, 1]; None for fewer than three pairs, or if one side is constant.

    >>> spearman([1, 2, 3], [10, 30, 20])
    0.5
    """
    if len(values) < 3:
        return None
    a, b = (_ranks(side) - (len(values) + 1) / 2 for side in (values, truth))
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else None


def auroc(values: Sequence[float], is_positive: Sequence[bool]) -> float | None:
    """Probability that a positive has a larger value than a negative, ties counting half; 0.5 is chance.

    None if all are positive or none is.

    >>> auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    positive = np.asarray(is_positive, dtype=np.bool_)
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        return None
    ranks = _ranks(values)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    from scipy.stats import rankdata  # takes a good part of a second to import, and few need it

    ranks: NDArray[np.float64] = rankdata(values)
    return ranks


def _entropy(maps: NDArray[np.float32], strongest: NDArray[np.float32]) -> float:
    shares = np.concatenate([(1.0 - strongest)[None], maps]).astype(np.float64).clip(0.0, 1.0)
    shares /= shares.sum(axis=0).clip(min=1e-12)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(-(shares * logarithms).sum(axis=0).mean() / np.log(len(shares)))

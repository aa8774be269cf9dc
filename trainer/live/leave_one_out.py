"""Leave-one-out: what the model would have said of an accepted mask that it had not learned.

The squared error of a factor gamma of what was learned needs only the sums of the picture (or class) left
out. With D the weights learned without it, e(gamma) = gamma^2 D' zz D - 2 gamma D' zr + constant, so the best
factor is (sum of D' zr) / (sum of D' zz D), in closed form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.live.design import log_score
from trainer.live.evidence import PictureEvidence
from trainer.live.model import PRIOR_SLOPE, LiveModel, pair_sums
from trainer.live.trust import HALF_TRUST_MASKS, Trust, tested_trust_limit, unseen_trust_limit

MAX_PICTURES = 64
"""So many accepted masks are enough to judge a model."""

_POOLED_PAIRS = 3.0
"""Weight, in pairs, of the factor of all classes in the factor of one class."""


@dataclass(frozen=True)
class ClassScore:
    """How well one class is known.

    Attributes:
        masks: accepted masks that were left out, one at a time.
        iou_before: IoU in [0, 1] of the prior's maps over their cells.
        iou_after: the same with what the other masks have taught.
        trust: factor in [0, 1] that follows.
    """

    masks: int
    iou_before: float
    iou_after: float
    trust: float


@dataclass(frozen=True)
class LeaveOneOut:
    """The judgement of all classes: `trust` is what `LiveModel.fit` takes."""

    by_class: dict[int, ClassScore]
    trust: Trust


def leave_one_out(model: LiveModel, evidence: Iterable[PictureEvidence]) -> LeaveOneOut:
    """Test the model on accepted masks, each without its own contribution.

    It takes some 0.1 s for each mask, so it belongs in the background.

    Args:
        model: as it is with all masks.
        evidence: masks that were added to it, at most `MAX_PICTURES`; chosen without regard to their order,
            so that two studios with the same masks get the same result.
    """
    pairs: dict[int, list[_Left]] = {}
    for one in evidence:
        for index, left in _left_out(model, one).items():
            pairs.setdefault(index, []).append(left)
    everything = [left for of_class in pairs.values() for left in of_class]
    most = tested_trust_limit(model.masks)
    pooled = min(most, _factor(everything, 0.0, HALF_TRUST_MASKS))
    scores = {}
    for index, of_class in sorted(pairs.items()):
        before = _iou(np.sum([left.before for left in of_class], axis=0))
        after = _iou(np.sum([left.after for left in of_class], axis=0))
        scores[index] = ClassScore(
            len(of_class), before, after, min(most, _factor(of_class, pooled, _POOLED_PAIRS))
        )
    trust_by_class = {index: score.trust for index, score in scores.items()}
    if everything:
        # A class without a tested mask is believed as much as all classes are on average.
        trust_by_class = dict.fromkeys(model.class_indices, pooled) | trust_by_class
    return LeaveOneOut(scores, Trust(trust_by_class, _unseen_factor(model)))


@dataclass(frozen=True, eq=False)
class _Left:
    """One (picture, class) pair that was left out.

    Attributes:
        gain: D' zr, what the learned weights explain of the prior's residual.
        energy: D' zz D, at least 0.
        before: float64 (2,), intersection and union in cells of the prior's mask and the accepted one.
        after: the same of the mask with what was learned.
    """

    gain: float
    energy: float
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def _left_out(model: LiveModel, evidence: PictureEvidence) -> dict[int, _Left]:
    """Judge the pairs of one picture by what all other pictures teach."""
    own = pair_sums(evidence, model.background_threshold)
    others = model.without(own)
    if not others.class_indices:
        return {}
    knowledge = others.fit(Trust(dict.fromkeys(model.class_indices, 1.0), unseen=1.0))
    prior = evidence.prior_nk.astype(np.float32)
    base = PRIOR_SLOPE * log_score(prior, model.background_threshold)
    learned = knowledge.learned(evidence.features, prior, evidence.class_indices)
    before, after = _winners(base), _winners(base + learned)
    known = evidence.known_n.astype(np.float64)
    left = {}
    for position, index in enumerate(evidence.class_indices):
        if index not in own:
            continue
        weights = knowledge.weights(index)
        inside = np.minimum(evidence.shares_nk[:, position].astype(np.float64), known)
        left[index] = _Left(
            gain=float(weights @ own[index].zr),
            energy=float(weights @ own[index].zz @ weights),
            before=_overlap(before == position, inside, known),
            after=_overlap(after == position, inside, known),
        )
    return left


def _winners(scores_nk: NDArray[np.float32]) -> NDArray[np.int64]:
    """Position of the class with the highest score above 0 for each cell; -1 for background."""
    best = scores_nk.argmax(axis=1)
    return np.where(scores_nk.max(axis=1) > 0, best, -1)


def _overlap(
    predicted: NDArray[np.bool_], inside: NDArray[np.float64], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    intersection = inside[predicted].sum()
    return np.array([intersection, known[predicted].sum() + inside.sum() - intersection])


def _factor(pairs: Sequence[_Left], expected: float, strength: float) -> float:
    """The best factor in [0, 1], as if `strength` average pairs had asked for `expected`."""
    if not pairs:
        return expected
    energy = sum(left.energy for left in pairs)
    extra = strength * energy / len(pairs)
    if energy + extra <= 0:
        return expected
    factor = (sum(left.gain for left in pairs) + expected * extra) / (energy + extra)
    return float(np.clip(factor, 0, 1))


def _unseen_factor(model: LiveModel) -> float:
    """The factor of the shared weights for a class without a mask: each known class is left out in turn."""
    gain = energy = 0.0
    for index in model.class_indices:
        others = model.without_class(index)
        if not others.class_indices:
            return 0.0
        weights = others.fit().shared_weights
        sums = model.sums_of(index)
        gain += float(weights @ sums.zr) / sums.pairs
        energy += float(weights @ sums.zz @ weights) / sums.pairs
    classes = len(model.class_indices)
    if not classes or energy <= 0:
        return 0.0
    factor = gain / (energy * (1 + HALF_TRUST_MASKS / classes))
    return float(np.clip(factor, 0, unseen_trust_limit(model.masks)))


def _iou(counts: NDArray[np.float64]) -> float:
    return float(counts[0] / counts[1]) if counts[1] > 0 else 0.0

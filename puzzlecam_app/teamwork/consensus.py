"""One mask from those of several people: by majority, or weighted by how reliable each person is (STAPLE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOID: Final = 255
_FIRST_TRUST: Final = 0.95
_SMALLEST: Final = 1e-12


@dataclass(frozen=True)
class Staple:
    """The result of STAPLE.

    Attributes:
        mask: uint8 (H, W), the most probable class of each pixel; 255 where nobody says one.
        classes: uint8 (L,), the indices that somebody has painted, rising.
        performance: float64 (R, L, L): the probability that person r says class `classes[s]` (rows) where the
            truth is `classes[t]` (columns). Columns add up to 1.
        rounds: how many rounds of expectation and maximisation it took.
    """

    mask: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    performance: NDArray[np.float64]
    rounds: int


def majority(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The class that most people say, of R masks uint8 (H, W).

    Void (255) is no vote. Where two classes have equally many votes, or nobody votes, the result is void.

    >>> majority([np.uint8([[1, 1, 1]]), np.uint8([[1, 2, 2]]), np.uint8([[0, 2, 255]])])
    array([[  1,   2, 255]], dtype=uint8)
    """
    answers, patterns, place_of = _patterns(masks)
    classes = np.unique(answers[answers != VOID])
    if not classes.size:
        return np.full(masks[0].shape, VOID, np.uint8)
    votes = (patterns[:, :, None] == classes).sum(axis=1)  # (P, L)
    most = votes.max(axis=1)
    is_clear = (most > 0) & ((votes == most[:, None]).sum(axis=1) == 1)
    chosen = np.where(is_clear, classes[votes.argmax(axis=1)], VOID).astype(np.uint8)
    return chosen[place_of].reshape(masks[0].shape)


def staple(masks: Sequence[NDArray[np.uint8]], *, most_rounds: int = 200, tolerance: float = 1e-7) -> Staple:
    """Estimate the true mask, and how reliable each person is, from R masks uint8 (H, W).

    The expectation-maximisation of Warfield, Zou and Wells (IEEE Trans. Medical Imaging 23(7), 2004), in the
    form for several classes. The prior of a class is the share of all answers that name it. Void (255) is a
    missing answer: it says nothing about a pixel.

    Pixels with the same answers have the same probabilities, so that each set of answers is computed once.

    Args:
        masks: of at least one person, all of one shape.
        most_rounds: after so many rounds it stops in any case.
        tolerance: it stops when no performance changes by more.
    """
    answers, patterns, place_of = _patterns(masks)
    counts = np.bincount(place_of, minlength=len(patterns)).astype(np.float64)
    classes = np.unique(answers[answers != VOID])
    people, size = len(masks), len(classes)
    if not size:
        return Staple(np.full(masks[0].shape, VOID, np.uint8), classes, np.zeros((people, 0, 0)), 0)
    said = patterns[:, :, None] == classes  # (P, R, L)
    prior = (counts[:, None] * said.sum(axis=1)).sum(axis=0)
    prior /= prior.sum()
    off = (1 - _FIRST_TRUST) / max(1, size - 1)
    first = np.where(np.eye(size, dtype=bool), _FIRST_TRUST if size > 1 else 1.0, off)
    performance = np.broadcast_to(first, (people, size, size)).copy()
    rounds, change = 0, np.inf
    while rounds < most_rounds and change > tolerance:
        weights = _expect(said, prior, performance)
        renewed = _maximise(said, counts, weights, performance)
        change = float(np.abs(renewed - performance).max())
        performance = renewed
        rounds += 1
    weights = _expect(said, prior, performance)
    best = classes[weights.argmax(axis=1)]
    chosen = np.where(said.any(axis=(1, 2)), best, VOID).astype(np.uint8)
    return Staple(chosen[place_of].reshape(masks[0].shape), classes, performance, rounds)


def disagreement(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """The share of people (0..1, float32 (H, W)) who do not say what most people say; void is no vote."""
    _, patterns, place_of = _patterns(masks)
    classes = np.unique(patterns[patterns != VOID])
    votes = (patterns[:, :, None] == classes).sum(axis=1)
    voters = votes.sum(axis=1)
    most = votes.max(axis=1, initial=0)
    share = np.where(voters > 0, 1 - most / np.maximum(1, voters), 0)
    return share.astype(np.float32)[place_of].reshape(masks[0].shape)


def _expect(
    said: NDArray[np.bool_], prior: NDArray[np.float64], performance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The probability (P, L) that the truth is each class, by the answers (P, R, L)."""
    logs = np.log(np.maximum(performance, _SMALLEST))  # (R, said, truth)
    scores = np.log(np.maximum(prior, _SMALLEST)) + np.einsum("prs,rst->pt", said, logs)
    scores -= scores.max(axis=1, keepdims=True)
    weights = np.exp(scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def _maximise(
    said: NDArray[np.bool_],
    counts: NDArray[np.float64],
    weights: NDArray[np.float64],
    before: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The performance (R, L, L) that makes the answers most probable; unchanged where nothing is known."""
    shares = np.einsum("prs,p,pt->rst", said, counts, weights)
    whole = shares.sum(axis=1, keepdims=True)
    return np.where(whole > _SMALLEST, shares / np.maximum(whole, _SMALLEST), before)


def _patterns(
    masks: Sequence[NDArray[np.uint8]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.intp]]:
    """All answers (R, N), the different sets of answers (P, R), and which of them each pixel has (N,)."""
    if not masks or any(mask.shape != masks[0].shape for mask in masks):
        raise ValueError("Give at least one mask, all of one shape.")
    answers = np.stack([mask.reshape(-1) for mask in masks])
    place = np.zeros(answers.shape[1], np.intp)
    patterns = np.zeros((1, 0), np.uint8)
    for row in answers:  # one person at a time: sorting rows of several columns is slow
        keys, place = np.unique(place * 256 + row, return_inverse=True)
        patterns = np.column_stack([patterns[keys // 256], (keys % 256).astype(np.uint8)])
    return answers, patterns, place

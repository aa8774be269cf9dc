"""Consensus masks on arrays that can be checked by eye, and STAPLE against a plain computation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from puzzlecam_app.teamwork.consensus import disagreement, majority, staple

VOID = 255
Masks = list[NDArray[np.uint8]]


def of(*rows: list[int]) -> Masks:
    return [np.array([row], np.uint8) for row in rows]


def staple_oracle(masks: Masks, rounds: int) -> tuple[list[int], dict[tuple[int, int, int], float]]:
    """STAPLE pixel by pixel with dictionaries, as the paper's equations read. Sums, not logarithms."""
    answers = [mask.ravel().tolist() for mask in masks]
    classes = sorted({one for row in answers for one in row if one != VOID})
    pixels, people = range(len(answers[0])), range(len(answers))
    given_answers = [one for row in answers for one in row if one != VOID]
    prior = {t: given_answers.count(t) / len(given_answers) for t in classes}
    trust = {
        (r, s, t): (0.95 if len(classes) > 1 else 1.0) if s == t else 0.05 / (len(classes) - 1)
        for r in people
        for s in classes
        for t in classes
    }

    def posterior(i: int) -> dict[int, float]:
        weights = {
            t: prior[t] * math.prod(trust[r, answers[r][i], t] for r in people if answers[r][i] != VOID)
            for t in classes
        }
        return {t: weight / sum(weights.values()) for t, weight in weights.items()}

    for _ in range(rounds):
        w = [posterior(i) for i in pixels]
        new = {}
        for r in people:
            for t in classes:
                whole = sum(w[i][t] for i in pixels if answers[r][i] != VOID)
                for s in classes:
                    part = sum(w[i][t] for i in pixels if answers[r][i] == s)
                    new[r, s, t] = part / whole if whole > 1e-12 else trust[r, s, t]
        trust = new
    found = []
    for i in pixels:
        w_i = posterior(i)
        is_said = any(answers[r][i] != VOID for r in people)
        found.append(max(classes, key=lambda t: w_i[t]) if is_said else VOID)
    return found, trust


def test_the_majority_decides_and_a_tie_is_void() -> None:
    masks = of([1, 1, 0, 2, 255, 255], [1, 2, 0, 1, 255, 3], [2, 2, 1, 0, 255, 255])
    assert majority(masks).tolist() == [[1, 2, 0, 255, 255, 3]]


def test_disagreement_is_the_share_of_those_who_say_something_else() -> None:
    masks = of([1, 1, 1, 255], [1, 2, 255, 255], [1, 1, 2, 255])
    assert np.allclose(disagreement(masks), [[0, 1 / 3, 1 / 2, 0]])


@pytest.mark.parametrize(
    "masks",
    [
        of([0, 0, 1, 1, 1, 2], [0, 0, 1, 1, 2, 2], [0, 1, 1, 1, 1, 2]),
        of([0, 0, 1, 1, 255, 2, 2], [0, 0, 1, 255, 2, 2, 0], [0, 1, 1, 1, 1, 2, 2]),
        of([0, 1, 1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 0, 0, 0, 1]),
    ],
)
def test_staple_is_that_of_the_plain_computation(masks: Masks) -> None:
    result = staple(masks, most_rounds=8, tolerance=0)
    mask, trust = staple_oracle(masks, 8)
    assert result.mask.ravel().tolist() == mask
    classes = result.classes.tolist()
    for (r, s, t), expected in trust.items():
        assert result.performance[r, classes.index(s), classes.index(t)] == pytest.approx(expected, abs=1e-9)


def test_staple_believes_two_careful_people_rather_than_one_who_errs_often() -> None:
    truth = np.tile(np.array([0, 0, 0, 1, 1, 2], np.uint8), (8, 4))
    careless = np.where(np.indices(truth.shape).sum(axis=0) % 3 == 0, 0, truth).astype(np.uint8)
    careful = truth.copy()
    careful[0, :2] = 1
    result = staple([truth, careful, careless])
    assert (result.mask == truth).mean() > 0.98
    trust = result.performance.diagonal(axis1=1, axis2=2).mean(axis=1)
    assert trust[2] < trust[:2].min()


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, (3, 2, 4), elements=st.sampled_from([0, 1, 2, VOID])))
def test_what_all_say_is_the_consensus_and_probabilities_add_up(stack: NDArray[np.uint8]) -> None:
    result = staple(list(stack))
    if result.classes.size:
        assert np.allclose(result.performance.sum(axis=1)[:, result.performance.any(axis=(0, 1))], 1)
    same = staple([stack[0]] * 3)
    assert (same.mask == stack[0]).all()
    assert (majority([stack[0]] * 3) == stack[0]).all()


def test_masks_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        staple([np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8)])

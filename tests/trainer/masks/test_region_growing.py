"""Seeds grow to the connected confident cells, and only there; compared with a growth cell by cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.masks.region_growing import UNSEEDED, grown, seeds_of

THRESHOLDS = {"foreground": 0.85, "background": 0.99}


@pytest.fixture
def probabilities() -> NDArray[np.float32]:
    """Background, a class with two separate confident blocks, and a class that is nowhere."""
    maps = np.full((3, 5, 7), 0.01, np.float32)
    maps[0] = 0.02
    maps[1, 1:4, 0:3] = maps[1, 1:4, 5:7] = 0.97
    maps[0, 4] = 0.995
    return maps


@pytest.fixture
def seeds() -> NDArray[np.uint8]:
    """A seed of the class with index 9 in its first block, and one of background."""
    cells = np.full((5, 7), UNSEEDED, np.uint8)
    cells[2, 1], cells[4, 0] = 9, 0
    return cells


def test_seeds_grow_to_the_connected_confident_cells_only(
    probabilities: NDArray[np.float32], seeds: NDArray[np.uint8]
) -> None:
    expected = np.full((5, 7), UNSEEDED, np.uint8)
    expected[1:4, 0:3], expected[4] = 9, 0
    assert np.array_equal(grown(seeds, probabilities, (0, 9, 4), **THRESHOLDS), expected)


def test_the_original_seeds_are_not_changed_and_stay(
    probabilities: NDArray[np.float32], seeds: NDArray[np.uint8]
) -> None:
    before = seeds.copy()
    result = grown(seeds, probabilities, (0, 9, 4), **THRESHOLDS)
    assert np.array_equal(seeds, before)
    assert np.array_equal(result[seeds != UNSEEDED], seeds[seeds != UNSEEDED])


def test_thresholds_of_one_give_the_seeds_back(
    probabilities: NDArray[np.float32], seeds: NDArray[np.uint8]
) -> None:
    assert np.array_equal(grown(seeds, probabilities, (0, 9, 4), foreground=1, background=1), seeds)


def test_background_needs_its_own_threshold(
    probabilities: NDArray[np.float32], seeds: NDArray[np.uint8]
) -> None:
    probabilities[0, 4] = 0.97
    assert (grown(seeds, probabilities, (0, 9, 4), **THRESHOLDS)[4, 1:] == UNSEEDED).all()


def test_seeds_of_another_class_are_never_taken() -> None:
    probabilities = np.array([[[0.1] * 5], [[0.9] * 5], [[0.0] * 5]], np.float32)
    seeds = np.array([[1, UNSEEDED, 2, UNSEEDED, UNSEEDED]], np.uint8)
    # The seed of class 2 also cuts the cells behind it off.
    expected = np.array([[1, 1, 2, UNSEEDED, UNSEEDED]], np.uint8)
    assert np.array_equal(grown(seeds, probabilities, (0, 1, 2), **THRESHOLDS), expected)


def by_flooding(
    seeds: NDArray[np.uint8], probabilities: NDArray[np.float32], indices: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Cell by cell from each seed to its eight neighbours."""
    height, width = seeds.shape
    result = seeds.copy()
    for y, x in itertools.product(range(height), range(width)):
        if seeds[y, x] == UNSEEDED:
            continue
        todo, done = [(y, x)], set()
        while todo:
            row, column = todo.pop()
            if (row, column) in done or not (0 <= row < height and 0 <= column < width):
                continue
            done.add((row, column))
            best = int(probabilities[:, row, column].argmax())
            limit = 0.99 if indices[best] == 0 else 0.85
            is_sure = indices[best] == seeds[y, x] and probabilities[best, row, column] > limit
            if seeds[row, column] == seeds[y, x] or (seeds[row, column] == UNSEEDED and is_sure):
                result[row, column] = seeds[y, x]
                todo += [(row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return result


@pytest.mark.parametrize("number", range(5))
def test_it_agrees_with_flooding_and_the_order_of_the_classes_does_not_matter(number: int) -> None:
    rng = np.random.default_rng(number)
    scores = rng.normal(size=(3, 12, 14)).repeat(2, axis=2) * 6
    maps = (np.exp(scores) / np.exp(scores).sum(0)).astype(np.float32)
    seeds = np.where(rng.random((12, 28)) < 0.05, rng.choice([0, 5, 7], (12, 28)), UNSEEDED).astype(np.uint8)
    result = grown(seeds, maps, (0, 5, 7), **THRESHOLDS)
    assert np.array_equal(result, by_flooding(seeds, maps, (0, 5, 7)))
    assert np.array_equal(result, grown(seeds, maps[[2, 0, 1]], (7, 0, 5), **THRESHOLDS))
    assert (result != seeds).any()


def test_the_strongest_map_above_the_threshold_is_the_seed_else_background() -> None:
    maps = np.array([[[0.9, 0.5, 0.3, 0.05]], [[0.4, 0.6, 0.2, 0.05]]], np.float32)
    background = np.array([[True, False, False, True]])
    assert seeds_of(maps, (3, 8), 0.4, background).tolist() == [[3, 8, UNSEEDED, 0]]
    none = np.zeros((0, 1, 4), np.float32)
    assert seeds_of(none, (), 0.4, background).tolist() == [[0, UNSEEDED, UNSEEDED, 0]]

"""What a picture's features say of a mask: like places get like labels, and seeds outweigh the mask."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.interactive.learning import PictureClassifier
from trainer.interactive.seeds import Box, Click, Scribble
from trainer.interactive.segmenter import InteractiveConfig, InteractiveSegmenter

LABELS = (0, 1)
SIZE, GRID, PLACES = (128, 192), (32, 48), (8, 12)


def features(rng: np.random.Generator) -> NDArray[np.float32]:
    """Two kinds of places in columns: 0..3 and 8..11 alike, 4..7 another."""
    kinds = rng.normal(size=(2, 16))
    columns = np.array([0] * 4 + [1] * 4 + [0] * 4)
    noise = 0.05 * rng.normal(size=(16, *PLACES))
    return (kinds[columns].T[:, None, :] + noise).astype(np.float32)


def shares(*labels_by_third: int, labels: int = 2) -> NDArray[np.float64]:
    planes = np.zeros((*GRID, labels))
    for third, label in enumerate(labels_by_third):
        planes[:, 16 * third : 16 * (third + 1), label] = 1.0
    return planes.reshape(-1, labels)


@pytest.fixture
def classifier(rng: np.random.Generator) -> PictureClassifier:
    return PictureClassifier(np.full((*SIZE, 3), 90, np.uint8), features(rng))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_mask_that_agrees_with_the_features_is_learned(classifier) -> None:
    given = shares(1, 0, 1)
    learned = classifier.learned_shares(given, LABELS, GRID, [])
    assert learned.shape == given.shape
    assert learned.sum(axis=1) == pytest.approx(1.0)
    assert ((learned > 0) & (learned < 1)).all()
    assert (learned.argmax(axis=1) == given.argmax(axis=1)).mean() > 0.95


def test_places_that_look_like_an_object_lean_towards_it(classifier) -> None:
    likely = classifier.learned_shares(shares(1, 0, 0), LABELS, GRID, []).reshape(*GRID, 2)[..., 1]
    assert likely[:, 34:].mean() > 1.5 * likely[:, 18:30].mean()


def test_seeds_count_more_than_the_mask(classifier) -> None:
    given = shares(1, 0, 0)
    plain = classifier.learned_shares(given, LABELS, GRID, [Box(0, 0, 10, 10, 1)]).reshape(*GRID, 2)
    seeds = [Click(60, 170, 1), Scribble(((20, 150), (100, 150)), 1)]
    seeded = classifier.learned_shares(given, LABELS, GRID, seeds).reshape(*GRID, 2)
    assert seeded[:, 34:, 1].mean() > plain[:, 34:, 1].mean() + 0.2


def test_pictures_smaller_than_a_place_can_be_learned() -> None:
    classifier = PictureClassifier(np.zeros((1, 1, 3), np.uint8), np.ones((4, 1, 1), np.float32))
    learned = classifier.learned_shares(np.array([[0.3, 0.7]]), LABELS, (1, 1), [Click(0, 0, 1)])
    assert np.isfinite(learned).all()
    assert learned.sum() == pytest.approx(1.0)


def test_a_segmenter_with_features_repeats_itself_and_keeps_seeds(rng: np.random.Generator) -> None:
    segmenter = InteractiveSegmenter(lambda _: features(np.random.default_rng(3)))
    picture = rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    segmenter.set_image(picture)
    prior = np.zeros(SIZE, np.uint8)
    prior[:, :64] = 1
    seeds = [Click(60, 170, 1), Click(60, 30, 0)]
    first = segmenter.refine(prior, seeds)
    segmenter.set_image(picture)
    np.testing.assert_array_equal(segmenter.refine(prior, seeds), first)
    assert first[60, 170] == 1
    assert first[60, 30] == 0


def test_a_click_of_background_keeps_more_of_what_looks_like_its_place_than_the_walk_alone() -> None:
    picture = np.full((*SIZE, 3), 90, np.uint8)
    prior = np.zeros(SIZE, np.uint8)
    prior[:, :64] = 1

    def kept_between(learned_share: float) -> float:
        # The picture is flat and the graph does not look at the features: only the learner tells the thirds.
        config = InteractiveConfig(learned_share=learned_share, feature_weight=0.0, crf_iterations=0)
        segmenter = InteractiveSegmenter(lambda _: features(np.random.default_rng(3)), config)
        segmenter.set_image(picture)
        mask = segmenter.refine(prior, [Click(60, 170, 1), Click(60, 75, 0)])
        return float((mask[:, 64:128] == 0).mean())

    assert kept_between(0.6) > 1.5 * kept_between(0.0)

"""Suggested and doubtful tags: exact sums, right suggestions on made pictures, silence without evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.live.evidence import PictureEvidence, picture_evidence
from trainer.live.features import CellFeatures
from trainer.live.suggestions import (
    Calibration,
    Presence,
    RegionSums,
    calibrate,
    doubtful_tags,
    left_out,
    region_sums,
    suggest,
)

CELLS = (8, 8)
DIM = 8


def picture(seed: int, classes: Sequence[int], *, noise: float = 0.1) -> PictureEvidence:
    """A block of 3 x 3 cells for each class, in which its feature is high; background has a feature too."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(CELLS, dtype=np.uint8)
    for place, index in enumerate(classes):
        top, left = 4 * (place // 2), 4 * (place % 2)
        labels[top : top + 3, left : left + 3] = index
    values = rng.normal(0, noise, (*CELLS, DIM)) + np.eye(DIM)[labels]
    features = CellFeatures(values.astype(np.float16), (CELLS[0] * 16, CELLS[1] * 16))
    cams = np.full((len(classes), 16, 16), 0.5, dtype=np.float32)
    mask = np.kron(labels, np.ones((16, 16), dtype=np.uint8))
    return picture_evidence(features, cams, tuple(classes), mask)


def pictures(count: int, **options: float) -> list[PictureEvidence]:
    """Pictures of one, two and three classes in turn."""
    shown = ((1,), (1, 2), (2, 3), (3,), (1, 3), (2,), (1, 2, 3))
    return [picture(seed, shown[seed % len(shown)], **options) for seed in range(count)]


def sums_of(evidence: Sequence[PictureEvidence]) -> RegionSums:
    return sum((region_sums(one) for one in evidence), RegionSums())


def calibration_of(evidence: Sequence[PictureEvidence]) -> Calibration:
    sums = sums_of(evidence)
    return calibrate([left_out(sums, one) for one in evidence])


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5), max_size=4))
def test_sums_after_any_order_and_any_taken_back_are_those_of_what_is_left(
    order: list[int], taken_back: set[int]
) -> None:
    evidence = pictures(6)
    sums = sums_of([evidence[position] for position in order])
    for position in taken_back:
        sums = sums - region_sums(evidence[position])
    left = sums_of([one for position, one in enumerate(evidence) if position not in taken_back])
    assert (sums.masks, sums.regions) == (left.masks, left.regions)
    np.testing.assert_allclose(sums.xx, left.xx, atol=1e-9)
    for index, total in left.sums.items():
        np.testing.assert_allclose(sums.sums[index], total, atol=1e-9)


def test_a_mask_that_was_never_added_cannot_be_subtracted() -> None:
    with pytest.raises(ValueError, match="subtracted"):
        region_sums(picture(0, (1,))) - region_sums(picture(1, (2,)))


def test_a_class_without_its_tag_is_suggested_and_no_other() -> None:
    learned = pictures(21)
    presence, calibration = Presence(sums_of(learned)), calibration_of(learned)
    for seed in range(100, 110):
        found = suggest(presence.scores(picture(seed, (1, 2)).features), calibration, tags=(1,))
        assert [one.class_index for one in found] == [2]


def test_a_picture_without_tags_gets_all_its_classes() -> None:
    learned = pictures(21)
    scores = Presence(sums_of(learned)).scores(picture(100, (1, 3)).features)
    found = suggest(scores, calibration_of(learned), tags=())
    assert {one.class_index for one in found} == {1, 3}


def test_a_refused_class_is_not_suggested_again() -> None:
    learned = pictures(21)
    scores = Presence(sums_of(learned)).scores(picture(100, (1, 2)).features)
    assert suggest(scores, calibration_of(learned), tags=(1,), refused=(2,)) == ()


def test_nothing_is_suggested_where_masks_left_out_are_not_recognised() -> None:
    calibration = calibration_of(pictures(21, noise=10.0))
    assert (calibration.untagged, calibration.tagged) == (None, None)
    assert suggest({1: 0.0}, calibration, tags=()) == ()


def test_a_tag_is_doubted_where_nothing_looks_like_it() -> None:
    learned = pictures(35)
    scores = Presence(sums_of(learned)).scores(picture(100, (1,)).features)
    assert doubtful_tags(scores, calibration_of(learned), tags=(1, 3)) == (3,)


def test_a_class_that_no_mask_shows_is_never_doubted() -> None:
    learned = pictures(35)
    scores = Presence(sums_of(learned)).scores(picture(100, (1,)).features)
    assert doubtful_tags(scores, calibration_of(learned), tags=(7,)) == ()


def test_a_class_with_a_single_mask_is_not_suggested() -> None:
    presence = Presence(sums_of([picture(0, (1,)), picture(1, (1, 2))]))
    assert presence.class_indices == (1,)


def test_without_masks_nothing_is_known() -> None:
    assert Presence(RegionSums()).scores(picture(0, (1,)).features) == {}

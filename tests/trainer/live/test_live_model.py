"""The live model: exact sums, what it learns, and what it leaves alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trainer.live.evidence import (
    EvidenceError,
    PictureEvidence,
    load_evidence,
    picture_evidence,
    save_evidence,
)
from trainer.live.features import CellFeatures
from trainer.live.leave_one_out import leave_one_out
from trainer.live.model import LiveModel
from trainer.live.trust import Trust

SIZE = (96, 112)
CELLS = (6, 7)
THRESHOLD = 0.45
DIM = 8


def picture(seed: int, class_index: int) -> tuple[CellFeatures, NDArray[np.float32], NDArray[np.uint8]]:
    """Features that tell the class, a prior that says nothing, and the true mask: a block of cells."""
    rng = np.random.default_rng(seed)
    top, left = rng.integers(0, 3), rng.integers(0, 4)
    inside = np.zeros(CELLS, dtype=bool)
    inside[top : top + 3, left : left + 3] = True
    features = rng.normal(0, 0.1, (*CELLS, DIM))
    features[inside, class_index % DIM] += 1
    features[~inside, DIM - 1] += 1
    mask = np.kron(inside, np.ones((16, 16))).astype(np.uint8) * class_index
    cams = np.full((1, 24, 28), THRESHOLD, dtype=np.float32)
    return CellFeatures(features.astype(np.float16), SIZE), cams, mask


def evidence_of(seed: int, class_index: int) -> PictureEvidence:
    features, cams, mask = picture(seed, class_index)
    return picture_evidence(features, cams, (class_index,), mask)


def model_of(*evidence: PictureEvidence) -> LiveModel:
    model = LiveModel(THRESHOLD)
    for one in evidence:
        model.add(one)
    return model


def assert_equal_sums(one: LiveModel, other: LiveModel) -> None:
    mine, theirs = one.to_arrays(), other.to_arrays()
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_order_of_the_same_decisions_gives_the_same_model(data: st.DataObject) -> None:
    pictures = [evidence_of(seed, 1 + seed % 3) for seed in range(5)]
    kept = data.draw(st.sets(st.integers(0, 4)))
    order = data.draw(st.permutations(range(5)))
    model = LiveModel(THRESHOLD)
    for position in order:
        model.add(pictures[position])
        if position not in kept:
            model.subtract(pictures[position])
    assert_equal_sums(model, model_of(*(pictures[position] for position in sorted(kept))))


def test_a_corrected_mask_replaces_what_the_first_one_taught() -> None:
    features, cams, mask = picture(0, 1)
    first = picture_evidence(features, cams, (1,), np.roll(mask, 16, axis=1))
    second = picture_evidence(features, cams, (1,), mask)
    model = model_of(first)
    model.subtract(first)
    model.add(second)
    assert_equal_sums(model, model_of(second))


def test_three_masks_show_a_class_that_the_prior_does_not_see() -> None:
    knowledge = model_of(*(evidence_of(seed, 1) for seed in range(3))).fit()
    features, cams, mask = picture(9, 1)
    maps = knowledge.maps(features, cams, (1,))
    truth = mask[2::4, 2::4] == 1
    assert maps.shape == cams.shape
    assert ((maps[0] > THRESHOLD) == truth).mean() > 0.9


def test_a_class_without_a_mask_keeps_its_map() -> None:
    knowledge = model_of(evidence_of(0, 1)).fit()
    features, cams, _ = picture(9, 2)
    assert knowledge.maps(features, cams, (2,)) is cams


def test_beside_a_learned_class_an_unknown_one_keeps_the_cells_above_its_threshold() -> None:
    knowledge = model_of(*(evidence_of(seed, 1) for seed in range(3))).fit()
    features, _, _ = picture(9, 1)
    cams = np.random.default_rng(0).random((2, 24, 28)).astype(np.float32)
    maps = knowledge.maps(features, cams, (1, 2))
    np.testing.assert_array_equal(maps[1] > THRESHOLD, cams[1] > THRESHOLD)


def test_without_trust_the_threshold_separates_the_same_cells() -> None:
    model = model_of(*(evidence_of(seed, 1) for seed in range(3)))
    features, _, _ = picture(9, 1)
    cams = np.random.default_rng(0).random((1, 24, 28)).astype(np.float32)
    knowledge = model.fit(Trust({1: 1e-9}))
    np.testing.assert_array_equal(knowledge.maps(features, cams, (1,)) > THRESHOLD, cams > THRESHOLD)


def test_void_pixels_teach_nothing() -> None:
    features, cams, mask = picture(0, 1)
    void = mask.copy()
    void[:, 48:] = 255
    with_void = picture_evidence(features, cams, (1,), void)
    assert with_void.known_n.reshape(CELLS)[:, 3:].max() == 0
    assert with_void.shares_nk.reshape(CELLS)[:, 3:].max() == 0


def test_a_tag_that_is_not_in_the_mask_teaches_nothing() -> None:
    features, cams, mask = picture(0, 1)
    model = model_of(picture_evidence(features, np.repeat(cams, 2, axis=0), (1, 2), mask))
    assert model.class_indices == (1,)


def test_a_large_picture_counts_as_much_as_a_small_one() -> None:
    small, large = evidence_of(0, 1), LiveModel(THRESHOLD)
    values = np.tile(small.features.values_hwd, (2, 2, 1))
    mask = np.tile(picture(0, 1)[2], (2, 2))
    cams = np.full((1, 48, 56), THRESHOLD, dtype=np.float32)
    large.add(picture_evidence(CellFeatures(values, mask.shape), cams, (1,), mask))
    own, other = model_of(small).sums_of(1), large.sums_of(1)
    assert own.zz[-1, -1] == pytest.approx(1)
    assert other.zz[-1, -1] == pytest.approx(1)


def test_what_was_not_added_cannot_be_subtracted() -> None:
    with pytest.raises(ValueError, match="no mask of the classes"):
        model_of(evidence_of(0, 1)).subtract(evidence_of(1, 2))


def test_sums_survive_a_file() -> None:
    model = model_of(evidence_of(0, 1), evidence_of(1, 2))
    assert_equal_sums(LiveModel.from_arrays(model.to_arrays()), model)


def test_damaged_sums_are_refused() -> None:
    arrays = model_of(evidence_of(0, 1)).to_arrays()
    del arrays["1.zr"]
    with pytest.raises(ValueError, match="lack"):
        LiveModel.from_arrays(arrays)


def test_evidence_survives_a_file(tmp_path: Path) -> None:
    evidence = evidence_of(0, 1)
    save_evidence(tmp_path / "one.safetensors", evidence, "encoder|prior")
    assert_equal_sums(
        model_of(load_evidence(tmp_path / "one.safetensors", "encoder|prior")), model_of(evidence)
    )


@pytest.mark.parametrize("content", [None, b"", b"not safetensors"])
def test_evidence_that_cannot_be_read_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "one.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvidenceError, match="compute it again"):
        load_evidence(path, "encoder|prior")


def test_evidence_of_another_prior_is_refused(tmp_path: Path) -> None:
    save_evidence(tmp_path / "one.safetensors", evidence_of(0, 1), "encoder|prior")
    with pytest.raises(EvidenceError, match="another encoder or prior"):
        load_evidence(tmp_path / "one.safetensors", "encoder|other")


def test_leave_one_out_believes_what_helps_and_not_what_is_noise() -> None:
    helpful = [evidence_of(seed, 1) for seed in range(6)]
    judged = leave_one_out(model_of(*helpful), helpful)
    assert judged.by_class[1].iou_after > judged.by_class[1].iou_before
    assert judged.trust.by_class[1] > 0.5

    noise = []
    for seed in range(6):
        features, cams, _ = picture(seed, 1)
        rng = np.random.default_rng(100 + seed)
        blank = CellFeatures(rng.normal(0, 1, features.values_hwd.shape).astype(np.float16), SIZE)
        mask = np.kron(rng.random(CELLS) < 0.3, np.ones((16, 16))).astype(np.uint8)
        noise.append(picture_evidence(blank, cams, (1,), mask))
    doubted = leave_one_out(model_of(*noise), noise)
    assert doubted.trust.by_class[1] < judged.trust.by_class[1] / 2


def test_leave_one_out_does_not_depend_on_the_order() -> None:
    pictures = [evidence_of(seed, 1 + seed % 2) for seed in range(4)]
    judged = [leave_one_out(model_of(*order), order) for order in itertools.permutations(pictures, 4)][:3]
    for other in judged[1:]:
        assert other.trust.by_class == pytest.approx(judged[0].trust.by_class)
        assert other.trust.unseen == pytest.approx(judged[0].trust.unseen)


def test_one_class_alone_says_nothing_about_others() -> None:
    pictures = [evidence_of(seed, 1) for seed in range(4)]
    assert leave_one_out(model_of(*pictures), pictures).trust.unseen == 0


def test_a_single_mask_has_nothing_to_be_tested_by() -> None:
    only = evidence_of(0, 1)
    model = model_of(only)
    judged = leave_one_out(model, [only])
    assert not judged.by_class
    assert model.fit(judged.trust).trust_in(1) == pytest.approx(model.fit().trust_in(1))


def test_two_pictures_say_nothing_about_other_classes_however_many_they_show() -> None:
    pictures = [evidence_of(0, 1), evidence_of(1, 2)]
    assert leave_one_out(model_of(*pictures), pictures).trust.unseen == 0

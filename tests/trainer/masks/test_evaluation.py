from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.class_list import VOC_CLASS_LIST
from trainer.data.ground_truth import GroundTruth, GroundTruthError
from trainer.masks.evaluation import EvaluationError, evaluate_maps, evaluate_masks, score_of, strongest_class
from trainer.masks.pseudo_labels import threshold_labels
from trainer.run.map_storage import ClassMaps, save_maps


def save_mask(folder: Path, name: str, rows: list[list[int]]) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(np.array(rows, dtype=np.uint8)).save(folder / f"{name}.png")


@pytest.fixture
def truth(tmp_path: Path) -> GroundTruth:
    save_mask(tmp_path / "gt", "a", [[0, 0, 1, 1]])
    save_mask(tmp_path / "gt", "b", [[2, 2, 0, 255]])
    return GroundTruth(tmp_path / "gt", VOC_CLASS_LIST)


def test_masks_by_hand(tmp_path: Path, truth: GroundTruth) -> None:
    save_mask(tmp_path / "out", "a", [[0, 1, 1, 1]])
    save_mask(tmp_path / "out", "b", [[2, 2, 0, 1]])
    result = evaluate_masks(["a", "b", "no truth"], lambda name: tmp_path / "out" / f"{name}.png", truth, 4)
    assert result.pictures == 2
    assert result.oracle is None
    # Background 2 of 3, class 1 2 of 3, class 2 2 of 2; class 3 is nowhere and does not count.
    assert result.honest.per_class == (pytest.approx(2 / 3), pytest.approx(2 / 3), 1.0, None)
    assert result.honest.miou == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_absent_classes_count_as_zero_the_way_of_the_reference() -> None:
    confusion = np.diag([4, 4, 0]).astype(np.int64)
    assert score_of(confusion, "skip").miou == 1.0
    assert score_of(confusion, "zero").miou == pytest.approx(2 / 3)


def test_nothing_counted_is_no_score() -> None:
    score = score_of(np.zeros((2, 2), dtype=np.int64), "skip")
    assert np.isnan(score.miou)
    assert score.as_json()["miou"] is None


def test_the_oracle_chooses_a_threshold_and_the_honest_figure_does_not(
    tmp_path: Path, truth: GroundTruth
) -> None:
    save_maps(
        tmp_path / "a.safetensors", ClassMaps((1,), (1, 4), np.array([[[0.2, 0.6, 0.9, 0.9]]], np.float32))
    )
    result = evaluate_maps(
        ["a"],
        lambda name: tmp_path / f"{name}.safetensors",
        truth,
        2,
        honest_threshold=0.4,
        oracle_thresholds=[0.1, 0.7],
    )
    assert result.honest.threshold == pytest.approx(0.4)
    assert result.honest.miou == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert result.oracle is not None
    assert (result.oracle.threshold, result.oracle.miou) == (pytest.approx(0.7), 1.0)


def test_the_strongest_class_agrees_with_the_thresholded_labels() -> None:
    maps = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    strongest, score = strongest_class(ClassMaps((4, 2, 9), (11, 13), maps))
    expected = np.array([0, 4, 2, 9])[threshold_labels(maps, 0.6, (11, 13))]
    np.testing.assert_array_equal(np.where(score > np.float32(0.6), strongest, 0), expected)


def test_a_picture_without_maps_is_all_background() -> None:
    _, score = strongest_class(ClassMaps((), (2, 3), np.zeros((0, 1, 1), np.float32)))
    assert score.tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ([[0, 0]], EvaluationError, r"Picture a: the prediction is 1 x 2 pixels, the ground truth 1 x 4"),
        ([[0, 0, 9, 9]], EvaluationError, "Picture a cannot be measured.*index 9"),
        (None, GroundTruthError, r"a\.png does not exist"),
    ],
)
def test_predictions_that_do_not_fit_are_named(
    tmp_path: Path, truth: GroundTruth, rows: list[list[int]] | None, error: type[Exception], said: str
) -> None:
    if rows is not None:
        save_mask(tmp_path / "out", "a", rows)
    with pytest.raises(error, match=said):
        evaluate_masks(["a"], lambda name: tmp_path / "out" / f"{name}.png", truth, 3)

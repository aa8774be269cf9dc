"""Confusion, IoU and the threshold sweep against its brute-force oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainer.masks.metrics import VOID, ThresholdSweep, confusion_matrix, iou_per_class, mean_iou

THRESHOLDS = (0.0, 0.25, 0.3, 0.7)
SHAPE = (4, 5)


def _mask(values):
    return np.array(values, dtype=np.uint8)


def test_confusion_has_truth_in_rows_and_ignores_void():
    confusion = confusion_matrix(_mask([[0, 1, VOID]]), _mask([[1, 1, 0]]), 2)
    assert confusion.tolist() == [[0, 1], [0, 1]]
    assert confusion.dtype == np.int64


def test_a_prediction_out_of_range_under_void_does_not_matter():
    assert confusion_matrix(_mask([[VOID]]), _mask([[200]]), 2).sum() == 0


def test_absent_classes_are_not_counted_as_zero():
    confusion = confusion_matrix(_mask([[0, 0, 1, 1]]), _mask([[0, 0, 1, 0]]), 3)
    np.testing.assert_allclose(iou_per_class(confusion), [2 / 3, 1 / 2, np.nan])
    assert mean_iou(confusion) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_a_class_predicted_but_not_there_counts_as_zero():
    confusion = confusion_matrix(_mask([[0, 0]]), _mask([[0, 2]]), 3)
    np.testing.assert_allclose(iou_per_class(confusion), [0.5, np.nan, 0.0])


def test_the_mean_of_nothing_is_not_a_number():
    assert np.isnan(mean_iou(np.zeros((3, 3), dtype=np.int64)))


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [([[0, 1]], [[0], [1]], "shape"), ([[7]], [[0]], "truth holds index 7"), ([[0]], [[9]], "prediction")],
)
def test_masks_that_cannot_be_compared_are_named(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(_mask(truth), _mask(prediction), 3)


@given(
    truth=hnp.arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 1, 2, VOID])),
    strongest=hnp.arrays(np.uint8, SHAPE, elements=st.sampled_from([1, 2])),
    # Scores on the thresholds themselves are where a histogram and a comparison could differ.
    score=hnp.arrays(
        np.float32,
        SHAPE,
        elements=st.sampled_from([*map(np.float32, THRESHOLDS), np.float32(0.5), np.float32(1)]),
    ),
)
def test_the_sweep_equals_thresholding_again_and_again(truth, strongest, score):
    sweep = ThresholdSweep(THRESHOLDS, 3)
    sweep.add(truth, strongest, score)
    sweep.add(truth[:1], strongest[:1], score[:1])
    for threshold, confusion in zip(THRESHOLDS, sweep.confusions(), strict=True):
        prediction = np.where(score > np.float32(threshold), strongest, 0).astype(np.uint8)
        expected = confusion_matrix(truth, prediction, 3) + confusion_matrix(truth[:1], prediction[:1], 3)
        np.testing.assert_array_equal(confusion, expected)


@pytest.mark.parametrize("thresholds", [(), (0.5, 0.5), (0.7, 0.3)])
def test_thresholds_must_ascend(thresholds):
    with pytest.raises(ValueError, match="ascending"):
        ThresholdSweep(thresholds, 3)

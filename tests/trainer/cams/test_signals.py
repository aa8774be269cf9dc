"""Signals of doubtful masks on maps that can be checked by eye, and measures of how well they rank."""

import numpy as np
import pytest

from trainer.cams.signals import Signals, auroc, map_signals, review_doubt, spearman


def signals_of(maps_khw: list[list[list[float]]], threshold: float) -> Signals:
    return map_signals(np.asarray(maps_khw, dtype=np.float32), threshold, disagreement=None)


def test_coverage_score_and_doubt_follow_the_threshold() -> None:
    signals = signals_of([[[1.0, 0.8], [0.45, 0.0]]], threshold=0.4)
    assert signals.coverage == pytest.approx(0.75)
    assert signals.score == pytest.approx(0.75)
    assert signals.undecided == pytest.approx(0.25)


def test_entropy_is_nothing_where_one_is_sure_and_one_where_all_are_alike() -> None:
    assert signals_of([[[1.0, 0.0]]], threshold=0.5).entropy == pytest.approx(0.0, abs=1e-9)
    assert signals_of([[[0.5, 0.5]]], threshold=0.5).entropy == pytest.approx(1.0)


def test_a_mask_without_objects_has_no_score() -> None:
    assert signals_of([[[0.1, 0.2]]], threshold=0.5).score == 0.0


def test_spearman_sees_order_alone() -> None:
    assert spearman([1, 2, 3, 4], [1, 10, 100, 1000]) == pytest.approx(1.0)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1, 2], [1, 2]) is None


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc([3, 2, 1], [True, False, False]) == 1.0
    assert auroc([1, 1, 1, 1], [True, False, True, False]) == 0.5
    assert auroc([1, 2], [True, True]) is None


def test_review_doubts_a_low_score_of_self_trained_maps_and_undecided_pixels_of_others() -> None:
    signals = signals_of([[[1.0, 0.8], [0.45, 0.0]]], threshold=0.4)
    assert review_doubt(signals, is_self_trained=True) == pytest.approx(0.25)
    assert review_doubt(signals, is_self_trained=False) == signals.undecided

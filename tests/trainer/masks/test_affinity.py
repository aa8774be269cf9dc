"""Confident labels: where a strict and a lenient threshold agree."""

import numpy as np
import pytest

from trainer.masks import affinity
from trainer.masks.affinity import confident_labels
from trainer.masks.crf import CrfStatus, crf_available

GREY = np.full((4, 6, 3), 128, np.uint8)
CAMS = np.array(
    [[[0.9, 0.9, 0.2, 0.2, 0.0, 0.0]] * 4, [[0.0, 0.0, 0.0, 0.2, 0.05, 0.6]] * 4], dtype=np.float32
)


@pytest.fixture
def without_crf(monkeypatch):
    monkeypatch.setattr(affinity, "crf_available", lambda: CrfStatus(False, "off"))


def test_objects_are_strict_background_is_lenient_and_the_rest_is_unknown(without_crf):
    labels = confident_labels(GREY, CAMS, (12, 15))
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, [[12, 12, 255, 255, 0, 15]] * 4)


def test_thresholds_decide_how_much_stays_unknown(without_crf):
    labels = confident_labels(GREY, CAMS, (12, 15), foreground_threshold=0.1, background_threshold=0.1)
    np.testing.assert_array_equal(labels, [[12, 12, 12, 12, 0, 15]] * 4)


@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
def test_the_crf_moves_both_labellings_to_the_edges_of_the_picture():
    picture = np.zeros((24, 32, 3), np.uint8)
    picture[..., 2] = 200
    picture[:, 16:] = (220, 30, 20)
    cam = np.zeros((1, 24, 32), np.float32)
    cam[:, :, 18:] = 1.0
    cam[:, :, 13:18] = 0.05
    np.testing.assert_array_equal(confident_labels(picture, cam, (7,)), [[0] * 16 + [7] * 16] * 24)


def test_a_picture_without_tags_is_background():
    no_maps = np.zeros((0, 1, 2), np.float32)
    np.testing.assert_array_equal(confident_labels(GREY, no_maps, ()), np.zeros((4, 6)))

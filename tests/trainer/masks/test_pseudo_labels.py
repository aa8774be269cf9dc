"""From maps to masks."""

import numpy as np
import pytest

from trainer.masks import pseudo_labels
from trainer.masks.crf import CrfStatus, crf_available
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label, threshold_labels

WITHOUT_CRF = PseudoLabelConfig(background_threshold=0.4, use_crf=False)


def _picture(height, width):
    return np.zeros((height, width, 3), dtype=np.uint8)


def test_the_strongest_class_above_the_threshold_wins_in_the_callers_indices():
    maps = np.array([[[0.3, 0.5, 0.6]], [[0.2, 0.4, 0.9]]], dtype=np.float32)
    mask = pseudo_label(_picture(1, 3), maps, (15, 8), WITHOUT_CRF)
    assert mask.tolist() == [[0, 15, 8]]
    assert mask.dtype == np.uint8


def test_a_score_on_the_threshold_is_background():
    assert threshold_labels(np.full((1, 1, 1), 0.4, dtype=np.float32), 0.4, (1, 1)).tolist() == [[0]]


def test_maps_are_stretched_over_the_whole_picture():
    maps = np.array([[[0.0, 1.0]]], dtype=np.float32)
    assert pseudo_label(_picture(2, 8), maps, (1,), WITHOUT_CRF).tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]] * 2


def test_a_picture_without_tags_is_background():
    assert not pseudo_label(_picture(2, 3), np.zeros((0, 1, 1), np.float32), ()).any()


@pytest.mark.skipif(not crf_available().available, reason=crf_available().reason)
def test_the_crf_pulls_the_mask_to_the_object():
    image = _picture(24, 24)
    image[6:18, 6:18] = 255
    maps = np.zeros((1, 24, 24), dtype=np.float32)
    maps[0, 7:17, 7:17] = 1.0
    mask = pseudo_label(image, maps, (3,))
    assert (mask[6:18, 6:18] == 3).all()
    assert not mask[:5].any()


def test_without_the_crf_package_the_thresholded_mask_is_returned(monkeypatch):
    monkeypatch.setattr(pseudo_labels, "crf_available", lambda: CrfStatus(False, "not here"))
    maps = np.array([[[0.0, 1.0]]], dtype=np.float32)
    config = PseudoLabelConfig(use_crf=True)
    assert pseudo_label(_picture(1, 2), maps, (7,), config).tolist() == [[0, 7]]


@pytest.mark.parametrize(
    ("indices", "message"),
    [((1, 2), "1 classes"), ((0,), "0 is out of range"), ((255,), "255 is out of range")],
)
def test_indices_that_do_not_fit_are_refused(indices, message):
    with pytest.raises(ValueError, match=message):
        pseudo_label(_picture(1, 1), np.zeros((1, 1, 1), np.float32), indices)


def test_specks_and_holes_below_the_share_of_the_picture_are_dropped():
    maps = np.zeros((1, 40, 40), dtype=np.float32)
    maps[0, 10:30, 10:30] = 1.0
    maps[0, 15, 15] = 0.0
    maps[0, 2, 2] = 1.0
    with_specks = WITHOUT_CRF.model_copy(update={"min_piece_share": 0.0})
    without = WITHOUT_CRF.model_copy(update={"min_piece_share": 2 / 1600})
    assert pseudo_label(_picture(40, 40), maps, (3,), with_specks)[[15, 2], [15, 2]].tolist() == [0, 3]
    assert pseudo_label(_picture(40, 40), maps, (3,), without)[[15, 2], [15, 2]].tolist() == [3, 0]


def test_pieces_below_a_thousandth_of_the_picture_are_dropped_unless_stated_otherwise():
    maps = np.zeros((1, 50, 100), dtype=np.float32)
    maps[0, 10, 10:14] = 1.0
    maps[0, 20, 10:15] = 1.0
    mask = pseudo_label(_picture(50, 100), maps, (3,), WITHOUT_CRF)
    assert (mask[10].any(), mask[20].any()) == (False, True)

"""One picture, several CRFs: as if each had been built for itself."""

import numpy as np
import pytest

from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf

pytestmark = pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")


def picture(height=24, width=32):
    """A red square on blue."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 2] = 200
    image[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = (220, 30, 20)
    return image


def labels(height=24, width=32, shift=0):
    array = np.zeros((height, width), np.uint8)
    array[height // 4 + shift : 3 * height // 4, width // 4 + shift : 3 * width // 4 + shift] = 1
    return array


def test_every_labelling_comes_out_as_from_a_crf_of_its_own():
    crf = ImageCrf(picture(), 3)
    for shift in (0, 2, 4):
        np.testing.assert_array_equal(
            crf.refine_labels(labels(shift=shift)), ImageCrf(picture(), 3).refine_labels(labels(shift=shift))
        )


def test_labels_move_to_the_edges_of_the_picture():
    np.testing.assert_array_equal(ImageCrf(picture(), 2).refine_labels(labels(shift=2)), labels())


def test_probabilities_move_to_the_edges_of_the_picture():
    soft = np.where(labels(shift=2) == 1, 0.8, 0.2).astype(np.float32)
    crf = ImageCrf(picture(), 2, CrfConfig(bilateral_sxy_px=80, bilateral_srgb=13))
    np.testing.assert_array_equal(crf.refine_probabilities(np.stack([1 - soft, soft])), labels())


def test_large_pictures_run_small_and_come_back_at_their_size():
    crf = ImageCrf(picture(60, 80), 2, CrfConfig(max_side=40))
    assert crf.refine_labels(labels(60, 80)).shape == (60, 80)
    assert crf.refine_probabilities(np.full((2, 60, 80), 0.5, np.float32)).shape == (60, 80)


def test_a_single_label_or_pixel_stays_what_it_is():
    np.testing.assert_array_equal(ImageCrf(picture(), 2).refine_labels(np.ones((24, 32), np.uint8)), 1)
    dot = ImageCrf(np.zeros((1, 1, 3), np.uint8), 2)
    np.testing.assert_array_equal(dot.refine_probabilities(np.array([[[0.1]], [[0.9]]], np.float32)), [[1]])


def test_more_iterations_go_on_from_those_that_ran():
    crf = ImageCrf(picture(), 2)
    for shift, trust, iterations in (
        (4, 0.7, 1),
        (4, 0.7, 2),
        (4, 0.7, 9),
        (4, 0.7, 3),
        (3, 0.7, 4),
        (3, 0.6, 5),
    ):
        config = CrfConfig(iterations=iterations, gt_prob=trust)
        expected = ImageCrf(picture(), 2, config).refine_labels(labels(shift=shift))
        np.testing.assert_array_equal(crf.refine_labels(labels(shift=shift), config), expected)


def test_at_half_the_size_it_reaches_as_far_in_the_picture():
    config = CrfConfig(bilateral_sxy_px=40, gaussian_sxy_px=4, max_side=640)
    half = config.at_half_size((375, 500))
    assert (half.max_side, half.bilateral_sxy_px, half.gaussian_sxy_px) == (250, 20, 2)
    assert config.at_half_size((3000, 4000)).max_side == 320
    tiny = config.at_half_size((5, 20))
    assert (tiny.max_side, tiny.bilateral_sxy_px) == (16, 32)
    assert config.at_half_size((5, 10)).bilateral_sxy_px == 40
    refined = ImageCrf(picture(60, 80), 2, CrfConfig().at_half_size((60, 80))).refine_labels(
        labels(60, 80, 3)
    )
    assert (refined == labels(60, 80)).mean() > 0.98


def test_what_does_not_fit_the_picture_is_refused():
    crf = ImageCrf(picture(), 2)
    with pytest.raises(ValueError, match=r"23 x 32 pixels, but its picture is 24 x 32"):
        crf.refine_labels(labels()[1:])
    with pytest.raises(ValueError, match="label 2"):
        crf.refine_labels(labels() * 2)
    with pytest.raises(ValueError, match="3 maps, but 2 labels"):
        crf.refine_probabilities(np.zeros((3, 24, 32), np.float32))
    with pytest.raises(ValueError, match="at least one label"):
        ImageCrf(picture(), 0)


def test_built_lattices_serve_any_number_of_iterations_and_any_trust():
    crf = ImageCrf(picture(), 2)
    crf.refine_labels(labels(shift=3))
    for other in (CrfConfig(iterations=1), CrfConfig(iterations=3, gt_prob=0.55), CrfConfig()):
        np.testing.assert_array_equal(
            crf.refine_labels(labels(shift=3), other),
            ImageCrf(picture(), 2, other).refine_labels(labels(shift=3)),
        )
    with pytest.raises(ValueError, match="lattices were built for"):
        crf.refine_labels(labels(), CrfConfig(bilateral_srgb=9.0))

"""Sizes, scales and normalisation of pictures."""

import numpy as np
import pytest

from trainer.data.transforms import check_rgb, limited_size, normalized_tensor, resize_image, scaled_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [((375, 500), (375, 500)), ((3000, 4000), (384, 512)), ((1, 5000), (1, 512)), ((1, 1), (1, 1))],
)
def test_only_the_longer_side_is_limited_and_nothing_vanishes(size, expected):
    assert limited_size(*size, 512) == expected


def test_scaling_never_goes_below_one_pixel():
    assert scaled_size(1, 9, 0.1) == (1, 1)


def test_shrinking_averages_instead_of_skipping_pixels():
    stripes = np.zeros((2, 8, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    assert np.unique(resize_image(stripes, (1, 4))).tolist() == [100]


def test_the_own_size_is_a_no_op():
    image = np.zeros((3, 4, 3), dtype=np.uint8)
    assert resize_image(image, (3, 4)) is image


def test_black_and_white_become_minus_one_and_one():
    image = np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    tensor = normalized_tensor(image, 0.5, 0.5)
    assert tensor.shape == (1, 3, 1, 2)
    np.testing.assert_allclose(tensor[0, 0, 0].numpy(), [-1.0, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), dtype=np.uint8),
        np.zeros((4, 4, 4), dtype=np.uint8),
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((0, 4, 3), dtype=np.uint8),
    ],
)
def test_anything_but_a_uint8_rgb_picture_is_refused(image):
    with pytest.raises(ValueError, match="picture"):
        check_rgb(image)


def test_channels_can_be_normalised_one_by_one():
    image = np.full((1, 1, 3), 51, np.uint8)  # 0.2 in [0, 1]
    tensor = normalized_tensor(image, (0.2, 0.1, 0.0), (1.0, 0.5, 0.1))
    np.testing.assert_allclose(tensor[0, :, 0, 0].numpy(), [0.0, 0.2, 2.0], atol=1e-6)

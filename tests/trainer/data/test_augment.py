from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.data.augment import IGNORE, View, coverage_tensor, draw_view, image_tensor, label_tensor
from trainer.training_config import ViewConfig

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 200), width=st.integers(1, 200), seed=st.integers(0, 2**32 - 1))
def test_the_longer_side_and_the_crop_stay_in_range(height: int, width: int, seed: int) -> None:
    config = ViewConfig(min_side=20, max_side=60, crop=40)
    view = draw_view(np.random.default_rng(seed), (height, width), config)
    assert 20 <= max(view.size) <= 60
    for start, side in zip((view.top, view.left), view.size, strict=True):
        if side >= view.crop:
            assert 0 <= start <= side - view.crop, "a long side is cropped within the picture"
        else:
            assert side - view.crop <= start <= 0, "a short side lies whole within the crop"


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 30), width=st.integers(1, 30), seed=st.integers(0, 1000))
def test_a_picture_and_its_labels_get_the_same_view(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, (height, width), dtype=np.uint8)
    # Drawn at its own size, so that both resamplings leave the pixels as they are.
    longer = max(height, width)
    view = draw_view(rng, (height, width), ViewConfig(min_side=longer, max_side=longer, crop=16))
    image = image_tensor(np.repeat(labels[:, :, None] * 255, 3, axis=2), view, MEAN, STD)
    seen = label_tensor(labels, view)
    inside = seen != IGNORE
    np.testing.assert_array_equal((image[0] > 0)[inside], seen[inside] == 1)
    assert torch.all(image[:, ~inside] == 0), "padding is zero after normalisation"


def test_normalisation_is_by_channel() -> None:
    picture = np.full((16, 16, 3), 255, dtype=np.uint8)
    view = View((16, 16), 0, 0, 16, is_mirrored=False)
    tensor = image_tensor(picture, view, (0.0, 0.5, 1.0), (1.0, 0.25, 0.5))
    assert tensor.shape == (3, 16, 16)
    np.testing.assert_allclose(tensor[:, 3, 3], [1.0, 2.0, 0.0], atol=1e-6)


def test_mirroring_turns_left_and_right() -> None:
    labels = np.array([[1, 2, 3]], dtype=np.uint8)
    view = View((1, 3), top=0, left=0, crop=3, is_mirrored=True)
    assert label_tensor(labels, view)[0].tolist() == [3, 2, 1]


def test_a_crop_that_begins_in_the_padding_shows_the_picture_further_on() -> None:
    labels = np.array([[1, 2]], dtype=np.uint8)
    view = View((1, 2), top=-1, left=-2, crop=4, is_mirrored=False)
    assert label_tensor(labels, view).tolist() == [
        [IGNORE, IGNORE, IGNORE, IGNORE],
        [IGNORE, IGNORE, 1, 2],
        [IGNORE, IGNORE, IGNORE, IGNORE],
        [IGNORE, IGNORE, IGNORE, IGNORE],
    ]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3, 2)])
def test_any_size_gives_a_crop(size: tuple[int, int]) -> None:
    view = draw_view(np.random.default_rng(0), size, ViewConfig(min_side=20, max_side=40, crop=32))
    assert image_tensor(np.zeros((*size, 3), np.uint8), view, MEAN, STD).shape == (3, 32, 32)


def test_the_same_generator_draws_the_same_view() -> None:
    config = ViewConfig()
    assert draw_view(np.random.default_rng(3), (375, 500), config) == draw_view(
        np.random.default_rng(3), (375, 500), config
    )


def test_coverage_is_the_area_of_each_class_in_a_cell() -> None:
    labels = torch.tensor([[0, 1, 2], [IGNORE, 1, IGNORE], [2, 2, 0]])
    coverage = coverage_tensor(labels, stride=2, class_count=2)
    # Two by two cells of four pixels; the fourth column and row are unknown.
    assert coverage[0].tolist() == [[0.25, 0.0], [0.0, 0.25]]
    assert coverage[1].tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert coverage[2].tolist() == [[0.0, 0.25], [0.5, 0.0]]

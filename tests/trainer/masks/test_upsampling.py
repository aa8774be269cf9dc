"""The strongest map of each pixel, tile by tile, equals resampling every map to the picture's size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from trainer.masks.upsampling import strongest_map


def plainly(maps: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Position of the strongest map, and by how much it exceeds the second."""
    resized = np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_LINEAR) for one in maps])
    ordered = np.sort(resized, axis=0)
    return resized.argmax(axis=0), ordered[-1] - ordered[-2]


@pytest.mark.parametrize("shape", [(3, 30, 40), (2, 1, 7), (4, 9, 1), (5, 120, 90)])
@pytest.mark.parametrize("size", [(300, 400), (521, 777), (31, 1000)])
def test_it_equals_resampling_each_map_but_for_rounding(
    shape: tuple[int, int, int], size: tuple[int, int]
) -> None:
    noise = np.random.default_rng(0).random(shape, dtype=np.float32)
    smooth = np.stack([cv2.blur(one, (5, 5)) for one in noise])
    for maps in (noise, smooth):
        expected, margin = plainly(maps, size)
        is_clear = margin > 1e-5
        assert is_clear.mean() > 0.99
        np.testing.assert_array_equal(strongest_map(maps, size)[is_clear], expected[is_clear])


def test_of_equal_maps_the_first_is_taken() -> None:
    maps = np.full((3, 4, 5), 0.5, dtype=np.float32)
    maps[0] = 0.25
    assert (strongest_map(maps, (40, 50)) == 1).all()
    assert (strongest_map(maps, (4, 5)) == 1).all()


def test_a_map_can_be_the_strongest_between_cells_without_being_it_in_any() -> None:
    maps = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.9, 0.9]]], dtype=np.float32)
    made = strongest_map(maps, (1, 400))[0]
    assert (made[0], made[200], made[-1]) == (0, 2, 1)

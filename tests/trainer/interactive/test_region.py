"""What hangs together around a place, on pictures of flat colours."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.interactive.graph import build_graph
from trainer.interactive.region import region_around


def test_the_region_around_a_cell_is_the_area_of_its_colour() -> None:
    image = np.full((96, 128, 3), (20, 40, 160), np.uint8)
    image[24:72, 8:48] = (200, 30, 20)
    region = region_around(build_graph(image), 12, 7)
    expected = np.zeros((24, 32), bool)
    expected[6:18, 2:12] = True
    np.testing.assert_array_equal(region, expected)


def test_a_part_of_another_colour_is_left_out_and_is_a_region_itself() -> None:
    image = np.full((96, 128, 3), (20, 40, 160), np.uint8)
    image[16:80, 8:88] = (200, 30, 20)
    image[40:56, 40:56] = (30, 200, 40)
    graph = build_graph(image)
    small = region_around(graph, 12, 12)
    assert small.sum() == 16
    assert small[12, 12]
    large = region_around(graph, 6, 4)
    assert not large[0].any()
    assert large[5:9, 3:20].all()


def test_half_of_a_picture_is_no_region() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    region = region_around(build_graph(flat), 8, 8)
    assert region[8, 8]
    assert region.mean() <= 0.4


@pytest.mark.parametrize("size", [(1, 1), (4, 8), (3, 40)])
def test_pictures_of_a_few_cells_have_regions(size: tuple[int, int]) -> None:
    graph = build_graph(np.zeros((*size, 3), np.uint8))
    region = region_around(graph, 0, 0)
    assert region.shape == graph.grid_size
    assert region[0, 0]

"""Tiles and their merging."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.nn.puzzle import merge, pad_to_multiple, tile

SIDES = st.integers(1, 13)


@given(count=st.integers(1, 3), height=SIDES, width=SIDES, n=st.integers(1, 4), multiple=st.integers(1, 4))
def test_merging_tiles_gives_the_picture_back(count, height, width, n, multiple):
    images = torch.arange(count * 2 * height * width, dtype=torch.float32).reshape(count, 2, height, width)
    tiles = tile(images, n, multiple=multiple)
    assert tiles.shape[0] == count * n * n
    assert all(side % multiple == 0 for side in tiles.shape[-2:])
    assert torch.equal(merge(tiles, n, size=(height, width)), images)


def test_tiles_come_row_by_row_and_pictures_one_after_the_other():
    first = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    images = torch.stack([first, first + 10])[:, None]
    assert tile(images, 2).flatten().tolist() == [1, 2, 3, 4, 11, 12, 13, 14]


def test_padding_is_zero_at_the_right_and_bottom():
    padded = pad_to_multiple(torch.ones(1, 1, 1, 3), 2)
    assert padded[0, 0].tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]


def test_merged_feature_maps_of_tiles_lie_where_the_tiles_were():
    """Tile sides are multiples of the stride, so a pooled tile fills whole cells of the merged map."""
    images = torch.zeros(1, 1, 8, 8)
    images[..., 4:, :4] = 1.0
    pooled = torch.nn.functional.avg_pool2d(tile(images, 2, multiple=2), 2)
    assert torch.equal(merge(pooled, 2), torch.nn.functional.avg_pool2d(images, 2))


def test_a_batch_that_is_no_whole_puzzle_is_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        merge(torch.zeros(3, 1, 2, 2), 2)


def test_zero_tiles_a_side_are_refused():
    with pytest.raises(ValueError, match="1 or more"):
        tile(torch.zeros(1, 1, 2, 2), 0)

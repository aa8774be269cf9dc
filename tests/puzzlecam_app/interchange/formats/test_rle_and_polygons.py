"""Run lengths and polygons give the same pixels as those of pycocotools, and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from puzzlecam_app.interchange.drawn import cut_out, paint
from puzzlecam_app.interchange.formats.polygons import (
    PolygonError,
    fill,
    outlines,
    points_of,
    signed_area,
)
from puzzlecam_app.interchange.formats.rle import RleError, compress, counts_of, from_counts, uncompress
from tests.helpers_formats import few

coco = pytest.importorskip("pycocotools.mask")

bitmaps = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda shape: arrays(bool, shape))


@few
@given(bitmaps)
def test_run_lengths_are_those_of_pycocotools(bitmap: np.ndarray) -> None:
    one = cut_out(bitmap, 1)
    if one is None:
        return
    theirs = coco.encode(np.asfortranarray(bitmap.astype(np.uint8)))["counts"].decode()

    assert compress(counts_of(one, *bitmap.shape)) == theirs
    top, left, pixels = from_counts(uncompress(theirs), *bitmap.shape)
    assert (top, left) == (one.top, one.left)
    np.testing.assert_array_equal(pixels, one.pixels)


@few
@given(
    st.lists(st.tuples(st.floats(-3, 15), st.floats(-3, 15)), min_size=3, max_size=9),
    st.integers(1, 12),
    st.integers(1, 12),
)
def test_polygons_are_filled_as_pycocotools_fills_them(
    points: list[tuple[float, float]], height: int, width: int
) -> None:
    flat = [float(value) for point in points for value in point]
    inside = np.clip(points, [-width, -height], [2 * width, 2 * height]).ravel().tolist()
    theirs = coco.decode(coco.frPyObjects([inside], height, width))[..., 0]

    np.testing.assert_array_equal(fill(points_of(flat, height, width), height, width), theirs)


@few
@given(bitmaps)
def test_outlines_filled_again_are_the_same_pixels(bitmap: np.ndarray) -> None:
    again = np.zeros_like(bitmap)
    for path in outlines(bitmap):
        again ^= fill(points_of([list(point) for point in path], *bitmap.shape), *bitmap.shape)

    np.testing.assert_array_equal(again, bitmap)


def test_the_outline_of_a_hole_runs_the_other_way_round() -> None:
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False

    assert sorted(signed_area(path) for path in outlines(ring)) == [-1, 9]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([5, 2], "7 pixels long together, and the picture has 6"),
        ([-1, 7], "negative"),
        ([2.5, 3.5], "no list of whole numbers"),
        ([10**30], "no list of whole numbers"),
        ([[6]], "no list of whole numbers"),
        ([], "0 pixels long"),
    ],
)
def test_wrong_run_lengths_are_refused(counts: list, why: str) -> None:
    with pytest.raises(RleError, match=why):
        from_counts(counts, 2, 3)


@pytest.mark.parametrize("text", ["\x01", "P", "oooooooooo0", "ä"])
def test_a_wrong_text_of_run_lengths_is_refused(text: str) -> None:
    with pytest.raises(RleError):
        uncompress(text)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([0, 0, 1, float("nan"), 1, 1], "not finite"),
        ([0, 0, 1, 1], "fewer than three"),
        ([0, 0, 1, 1, 2], "fewer than three"),
        (["a"] * 6, "no numbers"),
        ([0.0, 1.0] * 1_000_000, "2000000 values"),
        (7, "0 values"),
    ],
)
def test_wrong_polygons_are_refused(points: object, why: str) -> None:
    with pytest.raises(PolygonError, match=why):
        points_of(points, 4, 4)


def test_an_outline_that_goes_to_and_fro_for_ever_is_refused() -> None:
    with pytest.raises(PolygonError, match="longer than"):
        fill(points_of([0, 0, 4000, 4000] * 25_000, 4000, 4000), 4000, 4000)


def test_the_smaller_of_two_objects_stays_visible_and_lost_pixels_are_counted() -> None:
    small, large = cut_out(np.eye(3, dtype=bool), 2), cut_out(np.ones((3, 3), bool), 1)

    painted = paint([small, large], 3, 3, "smaller-over-larger")

    np.testing.assert_array_equal(painted.indices, np.eye(3) + 1)
    assert painted.hidden_px == 3
    assert paint([small, large], 3, 3, "later-over-earlier").indices.max() == 1

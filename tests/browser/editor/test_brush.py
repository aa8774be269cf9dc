"""Brush strokes as arithmetic: footprints one can check by eye, segments against brute force."""

import numpy as np
import pytest

DAB = "paintSegment(raster, at, at, {size, shape}, 1, protect)"
SEGMENT = "paintSegment(raster, from, to, {size, shape}, 1, protect)"


@pytest.mark.parametrize(
    ("size", "shape", "expected"),
    [
        (1, "round", [".....", ".....", "..1..", ".....", "....."]),
        (2, "round", [".....", ".11..", ".11..", ".....", "....."]),
        (3, "round", [".....", ".111.", ".111.", ".111.", "....."]),
        (4, "round", [".11..", "1111.", "1111.", ".11..", "....."]),
        (5, "round", [".111.", "11111", "11111", "11111", ".111."]),
        (4, "square", ["1111.", "1111.", "1111.", "1111.", "....."]),
        (5, "square", ["11111"] * 5),
    ],
)
def test_a_dab_has_the_size_it_says(paint, size, shape, expected):
    painted = paint(DAB, ["....."] * 5, at={"x": 2.2, "y": 2.4}, size=size, shape=shape)
    assert painted.text == expected


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
def test_a_dab_looks_the_same_wherever_in_a_pixel_the_pointer_is(paint, size):
    blank = np.zeros((20, 20), np.uint8)
    footprints = set()
    for x, y in [(9.6, 9.6), (9.99, 9.51), (9.75, 9.9)]:
        footprints.add(paint(DAB, blank, at={"x": x, "y": y}, size=size, shape="round").mask.tobytes())
    assert len(footprints) == 1


def test_a_fast_hand_leaves_no_gaps(paint):
    painted = paint(
        SEGMENT,
        ["........"] * 4,
        **{"from": {"x": 0.5, "y": 0.5}, "to": {"x": 7.5, "y": 3.5}},
        size=1,
        shape="round",
    )
    assert painted.text == ["11......", "..11....", "....11..", "......11"]


def centres_within(shape, a, b, size, height, width):
    """Brute force: pixel centres that a disc or a square meets on the way from a to b (dense steps)."""
    ys, xs = np.mgrid[:height, :width] + 0.5
    if shape == "round":
        length_squared = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
        along = (xs - a[0]) * (b[0] - a[0]) + (ys - a[1]) * (b[1] - a[1])
        t = np.clip(along / max(length_squared, 1e-12), 0, 1)
        distance = np.hypot(xs - a[0] - t * (b[0] - a[0]), ys - a[1] - t * (b[1] - a[1]))
        return distance, size / 2
    distance = np.full((height, width), np.inf)
    for t in np.linspace(0, 1, 4001):
        cx, cy = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
        np.minimum(distance, np.maximum(abs(xs - cx), abs(ys - cy)), out=distance)
    return distance, size / 2


@pytest.mark.parametrize("shape", ["round", "square"])
@pytest.mark.parametrize("seed", range(6))
def test_a_segment_covers_what_the_brush_meets_on_its_way(paint, shape, seed):
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 12))
    # Whole and half positions are where the brush snaps to; they may lie outside the picture.
    offset = 0.5 if size % 2 else 0.0
    a, b = random.integers(-5, 45, (2, 2)) + offset
    painted = paint(
        SEGMENT,
        np.zeros((30, 40), np.uint8),
        **{"from": {"x": a[0], "y": a[1]}, "to": {"x": b[0], "y": b[1]}},
        size=size,
        shape=shape,
    )
    distance, radius = centres_within(shape, a, b, size, 30, 40)
    tolerance = 1e-6 if shape == "round" else 0.01
    decided = abs(distance - radius) > tolerance
    np.testing.assert_array_equal(painted.mask.astype(bool)[decided], (distance < radius)[decided])


def test_the_reported_rectangle_is_what_was_painted(paint):
    painted = paint(
        SEGMENT,
        np.zeros((30, 40), np.uint8),
        **{"from": {"x": 5, "y": 6}, "to": {"x": 20, "y": 12}},
        size=6,
        shape="round",
    )
    assert painted.rect == painted.changed


def test_a_stroke_beside_the_picture_changes_nothing(paint):
    painted = paint(DAB, ["...", "..."], at={"x": -9, "y": 1}, size=3, shape="round")
    assert painted.rect is None
    assert painted.changed is None


def test_protected_classes_keep_their_pixels(paint):
    painted = paint(
        DAB, ["22...", "22...", "33..."], protect=[2], at={"x": 1, "y": 1}, size=4, shape="square"
    )
    assert painted.text == ["221..", "221..", "111.."]


def test_only_over_background_does_not_hold_back_the_eraser(modules):
    tables = modules.evaluate(
        """() => [1, 0].map((value) =>
            [...js.protectTable({onlyBackground: true, lockedClasses: [3]}, value)].slice(0, 5))"""
    )
    assert tables == [[0, 1, 1, 1, 1], [0, 0, 0, 1, 0]]

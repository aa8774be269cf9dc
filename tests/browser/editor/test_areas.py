"""Polygons, flood fill, superpixels and thresholds as arithmetic."""

import numpy as np
import pytest
from skimage.segmentation import flood, slic

POLYGON = "fillPolygon(raster, points, 1, protect)"
FLOOD = "floodFill(raster, x, y, value, protect)"


def points(*pairs):
    return [{"x": float(x), "y": float(y)} for x, y in pairs]


def test_a_polygon_holds_the_pixels_whose_centre_it_encloses(paint):
    painted = paint(POLYGON, ["......"] * 5, points=points((0, 0), (5, 0), (0, 5)))
    assert painted.text == ["1111..", "111...", "11....", "1.....", "......"]


def test_what_is_enclosed_twice_is_outside(paint):
    twice = points((0, 0), (6, 0), (6, 6), (0, 6), (0, 0), (2, 2), (4, 2), (4, 4), (2, 4), (2, 2))
    painted = paint(POLYGON, ["......"] * 6, points=twice)
    assert painted.text == ["111111", "111111", "11..11", "11..11", "111111", "111111"]


def test_areas_that_share_an_edge_share_no_pixel(paint):
    left = paint(POLYGON, ["...."] * 4, points=points((0, 0), (2.5, 0), (1.5, 4), (0, 4)))
    right = paint(POLYGON, ["...."] * 4, points=points((2.5, 0), (4, 0), (4, 4), (1.5, 4)))
    assert (left.mask + right.mask == 1).all()


def test_fewer_than_three_corners_enclose_nothing(paint):
    assert paint(POLYGON, ["...."] * 4, points=points((0, 0), (4, 4))).rect is None


def is_inside(corners, x, y):
    """Even-odd rule by a ray to the right, edge by edge."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


@pytest.mark.parametrize("seed", range(8))
def test_any_outline_is_filled_as_a_ray_test_says(paint, seed):
    corners = np.random.default_rng(seed).uniform(-8, 38, (3 + seed, 2))
    painted = paint(POLYGON, np.zeros((24, 30), np.uint8), points=points(*corners))
    expected = [[is_inside(corners, x + 0.5, y + 0.5) for x in range(30)] for y in range(24)]
    np.testing.assert_array_equal(painted.mask.astype(bool), np.array(expected))
    assert painted.rect == painted.changed


def test_flood_fill_stops_at_diagonals(paint):
    painted = paint(FLOOD, ["..1..", ".1...", "1...."], x=0, y=0, value=7)
    assert painted.text == ["771..", "71...", "1...."]


@pytest.mark.parametrize("seed", range(6))
def test_flood_fill_agrees_with_scikit_image(paint, seed):
    random = np.random.default_rng(seed)
    mask = random.integers(0, 2 + seed % 2, (25, 31)).astype(np.uint8)
    y, x = int(random.integers(25)), int(random.integers(31))
    painted = paint(FLOOD, mask, x=x, y=y, value=9)
    np.testing.assert_array_equal(painted.mask == 9, flood(mask, (y, x), connectivity=1))
    assert painted.rect == painted.changed


@pytest.mark.parametrize(
    ("x", "y", "value", "protect"),
    [(-1, 0, 5, []), (0, 9, 5, []), (0, 0, 1, []), (0, 0, 5, [1])],
    ids=["left of the picture", "below the picture", "same class", "locked class"],
)
def test_flood_fill_leaves_everything_alone(paint, x, y, value, protect):
    painted = paint(FLOOD, ["11", "11"], protect=protect, x=x, y=y, value=value)
    assert painted.rect is None
    assert painted.text == ["11", "11"]


SUPERPIXEL = """fillSegment(raster, indexSegments(Uint32Array.from(labels), raster.width, raster.height),
                            x, y, 4, protect)"""


def test_a_superpixel_is_filled_as_a_whole_except_where_locked(paint):
    labels = np.array([[0, 0, 1, 1], [0, 2, 2, 1], [2, 2, 1, 1]])
    painted = paint(
        SUPERPIXEL, ["....", "..3.", "...."], protect=[3], labels=labels.ravel().tolist(), x=0, y=2
    )
    assert painted.text == ["....", ".43.", "44.."]
    assert painted.rect == {"x0": 0, "y0": 1, "x1": 3, "y1": 3}


def test_superpixels_of_a_real_segmentation(paint):
    image = np.random.default_rng(0).uniform(size=(24, 30, 3))
    labels = slic(image, 12, start_label=0)
    painted = paint(SUPERPIXEL, np.zeros((24, 30), np.uint8), labels=labels.ravel().tolist(), x=17, y=11)
    np.testing.assert_array_equal(painted.mask == 4, labels == labels[11, 17])


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0] * 5, "5 values"), ([0, 1, 2, 99], "relabel them from 0")],
    ids=["size", "label"],
)
def test_superpixels_that_do_not_fit_are_refused(modules, labels, message):
    said = modules.evaluate(
        """(labels) => {
            try { js.indexSegments(Uint32Array.from(labels), 2, 2); } catch (error) { return error.message; }
        }""",
        labels,
    )
    assert message in said


THRESHOLD = """fillWhereAtLeast(raster, (visit) => rows.forEach((row, y) => visit(y, Float32Array.from(row))),
                                0.5, 2, protect, {replace})"""


@pytest.mark.parametrize(
    ("replace", "expected"),
    [(False, ["22.3", "2.2."]), (True, ["22.3", "...."])],
    ids=["adds", "replaces what lies below"],
)
def test_a_threshold_gives_a_class_to_what_reaches_it(paint, replace, expected):
    rows = [[0.5, 0.9, 0.4, 0.9], [0.1, 0.49, 0.0, 0.2]]
    painted = paint(THRESHOLD, ["1..3", "2.2."], protect=[3], rows=rows, replace=replace)
    assert painted.text == expected

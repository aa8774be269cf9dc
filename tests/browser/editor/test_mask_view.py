"""How the mask is turned into screen pixels."""

import numpy as np
import pytest

COMPOSE = """([mask, width, height, stage, scale, x, y, rect, edge, hatched]) => {
    const viewport = Object.assign(new js.Viewport(), {
        stageWidth: stage[0], stageHeight: stage[1], imageWidth: width, imageHeight: height, scale,
    });
    Object.defineProperties(viewport, {originX: {value: x}, originY: {value: y}});
    const out = new Uint32Array(stage[0] * stage[1]).fill(7);
    const inside = Uint32Array.from({length: 256}, (_, index) => 100 + index);
    const colours = {inside, edge: inside.map((word) => word + 1000), hatched};
    const on = rect ? js.screenRect(viewport, rect, edge) : {x0: 0, y0: 0, x1: stage[0], y1: stage[1]};
    js.composeMask(out, on, Uint8Array.from(mask), width, js.makeLookup(viewport), colours, edge);
    return [...out];
}"""


def compose(modules, mask, stage, scale=1.0, origin=(0, 0), rect=None, edge=1, hatched=-1):
    height, width = mask.shape
    words = modules.evaluate(
        COMPOSE, [mask.ravel().tolist(), width, height, stage, scale, *origin, rect, edge, hatched]
    )
    return np.array(words).reshape(stage[1], stage[0])


def test_areas_have_a_rim_and_the_picture_border_is_none(modules):
    mask = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [2, 2, 2, 2]], np.uint8)
    i, e = 101, 1101
    assert compose(modules, mask, (4, 4)).tolist() == [
        [i, i, e, 0],
        [i, i, e, 0],
        [e, e, e, 0],
        [1102, 1102, 1102, 1102],
    ]


def test_outside_the_picture_is_nothing(modules):
    mask = np.full((2, 2), 3, np.uint8)
    shown = compose(modules, mask, (5, 4), origin=(2, 1))
    assert shown.tolist() == [[0] * 5, [0, 0, 103, 103, 0], [0, 0, 103, 103, 0], [0] * 5]


@pytest.mark.parametrize("scale", [0.3, 0.77, 1.0, 2.5, 8.0])
def test_each_screen_pixel_shows_the_pixel_under_its_centre(modules, scale):
    random = np.random.default_rng(0)
    mask = random.integers(0, 4, (30, 40)).astype(np.uint8)
    shown = compose(modules, mask, (50, 45), scale=scale, origin=(3, -4))
    for sy in range(45):
        for sx in range(50):
            x, y = int((sx + 0.5 - 3) // scale), int((sy + 0.5 + 4) // scale)
            index = mask[y, x] if 0 <= x < 40 and 0 <= y < 30 else 0
            assert shown[sy, sx] % 1000 == (100 + index if index else 0)


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.3])
@pytest.mark.parametrize("edge", [1, 3])
def test_redrawing_the_dirty_rectangle_equals_redrawing_everything(modules, scale, edge):
    random = np.random.default_rng(3)
    before = np.kron(random.integers(0, 3, (8, 10)), np.ones((5, 5))).astype(np.uint8)
    after = before.copy()
    after[12:20, 9:31] = 2
    rect = {"x0": 9, "y0": 12, "x1": 31, "y1": 20}
    options = {"stage": (60, 50), "scale": scale, "origin": (2, 3), "edge": edge}
    part = compose(modules, after, rect=rect, **options)
    redrawn = part != 7
    together = np.where(redrawn, part, compose(modules, before, **options))
    np.testing.assert_array_equal(together, compose(modules, after, **options))
    assert not redrawn.all()


def test_void_is_hatched(modules):
    shown = compose(modules, np.full((16, 16), 255, np.uint8), (16, 16), hatched=255)
    assert sorted(set(shown.ravel().tolist())) == [0, 355]
    np.testing.assert_array_equal(shown[1:, :-1], shown[:-1, 1:])


@pytest.mark.parametrize(
    ("colour", "rim"),
    [
        ((192, 128, 128), (192, 128, 128)),  # a person
        ((128, 128, 128), (230, 230, 230)),  # a car, on a grey road
        ((0, 0, 128), (90, 90, 173)),  # a boat, on dark water
    ],
)
def test_the_rims_of_dark_and_grey_classes_are_lighter(modules, colour, rim):
    assert modules.evaluate("colour => js.rimColour(colour)", list(colour)) == list(rim)

"""A class grows, shrinks and gets a smoother outline: as arithmetic, and with its keys."""

import numpy as np
import pytest
from scipy import ndimage

GROW = "growClass(raster, 1, protect)"
SHRINK = "shrinkClass(raster, 1, protect)"
SMOOTH = "smoothClass(raster, 1, protect, 2)"
AROUND = np.ones((3, 3), bool)


def drawn(seed, labels=3):
    coarse = np.random.default_rng(seed).integers(0, labels, (4, 5)).astype(np.uint8)
    return np.kron(coarse, np.ones((5, 5), np.uint8))[:17, :23]


@pytest.mark.parametrize("seed", range(3))
def test_growing_takes_every_pixel_that_touches_the_class(paint, seed):
    before = drawn(seed)
    painted = paint(GROW, before)
    expected = np.where(ndimage.binary_dilation(before == 1, AROUND), 1, before)
    np.testing.assert_array_equal(painted.mask, expected)
    assert painted.rect == painted.changed


@pytest.mark.parametrize("seed", range(3))
def test_shrinking_gives_every_pixel_that_touches_another_class_to_a_neighbour(paint, seed):
    before = drawn(seed)
    painted = paint(SHRINK, before)
    stays = ndimage.binary_erosion(before == 1, AROUND, border_value=1)
    np.testing.assert_array_equal(painted.mask == 1, stays)
    np.testing.assert_array_equal(painted.mask[before != 1], before[before != 1])
    assert painted.rect == painted.changed


def test_what_a_class_gives_up_goes_to_what_is_beside_it(paint):
    painted = paint(SHRINK, ["222111", "222111", "222111"])
    assert painted.text == ["222211", "222211", "222211"]


@pytest.mark.parametrize("seed", range(3))
def test_smoothing_is_the_majority_of_a_window(paint, seed):
    before = drawn(seed, labels=2)
    inside = ndimage.uniform_filter((before == 1).astype(float), 5, mode="constant") * 25
    size = ndimage.uniform_filter(np.ones(before.shape), 5, mode="constant") * 25
    expected = 2 * np.rint(inside) >= np.rint(size)
    np.testing.assert_array_equal(paint(SMOOTH, before).mask == 1, expected)


@pytest.mark.parametrize("expression", [GROW, SMOOTH])
def test_a_protected_class_gives_nothing(paint, expression):
    before = drawn(1)
    painted = paint(expression, before, protect=[2])
    assert (painted.mask[before == 2] == 2).all()


@pytest.mark.parametrize("expression", [SHRINK, SMOOTH])
def test_a_locked_class_keeps_its_pixels(paint, expression):
    before = drawn(1)
    assert (paint(expression, before, protect=[1]).mask[before == 1] == 1).all()


def test_a_class_that_is_everywhere_cannot_shrink(paint):
    assert paint(SHRINK, ["111", "111"]).rect is None


def test_keys_reshape_the_current_class_and_can_be_undone(editor):
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 20:40] = 1
    editor.open(60, 40, mask)
    editor.keyboard.press("Alt+]")
    assert (editor.mask() == 1).sum() == 12 * 22
    editor.keyboard.press("Alt+[")
    assert (editor.mask() == 1).sum() == 10 * 20
    editor.keyboard.press("Alt+s")
    assert 0 < (editor.mask() == 1).sum() < 10 * 20, "the corners are cut"
    for _ in range(3):
        editor.keyboard.press("Control+z")
    np.testing.assert_array_equal(editor.mask(), mask)


def test_void_is_painted_with_its_key(editor):
    editor.open(60, 40)
    editor.keyboard.press("u")
    assert editor.ask("editor.activeClass") == 255


def test_the_current_class_is_shown_alone(editor):
    editor.open(60, 40)
    editor.keyboard.press("2")
    current = editor.ask("editor.activeClass")
    editor.keyboard.press("j")
    assert editor.ask("editor.view.shownClass") == current
    editor.keyboard.press("1")
    assert editor.ask("editor.view.shownClass") == editor.ask("editor.activeClass")
    editor.keyboard.press("j")
    assert editor.ask("editor.view.shownClass") is None

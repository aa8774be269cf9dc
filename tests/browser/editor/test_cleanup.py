"""Clean up: pieces of a mask below a size go to what surrounds them, in one step that is previewed first."""

import numpy as np
import pytest

from trainer.masks.pieces import drop_small_pieces

RNG = np.random.default_rng(7)
WITHOUT = "new Pieces(raster.mask, raster.width, raster.height).without(leastPx, protect)"


def cleaned(paint, mask, least_px, stays=()):
    """The mask without pieces of fewer than `least_px` pixels."""
    return paint(f"raster.mask.set({WITHOUT}.mask)", mask, stays, leastPx=least_px)


@pytest.mark.parametrize("share", [0.002, 0.01, 0.05, 1.0])
@pytest.mark.parametrize("kinds", [(0, 1), (0, 1, 2, 255)])
def test_the_browser_cleans_as_the_studio_does(paint, share, kinds):
    coarse = RNG.choice(kinds, (12, 15)).astype(np.uint8)
    mask = np.kron(coarse, np.ones((3, 3), np.uint8))
    mask[RNG.random(mask.shape) < 0.1] = 1
    after = cleaned(paint, mask, share * mask.size).mask
    np.testing.assert_array_equal(after, drop_small_pieces(mask, share))


def test_specks_disappear_and_holes_are_filled(paint):
    assert cleaned(paint, ["......", ".1....", "...222", "...2.2", "...222"], 3).text == [
        "......",
        "......",
        "...222",
        "...222",
        "...222",
    ]


def test_protected_classes_and_void_keep_their_pieces(paint):
    mask = np.zeros((5, 6), np.uint8)
    mask[1, 1], mask[3, 1], mask[1, 4] = 1, 2, 255
    after = cleaned(paint, mask, 3, stays=[2]).mask
    assert (after[1, 1], after[3, 1], after[1, 4]) == (0, 2, 255)


def speckled() -> np.ndarray:
    mask = np.zeros((100, 200), np.uint8)
    mask[20:80, 40:160] = 1
    mask[40, 60] = 0  # a hole
    mask[5, 5] = 2  # a speck
    return mask


def test_one_key_previews_and_once_more_applies_in_one_step(editor):
    mask = speckled()
    editor.open(200, 100, mask)
    editor.keyboard.press("d")
    assert (editor.mask() == mask).all(), "the mask changes before the change is applied"
    assert editor.ask("[editor.cleanup.count, editor.tool]") == [2, "cleanup"]
    editor.keyboard.press("d")
    assert editor.mask()[40, 60] == 1
    assert editor.mask()[5, 5] == 0
    assert editor.ask("editor.tool") == "brush"
    editor.keyboard.press("Control+z")
    assert (editor.mask() == mask).all()
    assert not editor.ask("editor.canUndo")


def test_esc_drops_the_preview_and_another_tool_applies_it(editor):
    mask = speckled()
    editor.open(200, 100, mask)
    editor.keyboard.press("d")
    editor.keyboard.press("Escape")
    assert (editor.mask() == mask).all()
    assert editor.ask("editor.tool") == "brush"
    editor.keyboard.press("d")
    editor.keyboard.press("p")
    assert editor.mask()[5, 5] == 0
    assert editor.ask("editor.tool") == "polygon"


def test_the_slider_and_the_kinds_choose_what_goes(editor):
    mask = speckled()
    mask[90:93, 10:13] = 2  # nine pixels
    editor.open(200, 100, mask)
    editor.keyboard.press("d")
    assert editor.ask("editor.cleanup.count") == 3  # 0.1 % of the picture are twenty pixels
    editor.ask("editor.setCleanup({share: 5 / 20000})")
    assert editor.ask("editor.cleanup.count") == 2
    editor.page.get_by_label("Fill holes:").click()
    assert editor.ask("editor.cleanup.count") == 1
    editor.keyboard.press("Enter")
    assert (editor.mask()[40, 60], editor.mask()[5, 5], editor.mask()[91, 11]) == (0, 0, 2)


def test_locked_classes_are_not_cleaned(editor):
    mask = speckled()
    editor.open(200, 100, mask)
    editor.ask("editor.setOptions({lockedClasses: [2]})")
    editor.keyboard.press("d")
    editor.keyboard.press("Enter")
    assert (editor.mask()[40, 60], editor.mask()[5, 5]) == (1, 2)

"""Polygon, lasso, fill, superpixels, threshold and whole masks, as a person uses them."""

import numpy as np
import pytest


def test_a_polygon_is_closed_by_enter_and_shortened_by_backspace(editor):
    editor.open(300, 200)
    editor.keyboard.press("p")
    for corner in [(50, 50), (150, 50), (150, 150), (280, 190)]:
        editor.click(*corner)
    assert not editor.mask().any()
    editor.keyboard.press("Backspace")
    editor.keyboard.press("Enter")
    mask = editor.mask()
    assert mask[60, 140] == 1
    assert mask[140, 60] == 0
    assert mask[160, 200] == 0
    assert [e["label"] for e in editor.events("stroke")] == ["Polygon"]


def test_a_polygon_is_closed_by_its_first_corner(editor):
    editor.open(300, 200)
    editor.keyboard.press("p")
    for corner in [(50, 50), (150, 50), (150, 150), (51, 51)]:
        editor.click(*corner)
    assert editor.mask()[60, 140] == 1


def test_a_double_click_closes_without_a_corner_too_many(editor):
    editor.open(300, 200)
    editor.keyboard.press("p")
    for corner in [(50, 50), (150, 50)]:
        editor.click(*corner)
    editor.mouse.dblclick(*editor.on_page(150, 150))
    by_hand = editor.mask()
    assert by_hand[60, 140] == 1
    assert len(editor.events("stroke")) == 1


def test_undo_in_the_middle_of_a_polygon_takes_back_a_corner(editor):
    editor.open(300, 200)
    editor.click(20, 20)
    editor.keyboard.press("p")
    editor.click(150, 50)
    editor.keyboard.press("Control+z")
    assert editor.mask()[20, 20] == 1
    editor.keyboard.press("Control+z")
    assert not editor.mask().any()


def test_escape_drops_a_polygon(editor):
    editor.open(300, 200)
    editor.keyboard.press("p")
    for corner in [(50, 50), (150, 50), (150, 150)]:
        editor.click(*corner)
    editor.keyboard.press("Escape")
    editor.keyboard.press("Enter")
    assert not editor.mask().any()


def test_a_polygon_of_two_corners_is_explained(editor):
    editor.open(300, 200)
    editor.keyboard.press("p")
    editor.click(50, 50)
    editor.click(150, 50)
    editor.keyboard.press("Enter")
    assert editor.events("message")[-1]["text"] == "A polygon needs at least three corners."


@pytest.mark.parametrize("button", ["left", "right"])
def test_the_lasso_fills_what_it_encircles(editor, button):
    start = 0 if button == "left" else 2
    editor.open(300, 200, np.full((200, 300), start, np.uint8))
    editor.keyboard.press("l")
    editor.drag([(50, 50), (150, 50), (150, 150), (50, 150)], button=button)
    mask = editor.mask()
    assert mask[100, 100] == (1 if button == "left" else 0)
    assert mask[100, 200] == start


def test_the_bucket_fills_one_connected_patch(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[:, 140:150] = 2
    editor.open(300, 200, mask)
    editor.keyboard.press("f")
    editor.keyboard.press("3")
    editor.click(50, 50)
    after = editor.mask()
    assert (after[:, :140] == 3).all()
    assert (after[:, 140:150] == 2).all()
    assert not after[:, 150:].any()


def test_superpixels_are_swept_in_one_stroke(editor):
    editor.open(300, 200)
    editor.page.evaluate(
        """() => {
            const labelAt = (x, y) => Math.floor(y / 50) * 6 + Math.floor(x / 50);
            const labels = Uint16Array.from({length: 60000}, (_, i) => labelAt(i % 300, Math.floor(i / 300)));
            harness.editor.setSuperpixels(labels);
        }"""
    )
    editor.keyboard.press("s")
    editor.drag([(25, 25), (220, 25)], steps=1)
    mask = editor.mask()
    assert (mask[:50, :250] == 1).all()
    assert not mask[50:].any()
    assert not mask[:, 250:].any()
    assert len(editor.events("stroke")) == 1


def test_missing_superpixels_are_asked_for_and_explained(editor):
    editor.open(300, 200)
    editor.keyboard.press("s")
    assert editor.events("superpixelswanted") == [{"type": "superpixelswanted", "id": "test", "count": None}]
    editor.keyboard.press("[")
    assert editor.events("superpixelswanted")[-1]["count"] == 1600, "smaller ones"
    editor.click(50, 50)
    assert editor.events("message")[-1]["text"] == "The superpixels of this picture are not loaded yet."
    assert not editor.mask().any()


def test_the_next_picture_asks_for_its_own_superpixels(editor):
    editor.open(300, 200)
    editor.ask("editor.setSuperpixels(new Uint16Array(60000))")
    editor.keyboard.press("s")
    assert editor.events("superpixelswanted") == []
    asked = editor.page.evaluate(
        """async () => {
            let asked = 0;
            harness.editor.addEventListener('superpixelswanted', () => asked++);
            await harness.open(300, 200);
            return asked;
        }"""
    )
    assert asked == 1


def test_a_heatmap_becomes_a_mask_at_its_threshold(editor):
    editor.open(300, 200)
    editor.page.evaluate(
        """() => harness.editor.setHeat({height: 1, width: 2, classIndex: 2, data: Float32Array.of(0, 1)})"""
    )
    editor.ask("editor.thresholdToMask(2, 0.5)")
    mask = editor.mask()
    # Bilinear between the half-pixel centres at a quarter and three quarters: one half lies in the middle.
    assert (mask[:, 150:] == 2).all()
    assert not mask[:, :150].any()
    editor.ask("editor.undo()")
    assert not editor.mask().any()


def test_a_float16_heatmap_is_the_same(editor):
    editor.open(300, 200)
    bits = np.array([0, 1], np.float16).view(np.uint16).tolist()
    editor.page.evaluate(
        "(bits) => harness.editor.setHeat({height: 1, width: 2, data: Uint16Array.from(bits)})", bits
    )
    editor.ask("editor.thresholdToMask(2, 0.5)")
    assert (editor.mask()[:, 150:] == 2).all()


def test_the_heat_is_seen_and_goes_with_the_next_picture(editor):
    editor.open(300, 200)
    before = editor.screenshot()
    editor.page.evaluate(
        "() => harness.editor.setHeat({height: 1, width: 2, classIndex: 2, data: Float32Array.of(0, 1)})"
    )
    editor.ask("editor.setHeatView({opacity: 1, threshold: 0.5, colormap: 'grey'})")
    x, y = map(int, editor.on_page(299, 100))
    assert editor.screenshot()[y, x].tolist() == [255, 255, 255]
    left = editor.on_page(40, 100)
    assert (editor.screenshot()[int(left[1]), int(left[0])] == before[int(left[1]), int(left[0])]).all()
    editor.open(300, 200)
    np.testing.assert_array_equal(editor.screenshot(), before)


def test_a_threshold_without_a_heatmap_is_explained(editor):
    editor.open(300, 200)
    editor.ask("editor.thresholdToMask(1, 0.5)")
    assert editor.events("message")[-1]["text"] == "No heatmap is shown; choose a class with a heatmap first."


def test_a_whole_mask_can_be_taken_and_undone(editor):
    editor.open(300, 200)
    editor.click(50, 50)
    mine = editor.mask()
    editor.ask("editor.setMask(new Uint8Array(60000).fill(3), {label: 'Use theirs'})")
    assert (editor.mask() == 3).all()
    assert editor.events("stroke")[-1]["label"] == "Use theirs"
    editor.ask("editor.undo()")
    np.testing.assert_array_equal(editor.mask(), mine)


def test_a_mask_taken_for_good_clears_the_history(editor):
    editor.open(300, 200)
    editor.click(50, 50)
    editor.ask("editor.setMask(new Uint8Array(60000).fill(3), {undoable: false})")
    assert not editor.ask("editor.canUndo")
    assert len(editor.events("stroke")) == 1


def test_the_latest_of_two_loads_wins(editor):
    opened = editor.page.evaluate(
        """async () => {
            const slow = new Image();
            slow.src = await (async () => {
                const canvas = document.createElement('canvas');
                canvas.width = canvas.height = 8;
                return canvas.toDataURL();
            })();
            const item = (id, image) => ({id, width: 8, height: 8, image, classes: harness.CLASSES});
            await Promise.all([
                harness.editor.load(item('first', slow)),
                harness.editor.load(item('second', harness.drawPicture(8, 8))),
            ]);
            return harness.editor.id;
        }"""
    )
    assert opened == "second"


def test_the_callers_mask_is_not_painted_on(editor):
    touched = editor.page.evaluate(
        """async () => {
            const mask = new Uint8Array(64);
            await harness.open(8, 8, {mask});
            harness.editor.setMask(new Uint8Array(64).fill(1));
            return mask.some((value) => value !== 0);
        }"""
    )
    assert not touched

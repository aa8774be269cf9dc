"""Corners of a closed polygon, magnetic edges, moving regions, and looking closer, as a person uses them."""

import numpy as np


def test_corners_of_a_closed_polygon_are_dragged_added_and_removed_and_each_is_undone(editor):
    editor.open(300, 200)
    editor.ask("editor.setActiveClass(2)")
    editor.click(150, 100)
    before = editor.mask().copy()
    editor.keyboard.press("p")
    for corner in [(50, 50), (150, 50), (150, 150), (50, 150)]:
        editor.click(*corner)
    editor.keyboard.press("Enter")
    square = editor.mask()
    assert square[100, 60] == 2
    editor.drag([(150, 150), (80, 150)])
    assert editor.mask()[140, 140] == 0
    assert editor.mask()[100, 150] == before[100, 150], "what the polygon covered comes back"
    editor.drag([(100, 50), (100, 10)])
    assert editor.mask()[25, 100] == 2, "a new corner on the line"
    editor.click(100, 10, button="right")
    assert editor.mask()[25, 100] == 0
    labels = [event["label"] for event in editor.events("stroke")]
    assert labels == ["Brush", "Polygon", "Polygon corner", "Polygon corner", "Polygon corner"]
    for _ in range(3):
        editor.keyboard.press("Control+z")
    assert (editor.mask() == square).all()
    editor.drag([(50, 150), (50, 180)])
    assert editor.mask()[165, 60] == 2, "the corners are there again after undo"
    editor.keyboard.press("Escape")
    editor.drag([(50, 180), (50, 190)])
    assert editor.ask("editor.canUndo")
    assert editor.mask()[185, 51] == 0, "put away, a click begins a new polygon"


def test_magnetic_outlines_follow_the_edges_of_the_picture(editor):
    # The drawn picture has an ellipse of 120 x 100 with its centre at (120, 110).
    editor.open(300, 200)
    disc = np.zeros((200, 300), bool)
    ys, xs = np.mgrid[:200, :300]
    across, down = xs + 0.5 - 120, ys + 0.5 - 110
    turned = (across * np.cos(0.3) + down * np.sin(0.3), down * np.cos(0.3) - across * np.sin(0.3))
    disc = (turned[0] / 60) ** 2 + (turned[1] / 50) ** 2 < 1
    editor.keyboard.press("p")
    editor.keyboard.press("Shift+M")
    for angle in np.linspace(0, 2 * np.pi, 5)[:-1]:
        x = 120 + 60 * np.cos(angle) * np.cos(0.3) - 50 * np.sin(angle) * np.sin(0.3)
        y = 110 + 60 * np.cos(angle) * np.sin(0.3) + 50 * np.sin(angle) * np.cos(0.3)
        editor.click(x + 1, y + 1)
    editor.keyboard.press("Enter")
    drawn = editor.mask() == 1
    overlap = (drawn & disc).sum() / (drawn | disc).sum()
    assert overlap > 0.95, "four corners are enough"
    editor.keyboard.press("Control+z")
    editor.keyboard.press("l")
    editor.drag([(185, 130), (150, 165), (95, 150), (58, 95), (90, 62), (140, 65), (183, 120)], steps=6)
    lassoed = editor.mask() == 1
    assert (lassoed & disc).sum() / (lassoed | disc).sum() > 0.93


def test_a_region_is_selected_dragged_nudged_and_removed(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[50:70, 40:60] = 2
    mask[100:120, 200:230] = 1
    editor.open(300, 200, mask)
    editor.keyboard.press("Shift+G")
    editor.drag([(50, 60), (90, 65)])
    moved = np.zeros_like(mask)
    moved[55:75, 80:100] = 2
    moved[100:120, 200:230] = 1
    assert (editor.mask() == moved).all()
    editor.keyboard.press("Shift+ArrowRight")
    assert (editor.mask() == np.where(mask == 1, 1, np.roll(moved * (moved == 2), 1, axis=1))).all()
    editor.keyboard.press("Delete")
    assert (editor.mask() == (mask == 1)).all()
    for _ in range(3):
        editor.keyboard.press("Control+z")
    assert (editor.mask() == mask).all()
    editor.ask("editor.setOptions({lockedClasses: [1]})")
    editor.drag([(210, 110), (100, 110)])
    assert (editor.mask() == mask).all()
    assert "locked" in editor.events("message")[-1]["text"]


def test_the_view_goes_to_a_class_and_is_kept_and_the_small_map_moves_it(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[50:60, 40:60] = 1
    editor.open(300, 200, mask)
    overview = editor.page.locator(".pz-overview")
    assert overview.is_hidden()
    editor.keyboard.press("Shift+Z")
    editor.settle()
    assert overview.is_visible()
    centre = editor.ask("editor.toImage(editor.stage.clientWidth / 2, editor.stage.clientHeight / 2)")
    assert (round(centre["x"]), round(centre["y"])) == (50, 55)
    zoom = editor.ask("editor.zoom")
    editor.keyboard.press("Shift+K")
    editor.open(600, 400)
    assert editor.ask("editor.zoom") == zoom
    centre = editor.ask("editor.toImage(editor.stage.clientWidth / 2, editor.stage.clientHeight / 2)")
    assert (round(centre["x"]), round(centre["y"])) == (100, 110), "the same part of the next picture"
    box = overview.bounding_box()
    assert box is not None
    overview.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    centre = editor.ask("editor.toImage(editor.stage.clientWidth / 2, editor.stage.clientHeight / 2)")
    assert abs(centre["x"] - 300) < 5
    assert abs(centre["y"] - 200) < 5
    editor.keyboard.press("Shift+O")
    assert overview.is_hidden()


def test_the_picture_is_shown_lighter_or_by_channel_and_the_mask_stays(editor):
    editor.open(300, 200)
    before = editor.screenshot()
    editor.keyboard.press("Shift+C")
    grey = editor.screenshot()
    x, y = (round(value) for value in editor.on_page(120, 110))
    assert grey[y, x].tolist() == [before[y, x, 0]] * 3, "the red channel as grey"
    editor.keyboard.press("Shift+I")
    editor.page.get_by_role("slider", name="Brightness").fill("150")
    editor.keyboard.press("Escape")
    assert editor.screenshot()[y, x, 0] > grey[y, x, 0]
    assert not editor.mask().any()
    editor.page.get_by_label("View: brightness").click()
    editor.page.get_by_role("button", name="Show the picture as it is").click()
    assert editor.screenshot()[y, x].tolist() == before[y, x].tolist()
    editor.keyboard.press("Shift+H")
    assert editor.ask("[...editor.view.hiddenClasses]") == [1]
    editor.keyboard.press("Escape")
    editor.click(20, 20)
    assert editor.ask("[...editor.view.hiddenClasses]") == [], "nobody paints blindly"

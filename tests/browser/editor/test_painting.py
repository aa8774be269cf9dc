"""Painting with real pointer events."""

import numpy as np
import pytest

MARKER_RGB = (255, 0, 255)


def show_marker(editor, width, height, x, y, side):
    """Open a dark picture with one bright square around pixel (x, y)."""
    editor.page.evaluate(
        """async ([width, height, x, y, side]) => {
            const canvas = new OffscreenCanvas(width, height);
            const context = canvas.getContext('2d');
            context.fillStyle = '#102030';
            context.fillRect(0, 0, width, height);
            context.fillStyle = '#ff00ff';
            context.fillRect(x - (side - 1) / 2, y - (side - 1) / 2, side, side);
            await harness.open(width, height, {image: canvas.transferToImageBitmap()});
        }""",
        [width, height, x, y, side],
    )
    editor.ask("editor.setViewHabits({hasOverview: false})")  # it would show the square a second time


def centre_of(picture, rgb):
    """Centre of all screenshot pixels close to a colour, in device pixels."""
    difference = np.abs(picture.astype(np.int16) - np.array(rgb, np.int16)).sum(axis=2, dtype=np.int16)
    ys, xs = np.nonzero(difference < 60)
    assert len(ys), f"nothing on the screen is {rgb}"
    return xs.mean() + 0.5, ys.mean() + 0.5


@pytest.mark.parametrize("device_scale_factor", [1, 2])
@pytest.mark.parametrize("steps", [-3, 0, 9], ids=["zoomed out", "fitted", "zoomed in"])
@pytest.mark.parametrize(("width", "height"), [(800, 500), (333, 620)], ids=["landscape", "portrait"])
def test_what_is_painted_is_what_was_under_the_cursor(
    editor_on_screen, width, height, steps, device_scale_factor
):
    """The picture itself is the witness: the place to click is found on a screenshot, not computed."""
    editor = editor_on_screen(900, 640, device_scale_factor=device_scale_factor)
    x, y, side = width * 2 // 3, height // 4, 9
    show_marker(editor, width, height, x, y, side)
    editor.settle()
    sx, sy = centre_of(editor.screenshot(), MARKER_RGB)
    editor.mouse.move(sx / device_scale_factor, sy / device_scale_factor)
    for _ in range(abs(steps)):
        editor.mouse.wheel(0, -120 if steps > 0 else 120)
    sx, sy = centre_of(editor.screenshot(), MARKER_RGB)

    editor.ask("editor.setBrush({size: 1})")
    editor.mouse.click(sx / device_scale_factor, sy / device_scale_factor)

    painted = np.argwhere(editor.mask() == 1)
    assert len(painted) == 1
    error = abs(painted[0] - (y, x)).max()
    # The centre of a square of few screen pixels is known to half a screen pixel.
    assert error <= max(0, np.ceil(0.5 / editor.ask("editor.zoom") - 0.5))


@pytest.mark.parametrize("device_scale_factor", [1, 2])
def test_the_mask_is_drawn_where_the_picture_is(editor_on_screen, device_scale_factor):
    editor = editor_on_screen(900, 640, device_scale_factor=device_scale_factor)
    show_marker(editor, 640, 480, 100, 77, 9)
    editor.move(100, 77)
    for _ in range(6):
        editor.mouse.wheel(0, -100)
    picture = centre_of(editor.screenshot(), MARKER_RGB)
    editor.ask("editor.setBrush({size: 9, shape: 'square'})")
    editor.click(100.5, 77.5)
    editor.mouse.move(5, 5)
    editor.ask("editor.setView({imageVisible: false, opacity: 1})")
    mask = centre_of(editor.screenshot(), (0xE6, 0x19, 0x4B))
    assert mask == pytest.approx(picture, abs=0.51)


def test_a_stroke_has_no_gaps_and_is_one_undo(editor):
    editor.open(400, 300)
    editor.ask("editor.setBrush({size: 1})")
    editor.drag([(20.5, 20.5), (320.5, 120.5)], steps=2)
    stroke = editor.mask()
    assert all(stroke[:, x].any() for x in range(20, 321))
    editor.keyboard.press("Control+z")
    assert not editor.mask().any()
    editor.keyboard.press("Control+Shift+z")
    np.testing.assert_array_equal(editor.mask(), stroke)


def test_undo_and_redo_walk_through_all_strokes(editor):
    editor.open(300, 200)
    states = [editor.mask()]
    for tool, key in [("b", "1"), ("b", "2"), ("e", "3")]:
        editor.keyboard.press(tool)
        editor.keyboard.press(key)
        editor.drag([(30 + 40 * len(states), 50), (120, 110)])
        states.append(editor.mask())
    for state in reversed(states[:-1]):
        editor.keyboard.press("Control+z")
        np.testing.assert_array_equal(editor.mask(), state)
    assert not editor.ask("editor.canUndo")
    for state in states[1:]:
        editor.keyboard.press("Control+y")
        np.testing.assert_array_equal(editor.mask(), state)
    assert not editor.ask("editor.canRedo")


def test_each_change_is_reported_with_its_rectangle(editor):
    editor.open(300, 200)
    editor.ask("editor.setBrush({size: 10, shape: 'square'})")
    editor.click(50, 60)
    editor.ask("editor.undo()")
    editor.ask("editor.redo()")
    rect = {"x0": 45, "y0": 55, "x1": 55, "y1": 65}
    expected = [("stroke", 1), ("undo", 2), ("redo", 3)]
    assert [(e["kind"], e["revision"]) for e in editor.events("stroke")] == expected
    assert all(e["rect"] == rect and e["id"] == "test" for e in editor.events("stroke"))


def test_a_click_that_changes_nothing_is_not_reported(editor):
    editor.open(300, 200)
    editor.keyboard.press("e")
    editor.click(50, 60)
    assert editor.events("stroke") == []
    assert not editor.ask("editor.canUndo")


def test_the_right_button_paints_background(editor):
    editor.open(300, 200, np.full((200, 300), 2, np.uint8))
    editor.drag([(50, 50), (100, 50)], button="right")
    assert editor.mask()[50, 75] == 0
    assert editor.events("stroke")[0]["label"] == "Erase"


def test_the_middle_button_and_space_pan_and_paint_nothing(editor):
    editor.open(300, 200)
    before = editor.on_page(0, 0)
    editor.drag([(150, 100), (160, 100)], button="middle")
    assert editor.on_page(0, 0)[0] > before[0]
    before = editor.on_page(0, 0)
    editor.keyboard.down(" ")
    editor.drag([(150, 100), (150, 120)])
    editor.keyboard.up(" ")
    assert editor.on_page(0, 0)[1] > before[1]
    assert not editor.mask().any()
    editor.click(150, 100)
    assert editor.mask().any()


def test_the_wheel_zooms_at_the_cursor(editor):
    editor.open(300, 200)
    editor.mouse.move(1000, 300)
    editor.settle()
    zoom, before = editor.ask("editor.zoom"), editor.events("hover")[-1]
    for _ in range(5):
        editor.mouse.wheel(0, -100)
    editor.settle()
    after = editor.events("hover")[-1]
    assert editor.ask("editor.zoom") > 1.5 * zoom
    assert (after["x"], after["y"]) == (before["x"], before["y"])


def test_locked_classes_hold_against_every_stroke(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[80:120] = 2
    editor.open(300, 200, mask)
    editor.ask("editor.setOptions({lockedClasses: [2]})")
    editor.drag([(100, 20), (100, 180)])
    editor.drag([(200, 20), (200, 180)], button="right")
    after = editor.mask()
    assert (after[80:120] == 2).all()
    assert (after[[50, 150], 100] == 1).all()


def test_only_over_background_spares_other_classes(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[80:120] = 2
    editor.open(300, 200, mask)
    editor.ask("editor.setOptions({onlyBackground: true})")
    editor.drag([(100, 20), (100, 180)])
    assert (editor.mask()[80:120] == 2).all()
    editor.keyboard.press("e")
    editor.drag([(200, 20), (200, 180)])
    assert editor.mask()[100, 200] == 0


@pytest.mark.parametrize(
    "take_away",
    [
        "stage.dispatchEvent(new PointerEvent('pointercancel', {pointerId: 1}))",
        "window.dispatchEvent(new Event('blur'))",
        "stage.releasePointerCapture(1)",
        "editor.load({id: 'next', width: 9, height: 9, classes: [], image: harness.drawPicture(9, 9)})",
        "editor.destroy()",
    ],
    ids=["pointercancel", "blur", "lost capture", "next picture", "destroyed"],
)
def test_a_stroke_survives_losing_the_pointer(editor, take_away):
    editor.open(300, 200)
    editor.move(50, 50)
    editor.mouse.down()
    editor.move(120, 50)
    assert editor.ask("editor.isPointerDown")
    editor.page.evaluate(
        f"""async () => {{
            const {{editor}} = harness, stage = document.querySelector('.pz-stage');
            await ({take_away});
        }}"""
    )
    # The browser tells of a lost capture only before the next pointer event.
    editor.mouse.move(0, 0)
    is_pointer_down, strokes = editor.ask("editor.isPointerDown"), editor.events("stroke")
    editor.mouse.up()
    assert not is_pointer_down
    assert [(e["id"], e["kind"]) for e in strokes] == [("test", "stroke")]
    assert strokes[0]["rect"]["x1"] > 110


def test_escape_takes_back_the_stroke_in_progress(editor):
    editor.open(300, 200)
    editor.move(50, 50)
    editor.mouse.down()
    editor.move(120, 50)
    editor.keyboard.press("Escape")
    editor.move(150, 50)
    editor.mouse.up()
    assert not editor.mask().any()
    assert editor.events("stroke") == []


def test_the_pen_paints_and_its_eraser_end_erases(editor):
    editor.open(300, 200)
    pen = """([x0, x1, y, button]) => {
        const stage = document.querySelector('.pz-stage');
        const send = (type, clientX) => stage.dispatchEvent(new PointerEvent(type, {
            pointerId: 7, pointerType: 'pen', pressure: 0.2, button, clientX, clientY: y, bubbles: true}));
        send('pointerdown', x0); send('pointermove', x1); send('pointerup', x1);
    }"""
    (x0, y), (x1, _) = editor.on_page(50, 80), editor.on_page(150, 80)
    editor.page.evaluate(pen, [x0, x1, y, 0])
    assert (editor.mask()[80, 50:150] == 1).all()
    editor.page.evaluate(pen, [x0, x1, y, 5])
    assert not editor.mask()[80, 50:150].any()


def test_two_fingers_zoom_and_leave_no_dab(editor_on_screen):
    editor = editor_on_screen(900, 700, has_touch=True)
    editor.open(300, 200)
    client = editor.page.context.new_cdp_session(editor.page)

    def touch(kind, *points):
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    zoom = editor.ask("editor.zoom")
    touch("touchStart", (400, 350))
    touch("touchStart", (400, 350), (500, 350))
    for step in range(1, 6):
        touch("touchMove", (400 - 20 * step, 350), (500 + 20 * step, 350))
    touch("touchEnd")
    editor.settle()
    assert editor.ask("editor.zoom") == pytest.approx(3 * zoom, rel=0.1)
    assert not editor.mask().any()
    touch("touchStart", (400, 350))
    touch("touchMove", (430, 350))
    touch("touchEnd")
    assert editor.mask().any()


def test_the_cursor_is_described(editor):
    mask = np.zeros((200, 300), np.uint8)
    mask[50, 60] = 3
    editor.open(300, 200, mask)
    editor.move(60.5, 50.5)
    editor.settle()
    event = editor.events("hover")[-1]
    assert {k: event[k] for k in ("x", "y", "classIndex", "heat")} == {
        "x": 60,
        "y": 50,
        "classIndex": 3,
        "heat": None,
    }
    editor.mouse.move(5, 5)
    editor.settle()
    assert editor.events("hover")[-1]["x"] is None


def test_the_cursor_is_described_anew_when_the_picture_moves_under_it(editor):
    editor.open(300, 200)
    editor.move(60.5, 50.5)
    editor.keyboard.press("+")
    editor.settle()
    before = editor.events("hover")[-1]
    editor.open(30, 20)
    editor.settle()
    after = editor.events("hover")[-1]
    assert before["x"] > 60
    assert after["x"] < 20


def test_read_only_pictures_cannot_be_painted(editor):
    editor.page.evaluate("() => harness.restart({readOnly: true})")
    editor.open(300, 200)
    editor.ask("editor.setTool('brush')")
    editor.drag([(50, 50), (120, 50)])
    assert editor.ask("editor.tool") == "pan"
    assert not editor.mask().any()


def test_painting_on_a_hidden_mask_shows_it(editor):
    editor.open(300, 200)
    editor.keyboard.press("h")
    editor.click(50, 50)
    assert editor.ask("editor.view.maskVisible")
    assert editor.mask()[50, 50] == 1

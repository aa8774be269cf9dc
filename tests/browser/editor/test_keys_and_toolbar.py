"""Hotkeys, the help made from them, and the toolbar."""

import re

import pytest


@pytest.mark.parametrize(
    ("key", "tool"),
    [("b", "brush"), ("e", "eraser"), ("p", "polygon"), ("l", "lasso"), ("f", "fill"), ("s", "superpixel")],
)
def test_letters_choose_tools(editor, key, tool):
    editor.open(300, 200)
    editor.ask("editor.setTool('pan')")
    editor.keyboard.press(key)
    assert editor.ask("editor.tool") == tool
    assert editor.page.locator(".pz-toolbar [data-action^=tool-][aria-pressed=true]").count() == 1


@pytest.mark.parametrize(
    "key", ["a", "r", "ArrowLeft", "ArrowRight", "?", "Control+a", "Control+s", "Escape", "Enter"]
)
def test_keys_of_the_page_are_left_to_it(editor, key):
    editor.open(300, 200)
    editor.page.evaluate(
        "() => window.addEventListener('keydown', (e) => (window.last = e.defaultPrevented))"
    )
    editor.keyboard.press(key)
    assert editor.page.evaluate("() => window.last") is False


def test_digits_choose_classes_and_x_swaps_with_background(editor):
    editor.open(300, 200)
    seen = []
    for key in ["2", "x", "x", "3", "0", "x", "9"]:
        editor.keyboard.press(key)
        seen.append(editor.ask("editor.activeClass"))
    assert seen == [2, 0, 2, 3, 0, 3, 3]


def test_a_class_may_name_its_own_digit(editor):
    editor.open(300, 200)
    editor.page.evaluate(
        """() => harness.editor.load({id: 1, width: 8, height: 8, image: harness.drawPicture(8, 8), classes: [
            {index: 8, name: 'cat', color: '#400000', hotkey: 5},
            {index: 18, name: 'sofa', color: '#00c000', hotkey: 1}]})"""
    )
    assert editor.ask("editor.activeClass") == 8
    editor.keyboard.press("1")
    assert editor.ask("editor.activeClass") == 18


def test_brackets_change_the_brush_size_within_its_limits(editor):
    editor.open(300, 200)
    editor.ask("editor.setBrush({size: 2})")
    sizes = []
    for key in "[[]]":
        editor.keyboard.press(key)
        sizes.append(editor.ask("editor.brush.size"))
    assert sizes == [1, 1, 2, 3]
    editor.ask("editor.setBrush({size: 9999})")
    assert editor.ask("editor.brush.size") == 500


def test_h_and_c_change_the_view_only(editor):
    editor.open(300, 200)
    editor.click(100, 100)
    mask = editor.mask()
    editor.keyboard.press("h")
    editor.keyboard.press("c")
    assert editor.ask("[editor.view.maskVisible, editor.view.contour]") == [False, True]
    assert (editor.mask() == mask).all()


def test_home_fits_and_plus_minus_zoom(editor):
    editor.open(300, 200)
    fitted = editor.ask("editor.zoom")
    editor.keyboard.press("+")
    assert editor.ask("editor.zoom") > fitted
    editor.keyboard.press("-")
    editor.keyboard.press("-")
    assert editor.ask("editor.zoom") < fitted
    editor.keyboard.press("Home")
    assert editor.ask("editor.zoom") == fitted


@pytest.mark.parametrize(
    ("key", "code", "expected"),
    [("и", "KeyB", "brush"), ("у", "KeyE", "eraser"), ("д", "KeyL", "lasso")],
)
def test_letters_work_on_a_cyrillic_keyboard(editor, key, code, expected):
    editor.open(300, 200)
    editor.ask("editor.setTool('pan')")
    editor.ask("editor.handleKey(new KeyboardEvent('keydown', argument))", {"key": key, "code": code})
    assert editor.ask("editor.tool") == expected


@pytest.mark.parametrize("tag", ["input", "textarea", "div contenteditable"])
def test_keys_in_a_text_field_are_text(editor, tag):
    editor.open(300, 200)
    editor.page.evaluate("(tag) => document.body.insertAdjacentHTML('beforeend', `<${tag} id=note>`)", tag)
    editor.page.focus("#note")
    editor.page.keyboard.type("be 12")
    typed = editor.page.evaluate("() => document.activeElement.value ?? document.activeElement.textContent")
    tool = editor.ask("[editor.tool, editor.activeClass]")
    editor.page.evaluate("() => document.getElementById('note').remove()")
    assert typed.replace("\xa0", " ") == "be 12"
    assert tool == ["brush", 1]


def test_a_click_on_the_picture_takes_the_focus_from_a_text_field(editor):
    editor.open(300, 200)
    editor.page.focus("[aria-label='Brush size in image pixels']")
    editor.click(100, 100)
    editor.keyboard.press("e")
    assert editor.ask("editor.tool") == "eraser"


def test_space_pans_after_a_click_in_the_toolbar(editor):
    editor.open(300, 200)
    editor.page.click("[aria-label=Lasso]")
    editor.keyboard.down(" ")
    editor.keyboard.up(" ")
    editor.page.click("[aria-label='Outlines instead of areas']")
    editor.keyboard.down(" ")
    before = editor.on_page(0, 0)
    editor.drag([(100, 100), (120, 100)])
    editor.keyboard.up(" ")
    assert editor.on_page(0, 0)[0] > before[0]
    assert editor.ask("[editor.tool, editor.view.contour]") == ["lasso", True]


def test_nothing_but_escape_interrupts_a_stroke(editor):
    editor.open(300, 200)
    editor.move(50, 50)
    editor.mouse.down()
    for key in ["e", "2", "Control+z", "h"]:
        editor.keyboard.press(key)
    editor.move(100, 50)
    editor.mouse.up()
    assert editor.ask("[editor.tool, editor.activeClass, editor.view.maskVisible]") == ["brush", 1, True]
    assert (editor.mask()[50, 50:100] == 1).all()


def test_the_help_lists_every_key(editor):
    bindings = editor.ask("editor.keymap.listed")
    listed = {key for binding in bindings for key in binding["keys"]}
    assert {"B", "E", "P", "L", "F", "S", "[", "]", "1–9", "0", "X", "H", "C", "Ctrl+Z", "Home"} <= listed


def test_every_control_has_a_name_and_says_its_hotkey(editor):
    controls = editor.page.locator(".pz-toolbar button, .pz-toolbar input")
    assert controls.count() >= 20
    for control in controls.all():
        assert control.get_attribute("aria-label")
        assert control.get_attribute("title")
        key = control.get_attribute("aria-keyshortcuts")
        assert key is None or control.get_attribute("title").endswith(f"({key})")


def test_the_toolbar_shows_and_changes_the_state(editor):
    editor.open(300, 200)
    bar = editor.page.locator(".pz-toolbar")
    undo = bar.get_by_label(re.compile("^Undo"))
    assert undo.is_disabled()
    editor.click(100, 100)
    undo.click()
    assert not editor.mask().any()
    bar.get_by_label("Brush size in image pixels").fill("33")
    bar.get_by_label("Brush size in image pixels").press("Enter")
    bar.get_by_label("Square brush").click()
    assert editor.ask("editor.brush") == {"size": 33, "shape": "square"}
    bar.get_by_label("Paint only over background").click()
    assert editor.ask("editor.options.onlyBackground")
    bar.get_by_label("Mask opacity").fill("80")
    assert editor.ask("editor.view.opacity") == 0.8
    bar.get_by_label("Zoom to 100 %").click()
    assert editor.ask("editor.zoom") == pytest.approx(1)
    assert bar.get_by_label("Zoom to 100 %").inner_text() == "100 %"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("setTool('spray')", 'There is no tool "spray"; choose one of smart, brush'),
        ("setBrush({shape: 'star'})", 'There is no brush shape "star"; choose round or square.'),
        ("setActiveClass(300)", "300 is not a class index"),
        ("setMask(new Uint8Array(3))", "The mask has 3 values, the picture has 300 x 200 pixels"),
        ("setHeat({height: 2, width: 2, data: new Float32Array(3)})", "The heatmap has 3 values"),
        ("setSuperpixels(new Uint16Array(3))", "The superpixels have 3 values"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(editor, call, message):
    editor.open(300, 200)
    said = editor.ask(f"(() => {{ try {{ editor.{call}; }} catch (error) {{ return error.message; }} }})()")
    assert message in said

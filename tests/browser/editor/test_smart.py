"""The Smart tool in the hands of a person. Behind it stands a drawn engine: a square around every click."""

from typing import Any

import numpy as np
import pytest

from tests.browser.editor.conftest import EditorPage

ENGINE = """() => {
    window.asked = [];
    window.gate = null;
    harness.editor.setRefine(async (wish, signal) => {
        asked.push({...wish, mask: [...new Set(wish.mask)]});
        const {width, height} = harness.editor;
        const pixels = wish.mask.slice();
        if (wish.heatmap !== null) pixels.fill(3);
        const held = new Uint8Array(width * height);
        let at = 0;
        wish.protectedRuns.forEach((run, k) => { held.fill(k % 2, at, at + run); at += run; });
        for (const seed of wish.seeds) {
            const box = seed.kind === 'box' ? seed : seed.kind === 'click'
                ? {top: seed.y - 10, bottom: seed.y + 10, left: seed.x - 10, right: seed.x + 10}
                : {top: seed.points[0][0], bottom: seed.points[0][0] + 1, left: 0, right: width};
            for (let y = Math.max(0, box.top); y < Math.min(height, box.bottom); y++)
                for (let x = Math.max(0, box.left); x < Math.min(width, box.right); x++)
                    if (!held[y * width + x]) pixels[y * width + x] = seed.label;
        }
        if (gate) await gate;
        if (signal.aborted) throw new DOMException('aborted', 'AbortError');
        return {rect: {x0: 0, y0: 0, x1: width, y1: height}, pixels, step: {number: asked.length}};
    });
}"""


@pytest.fixture
def smart(editor: EditorPage) -> EditorPage:
    """A picture of 300 x 200, background all over, with the Smart tool in hand."""
    editor.page.evaluate(ENGINE)
    editor.open(300, 200)
    editor.keyboard.press("k")
    return editor


def _hold(editor: EditorPage) -> None:
    editor.page.evaluate("() => { window.gate = new Promise((open) => (window.openGate = open)); }")


def _let_go(editor: EditorPage) -> None:
    editor.page.evaluate("() => { openGate(); window.gate = null; }")
    editor.page.wait_for_function("() => !harness.editor.isRefining")


def _asked(editor: EditorPage) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = editor.page.evaluate("() => asked")
    return asked


def _seeds(editor: EditorPage) -> list[dict[str, Any]]:
    seeds: list[dict[str, Any]] = editor.ask("editor.seeds")
    return seeds


def _wait_preview(editor: EditorPage) -> None:
    editor.page.wait_for_function("() => document.querySelector('.pz-stage.pz-pending')")


def test_a_click_is_shown_and_enter_takes_it(smart: EditorPage) -> None:
    before = smart.screenshot()
    smart.click(100, 100)
    _wait_preview(smart)
    assert not smart.mask().any()
    assert (smart.screenshot() != before).any()
    smart.keyboard.press("Enter")
    mask = smart.mask()
    assert (mask[90:110, 90:110] == 1).all()
    assert mask.sum() == 400
    (stroke,) = smart.events("stroke")
    assert stroke["step"] == {"number": 1}


def test_the_next_click_takes_the_one_before_and_each_is_undone_alone(smart: EditorPage) -> None:
    smart.click(50, 50)
    _wait_preview(smart)
    smart.click(150, 50)
    _wait_preview(smart)
    assert smart.mask()[50, 50] == 1
    assert smart.mask()[50, 150] == 0
    smart.keyboard.press("b")  # another tool takes it, too
    assert smart.mask()[50, 150] == 1
    smart.keyboard.press("k")
    assert len(_seeds(smart)) == 2
    smart.keyboard.press("Control+z")
    assert [smart.mask()[50, x] for x in (50, 150)] == [1, 0]
    assert len(_seeds(smart)) == 1
    smart.keyboard.press("Control+z")
    assert not smart.mask().any()
    assert _seeds(smart) == []
    smart.keyboard.press("Control+y")
    smart.keyboard.press("Control+y")
    assert [smart.mask()[50, x] for x in (50, 150)] == [1, 1]
    assert len(_seeds(smart)) == 2


def test_escape_drops_what_is_shown_and_undo_takes_it_back_for_redo(smart: EditorPage) -> None:
    smart.click(50, 50)
    _wait_preview(smart)
    smart.keyboard.press("Escape")
    assert not smart.mask().any()
    assert _seeds(smart) == []
    smart.click(50, 50)
    _wait_preview(smart)
    smart.keyboard.press("Control+z")
    assert not smart.mask().any()
    smart.keyboard.press("Control+y")
    assert smart.mask()[50, 50] == 1


def test_shift_and_the_right_button_say_background_and_alt_draws_a_box(smart: EditorPage) -> None:
    smart.keyboard.down("Shift")
    smart.click(20, 20)
    smart.keyboard.up("Shift")
    smart.click(60, 20, button="right")
    smart.keyboard.down("Alt")
    smart.drag([(100, 50), (160, 120)])
    smart.keyboard.up("Alt")
    smart.keyboard.press("2")
    smart.drag([(200, 150), (250, 160), (280, 150)])
    _wait_preview(smart)
    kinds = [(seed["kind"], seed["label"]) for seed in _seeds(smart)]
    assert kinds == [("click", 0), ("click", 0), ("box", 1), ("scribble", 2)]
    box = _seeds(smart)[2]
    assert (box["top"], box["left"], box["bottom"], box["right"]) == pytest.approx((50, 100, 121, 161), abs=1)


def test_seeds_are_moved_and_deleted(smart: EditorPage) -> None:
    smart.click(50, 50)
    smart.click(150, 50)
    smart.drag([(50, 50), (50, 120)])
    _wait_preview(smart)
    assert [(seed["x"], seed["y"]) for seed in _seeds(smart)] == [(50, 120), (150, 50)]
    smart.click(50, 120, button="right")
    _wait_preview(smart)
    assert [seed["x"] for seed in _seeds(smart)] == [150]
    smart.click(250, 50)
    smart.click(150, 50)  # chosen
    smart.keyboard.press("Backspace")
    smart.keyboard.press("Delete")
    _wait_preview(smart)
    smart.keyboard.press("Enter")
    assert _seeds(smart) == []
    assert not smart.mask().any()


def test_the_engine_always_starts_from_the_mask_before_the_first_click(editor: EditorPage) -> None:
    editor.page.evaluate(ENGINE)
    editor.open(300, 200, np.full((200, 300), 2, np.uint8))
    editor.keyboard.press("k")
    editor.click(50, 50)
    editor.click(150, 50)
    _wait_preview(editor)
    assert [len(wish["seeds"]) for wish in _asked(editor)] == [1, 2]
    assert all(wish["mask"] == [2] for wish in _asked(editor))


def test_what_is_painted_by_hand_stays_unless_a_click_says_otherwise(smart: EditorPage) -> None:
    smart.click(50, 50)
    _wait_preview(smart)
    smart.keyboard.press("b")
    smart.keyboard.press("2")
    smart.drag([(140, 50), (160, 50)])
    smart.keyboard.press("k")
    smart.keyboard.press("1")
    smart.click(150, 80)
    smart.click(165, 62)
    _wait_preview(smart)
    smart.keyboard.press("Enter")
    assert smart.mask()[50, 150] == 2
    assert smart.mask()[56, 160] in (0, 1, 2)
    assert sum(_asked(smart)[-1]["protectedRuns"][1::2]) > 300
    smart.click(150, 50)
    _wait_preview(smart)
    smart.keyboard.press("Enter")
    assert smart.mask()[50, 150] == 1
    assert smart.mask()[50, 50] == 1


def test_locks_and_only_background_are_told_to_the_engine(smart: EditorPage) -> None:
    smart.ask("editor.setOptions({lockedClasses: [2], onlyBackground: true})")
    smart.click(50, 50)
    _wait_preview(smart)
    assert _asked(smart)[0]["lockedClasses"] == [2]
    assert _asked(smart)[0]["onlyBackground"] is True


def test_a_click_before_the_answer_replaces_the_question(smart: EditorPage) -> None:
    _hold(smart)
    smart.click(50, 50)
    smart.click(150, 50)
    assert smart.ask("editor.isRefining")
    _let_go(smart)
    smart.keyboard.press("Enter")
    assert [smart.mask()[50, x] for x in (50, 150)] == [1, 1]
    assert [len(wish["seeds"]) for wish in _asked(smart)] == [1, 2]


def test_painting_goes_on_while_the_engine_is_at_work(smart: EditorPage) -> None:
    _hold(smart)
    smart.click(50, 50)
    smart.keyboard.press("b")
    smart.drag([(140, 50), (160, 50)])
    _let_go(smart)
    smart.page.wait_for_function("() => harness.editor.mask[50 * 300 + 50] === 1")
    assert smart.mask()[50, 150] == 1


def test_one_can_start_again_from_the_heatmaps(smart: EditorPage) -> None:
    smart.click(50, 50)
    _wait_preview(smart)
    smart.ask("editor.smartFromHeat(0.4)")
    _wait_preview(smart)
    smart.keyboard.press("Enter")
    assert _asked(smart)[-1]["heatmap"] == 0.4
    assert smart.mask()[50, 50] == 1
    assert smart.mask()[150, 200] == 3
    smart.keyboard.press("Control+z")
    assert smart.mask()[150, 200] == 0
    assert smart.mask()[50, 50] == 1


def test_without_an_engine_a_sentence_says_so_and_nothing_changes(editor: EditorPage) -> None:
    editor.open(300, 200)
    editor.keyboard.press("k")
    editor.click(50, 50)
    editor.page.wait_for_function("() => harness.events.some(({type}) => type === 'message')")
    assert "not connected" in editor.events("message")[-1]["text"]
    assert _seeds(editor) == []
    assert not editor.mask().any()


def test_another_mask_begins_without_seeds(smart: EditorPage) -> None:
    smart.click(50, 50)
    _wait_preview(smart)
    smart.ask("editor.setMask(new Uint8Array(300 * 200).fill(2))")
    assert _seeds(smart) == []
    assert (smart.mask() == 2).all()
    smart.keyboard.press("Control+z")
    assert smart.mask()[50, 50] == 1
    smart.open(300, 200)
    assert _seeds(smart) == []


def test_everything_is_done_by_pen(smart: EditorPage) -> None:
    client = smart.page.context.new_cdp_session(smart.page)

    def send(kind: str, x: float, y: float, button: str, *, alt: bool = False) -> None:
        across, down = smart.on_page(x, y)
        event = {"type": kind, "x": across, "y": down, "button": button, "modifiers": int(alt)}
        client.send(
            "Input.dispatchMouseEvent", {**event, "pointerType": "pen", "clickCount": 1, "force": 0.4}
        )

    def pen(*points: tuple[float, float], button: str = "left", alt: bool = False) -> None:
        send("mousePressed", *points[0], button, alt=alt)
        for point in points[1:]:
            send("mouseMoved", *point, button, alt=alt)
        send("mouseReleased", *points[-1], button, alt=alt)

    smart.page.evaluate(
        "() => addEventListener('pointerdown', (event) => (window.by = event.pointerType), true)"
    )
    pen((50, 50), (51, 50.5))  # a tip is never quite still
    assert smart.page.evaluate("() => window.by") == "pen"
    pen((150, 50), button="right")  # the button of its barrel
    pen((100, 150), (140, 160), (180, 150))
    pen((220, 20), (280, 90), alt=True)
    _wait_preview(smart)
    kinds = [(seed["kind"], seed["label"]) for seed in _seeds(smart)]
    assert kinds == [("click", 1), ("click", 0), ("scribble", 1), ("box", 1)]
    pen((50, 50), (40, 100))
    _wait_preview(smart)
    assert (_seeds(smart)[0]["x"], _seeds(smart)[0]["y"]) == pytest.approx((40, 100), abs=1)
    pen((150, 50), button="right")
    _wait_preview(smart)
    assert [seed["kind"] for seed in _seeds(smart)] == ["click", "scribble", "box"]

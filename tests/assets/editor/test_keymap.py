"""Keys that people choose: what is refused, and what stays if another version knows other actions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers_node import run_program

PROGRAM = """
import { Keymap } from "./assets/editor/keymap.js";
import { BINDINGS } from "./assets/editor/keys.js";
import { bindingsOf } from "./assets/review/bindings.js";
const keymap = new Keymap(BINDINGS);
keymap.add(bindingsOf(new Proxy({}, { get: () => () => {} })));
const said = [];
for (const [what, ...values] of given) {
  try { said.push(keymap[what](...values) ?? null); } catch (error) { said.push(error.message); }
}
console.log(JSON.stringify({ said, own: keymap.own, brush: keymap.keyOf("tool-brush"),
  b: keymap.find("b")?.id ?? null, accept: keymap.keyOf("accept"),
  ids: keymap.listed.filter(({ id }) => id).map(({ id }) => id),
  chords: [...BINDINGS, ...bindingsOf({})].flatMap(({ chords }) => chords ?? []) }));
"""


def after(*calls: list[Any]) -> dict[str, Any]:
    """What the keymap of the Review page says and has after some calls."""
    found: dict[str, Any] = run_program(PROGRAM, calls)
    return found


def test_no_key_and_no_action_is_there_twice() -> None:
    found = after()
    assert len(set(found["chords"])) == len(found["chords"])
    assert len(set(found["ids"])) == len(found["ids"])


def test_an_action_gets_another_key_and_its_own_again() -> None:
    moved = after(["change", "tool-brush", "shift+b"])
    assert (moved["brush"], moved["b"], moved["own"]) == ("Shift+B", None, {"tool-brush": "shift+b"})
    again = after(["change", "tool-brush", "shift+b"], ["reset", "tool-brush"])
    assert (again["brush"], again["b"], again["own"]) == ("B", "tool-brush", {})
    swapped = after(
        ["change", "tool-brush", "f9"], ["change", "accept", "b"], ["change", "tool-brush", "a"], ["reset"]
    )
    assert swapped["said"] == [None, None, None, None]
    assert (swapped["brush"], swapped["accept"], swapped["own"]) == ("B", "A", {})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (["change", "accept", "b"], "B is already “Brush”: give that another key first."),
        (["change", "accept", "1"], "1 is already “Choose a class”: give that another key first."),
        (
            ["change", "accept", "mod+s"],
            "Ctrl and ⌘ belong to the browser and to undo: choose a key without them.",
        ),
        (["change", "accept", "enter"], "Enter has its usual meaning: choose another key."),
        (["change", "nothing", "f9"], "There is no action “nothing”."),
    ],
)
def test_a_key_that_cannot_be_had_is_answered_with_a_sentence(call: list[str], sentence: str) -> None:
    assert after(call)["said"] == [sentence]


def test_the_usual_key_is_not_taken_from_an_action_that_has_it_now() -> None:
    found = after(["change", "tool-brush", "f9"], ["change", "accept", "b"], ["reset", "tool-brush"])
    assert (
        found["said"][-1] == "B is already “Accept and go to the next picture”: give that another key first."
    )


def test_what_was_stored_is_used_except_for_unknown_actions_and_conflicts() -> None:
    stored = {"tool-brush": "shift+b", "gone": "f9", "accept": "e", "reject": "shift+b"}
    assert after(["use", stored])["own"] == {"tool-brush": "shift+b"}

"""The JavaScript is formatted, its types hold, and folders import only what they may: docs/developers.md."""

from __future__ import annotations

import posixpath
import re

import pytest

from tests.api_types import API_TYPES, api_types
from tests.helpers_node import ROOT, run_tool
from tests.test_arrows import import_cycles

ASSETS = ROOT / "assets"
MAY_IMPORT = {
    "shared": {"shared"},
    "editor": {"editor", "shared"},
    "review": {"review", "editor", "shared"},
    "lab": {"lab", "shared"},
    "runs": {"runs", "shared"},
    "datasets": {"datasets", "shared"},
    "gallery": {"gallery", "shared"},
    "export": {"export", "shared"},
    "people": {"people", "shared"},
}
"""Folders with modules, and the folders that they import from. A page does not reach into another page."""

CODE = re.compile(r"^(?:import|export)\b[^;\"]*?\"(\.[^\"]+)\"", re.MULTILINE)
CODE_AND_TYPES = re.compile(r"(?:\bfrom\s+|\bimport\()\"(\.[^\"]+)\"")

FROM_THE_HOST = re.compile(
    r"""(?:\bhref|\bsrc|\baction|\blink)\s*[:=]\s*["'`]/|(?:location\.(?:assign|replace)|\bfetch|\bopen)\(["'`]/"""
)
"""An address that would leave the sub-path under which a proxy offers the studio."""


def imports_of_modules(pattern: re.Pattern[str]) -> dict[str, set[str]]:
    """What each module imports, by paths below the assets; `pattern` finds the names."""
    graph = {}
    for file in sorted(ASSETS.rglob("*.js")):
        module = file.relative_to(ASSETS).as_posix()
        named = pattern.findall(file.read_text(encoding="utf-8"))
        graph[module] = {posixpath.normpath(posixpath.join(posixpath.dirname(module), one)) for one in named}
    return graph


def against_the_folders(graph: dict[str, set[str]]) -> list[str]:
    """One sentence for each import of `graph` from a folder that the importing one must not know."""
    return [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in sorted(others)
        if other.partition("/")[0] not in MAY_IMPORT[module.partition("/")[0]]
    ]


def test_prettier_has_formatted_everything() -> None:
    answer = run_tool("prettier/bin/prettier.cjs", "--check", ".")

    assert answer.returncode == 0, f"Run `npx prettier --write .`\n{answer.stdout}{answer.stderr}"


def test_types_of_what_travels_are_those_of_the_routes() -> None:
    assert api_types() == API_TYPES.read_text(encoding="utf-8"), "Run `python -m tests.api_types`"


def test_types_hold() -> None:
    answer = run_tool("typescript/bin/tsc", "--project", ".")

    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_modules_import_only_from_the_folders_that_they_may() -> None:
    assert against_the_folders(imports_of_modules(CODE_AND_TYPES)) == []


def test_an_import_from_another_page_is_named() -> None:
    assert against_the_folders({"runs/list.js": {"shared/dom.js", "review/queue.js"}}) == [
        "runs/list.js imports review/queue.js"
    ]


def test_no_modules_import_each_other() -> None:
    assert import_cycles(imports_of_modules(CODE)) == []


def test_no_address_begins_at_the_root_of_the_host() -> None:
    found = [
        f"{file.relative_to(ASSETS).as_posix()}: {line.strip()}"
        for file in sorted(ASSETS.rglob("*.js"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if FROM_THE_HOST.search(line)
    ]
    assert found == [], "Use `address` of shared/place.js"


@pytest.mark.parametrize(
    "line", ['href: "/lab"', "location.assign(`/?item=${id}`)", 'image.src = "/api/items/1/image"']
)
def test_an_address_from_the_root_of_the_host_is_noticed(line: str) -> None:
    assert FROM_THE_HOST.search(line)


def test_no_two_actions_of_review_have_the_same_key() -> None:
    review = (ASSETS / "review" / "bindings.js").read_text(encoding="utf-8")
    chords = re.findall(r'chord: "([^"]+)"', review)
    editor = (ASSETS / "editor" / "keys.js").read_text(encoding="utf-8")
    for listed in re.findall(r"chords: \[([^\]]+)\],", editor):
        chords += re.findall(r'"([^"]+)"', listed)
    tools = (ASSETS / "editor" / "tools" / "tools.js").read_text(encoding="utf-8")
    chords += [key.lower() for key in re.findall(r'\bkey: "(\w)"', tools)]

    assert sorted(chord for chord in set(chords) if chords.count(chord) > 1) == []

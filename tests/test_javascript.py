"""The JavaScript is formatted by Prettier and its types hold: docs/developers.md."""

from __future__ import annotations

from tests.api_types import API_TYPES, api_types
from tests.helpers_node import run_tool


def test_prettier_has_formatted_everything() -> None:
    answer = run_tool("prettier/bin/prettier.cjs", "--check", ".")

    assert answer.returncode == 0, f"Run `npx prettier --write .`\n{answer.stdout}{answer.stderr}"


def test_types_of_what_travels_are_those_of_the_routes() -> None:
    assert api_types() == API_TYPES.read_text(encoding="utf-8"), "Run `python -m tests.api_types`"


def test_types_hold() -> None:
    answer = run_tool("typescript/bin/tsc", "--project", ".")

    assert answer.returncode == 0, answer.stdout + answer.stderr

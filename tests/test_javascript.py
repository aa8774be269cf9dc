"""The JavaScript is formatted by Prettier and its types hold: docs/developers.md."""

from __future__ import annotations

from tests.helpers_node import run_tool


def test_prettier_has_formatted_everything() -> None:
    answer = run_tool("prettier/bin/prettier.cjs", "--check", ".")

    assert answer.returncode == 0, f"Run `npx prettier --write .`\n{answer.stdout}{answer.stderr}"


def test_types_hold() -> None:
    answer = run_tool("typescript/bin/tsc", "--project", ".")

    assert answer.returncode == 0, answer.stdout + answer.stderr

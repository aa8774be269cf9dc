from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from puzzlecam_app.commands.printing import PROBLEMS_SHOWN, print_json, print_problems, print_table
from puzzlecam_app.interchange.problems import error


def test_columns_are_as_wide_as_their_longest_cell_and_numbers_stand_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("NAME", "PICTURES"), [("voc", 1000), ("cats and dogs", 7)])

    assert capsys.readouterr().out.splitlines() == [
        "NAME           PICTURES",
        "voc                1000",
        "cats and dogs         7",
    ]


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("NAME", "PICTURES"), [])

    assert capsys.readouterr().out == "NAME  PICTURES\n"


def test_json_keeps_letters_and_writes_moments_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Käfer", "at": datetime(2026, 1, 2, tzinfo=UTC), "path": Path("a")})

    text = capsys.readouterr().out
    assert "Käfer" in text
    assert json.loads(text) == {"name": "Käfer", "at": "2026-01-02T00:00:00+00:00", "path": "a"}


def test_what_json_cannot_hold_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="set"):
        print_json({"names": set()})


def test_many_problems_are_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [error(f"{number}.jpg", "is empty", "Copy it again") for number in range(PROBLEMS_SHOWN + 3)]

    print_problems(problems)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == PROBLEMS_SHOWN + 1
    assert lines[0] == "error    0.jpg: is empty -> Copy it again"
    assert lines[-1].startswith("... and 3 more")

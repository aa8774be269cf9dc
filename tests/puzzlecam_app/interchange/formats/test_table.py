"""The documentation lists exactly the formats that there are, and what they cannot carry."""

from pathlib import Path

from puzzlecam_app.interchange.formats.table import formats_table

PAGE = Path(__file__).parents[4] / "docs" / "formats.md"


def test_the_table_in_the_documentation_is_the_programs_own() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(formats_table()[0])
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))

    assert lines[start:end] == formats_table()

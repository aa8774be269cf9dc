"""Tables as CSV, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi.responses import Response

Cell = str | int | float | None
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of a CSV file: UTF-8, commas, a line for the names of the columns. None is an empty cell.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.

    >>> csv_text(["name", "iou"], [["=1+1", 0.5], ["a,b", None]])
    "name,iou\\n'=1+1,0.5\\n\"a,b\",\\n"
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([_cell(name) for name in columns])
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


class CsvResponse(Response):
    """A CSV file."""

    media_type = "text/csv"


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str) -> CsvResponse:
    """The answer that makes a browser download a table as ``<name>.csv``."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return CsvResponse(csv_text(columns, rows), headers=headers)


def _cell(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

"""Reads tags.csv, the table of pictures and their tags, the same way for the studio and for training."""

from __future__ import annotations

import ast
import csv
import io
import json
import unicodedata
from dataclasses import dataclass
from typing import Final

RESERVED_TAGS: Final = frozenset({"background", "void"})
"""Names, in lower case, that cannot be tags: masks use them for the indices 0 and 255."""

_MAX_LITERAL: Final = 10_000


class TagTableError(ValueError):
    """The text is no such table; `line` is where reading stopped, counted from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class TableRow:
    """A row that can be used.

    Attributes:
        line: where it ends in the file, counted from 1.
        image: the picture as written there.
        tags: each once, without surrounding space; may be empty.
        split: None without that column or with an empty cell.
        note: what was guessed about the row; None if nothing was.
    """

    line: int
    image: str
    tags: tuple[str, ...]
    split: str | None
    note: str | None


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be used."""

    line: int
    reason: str
    remedy: str


def parse_tag_table(text: str) -> tuple[list[TableRow], list[RowProblem]]:
    """Read a table with the columns `image`, `tags` (separated by `;`) and, optionally, `split`.

    Capitals and spaces in the names of the columns do not matter, nor do other columns.

    Raises:
        TagTableError: the first line does not name the columns, or the text is not CSV.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        return _rows(reader, text)
    except csv.Error as error:
        raise TagTableError(f"the list cannot be read ({error})", reader.line_num) from error


def split_tags(cell: str) -> tuple[tuple[str, ...], bool]:
    """The tags in a cell, and whether they were written as a list of Python or JSON instead of with `;`.

    >>> split_tags("cat; dog ;cat"), split_tags("['cat', 'dog']")
    ((('cat', 'dog'), False), (('cat', 'dog'), True))
    """
    literal = _literal_list(cell.strip())
    names = (unicodedata.normalize("NFC", tag).strip() for tag in (literal or cell.split(";")))
    return tuple(dict.fromkeys(name for name in names if name)), literal is not None


def _rows(reader: csv.DictReader[str], text: str) -> tuple[list[TableRow], list[RowProblem]]:
    columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if not {"image", "tags"} <= columns.keys():
        first = (text.splitlines() or [""])[0]
        raise TagTableError(f"the first line must name the columns image and tags; it is {first[:80]!r}", 1)
    rows: list[TableRow] = []
    problems: list[RowProblem] = []
    for record in reader:
        line = reader.line_num
        image = (record[columns["image"]] or "").strip()
        listed = record[columns["tags"]]
        more = record.get(None) or ()
        if not image or listed is None:
            problems.append(RowProblem(line, "the row has no image or no tags", "Write image,tags"))
        elif any(cell.strip() for cell in more):
            reason = f"the row has more columns than the first line ({listed},{','.join(more)})"
            problems.append(RowProblem(line, reason, "Separate tags with ;"))
        else:
            tags, is_literal = split_tags(listed)
            note = f"the tags are written as a list, {listed}; they were read as {'; '.join(tags)}"
            split = (record.get(columns.get("split", "")) or "").strip() or None
            rows.append(TableRow(line, image, tags, split, note if is_literal else None))
    return rows, problems


def _literal_list(cell: str) -> list[str] | None:
    if not (cell.startswith("[") and cell.endswith("]")) or len(cell) > _MAX_LITERAL:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list) and value and all(isinstance(tag, str) for tag in value):
            return value
    return None

"""Reads lists of pictures and their tags: CSV and JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.label_arrays import SUFFIXES, Meaning, read_label_array
from puzzlecam_app.interchange.list_bytes import read_list
from puzzlecam_app.interchange.problems import Problem, error, printable, warning
from puzzlecam_app.interchange.tag_json import parse_tag_json
from puzzlecam_app.root_files import RootFile
from trainer.data.tag_table import RESERVED_TAGS, TagTableError, parse_tag_table

MAX_TAG_LENGTH: Final = 128
_TAG_RULE: Final = f"Use at most {MAX_TAG_LENGTH} printable characters"


@dataclass(frozen=True)
class TagRow:
    """One entry of a list; `where` names it for people."""

    where: str
    image: str
    tags: tuple[str, ...]
    split: str | None = None


def read_tag_file(
    path: Path | RootFile, meaning: Meaning | None = None
) -> tuple[list[TagRow], list[Problem]]:
    """Read a list of tags.

    `trainer.data.tag_table` describes CSV, `puzzlecam_app.interchange.tag_json` JSON, and
    `puzzlecam_app.interchange.label_arrays` arrays of NumPy, which need a `meaning`.

    Returns:
        The rows that can be used, and what is wrong with the others.

    Raises:
        UserError: The file is missing or is not such a list.
    """
    if path.suffix.lower() in SUFFIXES:
        array = read_label_array(path, meaning or Meaning())
        return [TagRow(where, name, tags) for where, name, tags in array], []
    return parse_tag_list(path, read_text(path))


def parse_tag_list(path: Path | RootFile, text: str) -> tuple[list[TagRow], list[Problem]]:
    """Read the text of a list, as `read_tag_file` does; `path` gives its name and kind."""
    return _read_json(path, text) if path.suffix.lower() == ".json" else _read_csv(path, text)


def _read_json(path: Path | RootFile, text: str) -> tuple[list[TagRow], list[Problem]]:
    entries, problems = parse_tag_json(path, text)
    rows = []
    for entry in entries:
        tags, wrong = clean_tags(entry.tags, where=entry.where)
        problems += wrong
        rows.append(TagRow(entry.where, entry.image, tags, entry.split))
    return rows, problems


def read_text(path: Path | RootFile) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark; raises UserError for anything else."""
    try:
        text = read_list(path).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise UserError("the text is not UTF-8", where=str(path), remedy="Save it as UTF-8") from problem
    return text.replace("\r\n", "\n").replace("\r", "\n")


def clean_tags(tags: Iterable[str], *, where: str) -> tuple[tuple[str, ...], list[Problem]]:
    """Tags without surrounding space, each once, and a problem for each that cannot be a class name."""
    kept: dict[str, None] = {}
    problems = []
    for tag in tags:
        name = unicodedata.normalize("NFC", tag).strip()
        if not name:
            continue
        if len(name) > MAX_TAG_LENGTH or not name.isprintable():
            shown = printable(name[:40])
            problems.append(error(where, f"the tag {shown!r} is not a class name", _TAG_RULE))
        elif name.lower() in RESERVED_TAGS:
            problems.append(error(where, f"the tag {name!r} is reserved and was left out", "Remove it"))
        else:
            kept[name] = None
    return tuple(kept), problems


def _read_csv(path: Path | RootFile, text: str) -> tuple[list[TagRow], list[Problem]]:
    try:
        table, bad = parse_tag_table(text)
    except TagTableError as problem:
        raise UserError(
            str(problem),
            where=f"{path}, line {problem.line}",
            remedy="Write image,tags in the first line, and put ; between several tags",
        ) from problem
    rows: list[TagRow] = []
    problems = [error(f"{path.name}, line {row.line}", row.reason, row.remedy) for row in bad]
    for row in table:
        where = f"{path.name}, line {row.line}"
        tags, wrong = clean_tags(row.tags, where=where)
        problems += wrong
        if row.note is not None:
            problems.append(warning(where, row.note, "Separate tags with ;"))
        rows.append(TagRow(where, row.image, tags, row.split))
    return rows, problems

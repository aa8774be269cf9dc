"""Reads lists of pictures and their tags: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.problems import Problem, error, printable

MAX_TAG_LENGTH: Final = 128
_TAG_RULE: Final = f"Use at most {MAX_TAG_LENGTH} printable characters"
_NOT_CLASSES: Final = frozenset({"background", "void"})


@dataclass(frozen=True)
class TagRow:
    """One entry of a list; `where` names it for people."""

    where: str
    image: str
    tags: tuple[str, ...]
    split: str | None = None


def read_tag_file(path: Path) -> tuple[list[TagRow], list[Problem]]:
    """Read a list of tags.

    CSV has the columns ``image`` and ``tags`` (separated by ``;``) and may have ``split``. JSON is an object
    ``{"image": ["tag", ...]}`` or a list of ``{"image": ..., "tags": [...], "split": ...}``.

    Returns:
        The rows that can be used, and what is wrong with the others.

    Raises:
        UserError: The file is missing or is not such a list.
    """
    text = read_text(path)
    if path.suffix.lower() == ".json":
        return _read_json(path, text)
    return _read_csv(path, text)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark; raises UserError for anything else."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise UserError(
            f"the file cannot be read ({problem.strerror})",
            where=str(path),
            remedy="Check its name and permissions",
        ) from problem
    except UnicodeDecodeError as problem:
        raise UserError("the text is not UTF-8", where=str(path), remedy="Save it as UTF-8") from problem


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
        elif name.lower() in _NOT_CLASSES:
            problems.append(error(where, f"the tag {name!r} is reserved and was left out", "Remove it"))
        else:
            kept[name] = None
    return tuple(kept), problems


def _read_csv(path: Path, text: str) -> tuple[list[TagRow], list[Problem]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if not {"image", "tags"} <= columns.keys():
        raise UserError(
            f"the first line must name the columns image and tags; it is {(text.splitlines() or [''])[0]!r}",
            where=str(path),
            remedy="Write image,tags there, and put ; between several tags",
        )
    rows, problems = [], []
    try:
        for record in reader:
            where = f"{path.name}, line {reader.line_num}"
            image = (record[columns["image"]] or "").strip()
            listed = record[columns["tags"]]
            if not image or listed is None:
                problems.append(error(where, "the row has no image or no tags", "Write image,tags"))
                continue
            if record.get(None):
                problems.append(
                    error(where, "the row has more columns than the first line", "Separate tags with ;")
                )
                continue
            tags, wrong = clean_tags(listed.split(";"), where=where)
            problems += wrong
            split = (record.get(columns.get("split", "")) or "").strip() or None
            rows.append(TagRow(where, image, tags, split))
    except csv.Error as problem:
        raise UserError(
            f"the list cannot be read ({problem})", where=f"{path}, line {reader.line_num}"
        ) from problem
    return rows, problems


def _read_json(path: Path, text: str) -> tuple[list[TagRow], list[Problem]]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UserError(f"the list is not JSON ({problem})", where=str(path)) from problem
    if isinstance(data, dict):
        data = [{"image": image, "tags": tags} for image, tags in data.items()]
    if not isinstance(data, list):
        raise UserError(
            "the list is neither an object nor an array",
            where=str(path),
            remedy='Write {"image": ["tag"]} or [{"image": "...", "tags": ["tag"]}]',
        )
    rows, problems = [], []
    for number, entry in enumerate(data, start=1):
        where = f"{path.name}, entry {number}"
        row = _json_row(entry, where)
        if row is None:
            problems.append(error(where, "the entry has no image or no list of tags", "Write image and tags"))
            continue
        tags, wrong = clean_tags(row.tags, where=where)
        problems += wrong
        rows.append(TagRow(where, row.image, tags, row.split))
    return rows, problems


def _json_row(entry: Any, where: str) -> TagRow | None:
    if not isinstance(entry, dict):
        return None
    image, tags, split = entry.get("image"), entry.get("tags"), entry.get("split")
    if isinstance(tags, str):
        tags = tags.split(";")
    if not isinstance(image, str) or not isinstance(tags, list):
        return None
    if not image.strip() or not all(isinstance(tag, str) for tag in tags):
        return None
    return TagRow(where, image, tuple(tags), split if isinstance(split, str) and split else None)

"""The forms of class files: plain lists, tables, CVAT's label map, JSON, and the simple part of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainer.data.class_list import Rgb


@dataclass(frozen=True)
class Entry:
    """A line of a class list: a name, its index if the file says it, and its colour if it has one."""

    name: str
    index: int | None = None
    color: Rgb | None = None


class FormatError(ValueError):
    """A text is no class list; two clauses say what is wrong and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


_ONE_PER_LINE = "write one name per line in index order, or 'index name' on each line"
_NUMBER = "number all lines, as in '0 background', '1 cat', '2 dog'"
_KEYS = ("names", "classes", "class_names", "labels", "categories", "id2label", "label2id")
_HEADING = (
    {"index", "idx", "id", "value", "trainid", "name", "names", "label", "labels", "class", "classes"}
    | {"class_name", "category", "r", "g", "b", "red", "green", "blue", "color", "colour", "color_rgb"}
    | {"rgb", "hex"}
)
_MOST_LINES, _LONGEST_LINE = 2000, 1000
_SEP = r"[\s,;:]+"
_INDEX = r"(?P<index>\d{1,3})"
_NAME = r"(?P<name>\S.*?)"
_RGB = rf"(?P<r>\d{{1,3}}){_SEP}(?P<g>\d{{1,3}}){_SEP}(?P<b>\d{{1,3}})"
_COLOR = rf"(?:{_RGB}|#(?P<hex>[0-9a-fA-F]{{6}}))"
_TABLES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_INDEX}{_SEP}{_COLOR}{_SEP}(?P<name>[^\s\d].*)",
        rf"{_COLOR}{_SEP}(?P<name>[^\s\d].*)",
        rf"{_INDEX}[\s,;:=.)]+(?P<name>[^\s\d].*?){_SEP}{_COLOR}[,;\s]*",
        rf"{_NAME}{_SEP}{_COLOR}[,;\s]*",
        rf"{_INDEX}(?:\s*[:=.)\t]\s*|\s+){_NAME}",
        rf"{_INDEX}\s*[,;]\s*(?P<name>[^,;]+)",
        r"(?P<name>[^\s,;:=][^,;:=\t]*?)\s*[,;:=\t]\s*(?P<index>\d{1,3})",
    )
)
"""Forms of lines, the more telling first: all lines of a file must have the same."""

_CVAT = re.compile(r"(?P<name>[^:]+):(?:(?P<r>\d{1,3}),(?P<g>\d{1,3}),(?P<b>\d{1,3}))?:[^:]*:[^:]*")
_SEVERAL_ON_A_LINE = re.compile(r"[\t;]|,\s*\d+[\s:=]")
_NOT_A_NAME = re.compile(r"""[\t,;:=\[\]{}<>|"]|^['`#-]\s*|['`]$""")


def read_entries(text: str) -> list[Entry]:
    """The entries of a class file in the order of the file.

    Raises:
        FormatError: a line looks like something else than a name.
    """
    stripped = text.strip()
    if stripped[:1] in {"[", "{"}:
        return _of_json(stripped)
    lines = _lines(text)
    if _looks_like_yaml(lines):
        return _of_yaml(lines)
    rows = [line.strip() for line in lines]
    cvat = [_CVAT.fullmatch(row) for row in rows]
    if rows and all(cvat):
        return _of_cvat([_entry(match) for match in cvat if match])
    return _table(rows) or _plain(rows)


def _lines(text: str) -> list[str]:
    """Lines that are neither empty nor comments.

    A comment between names is refused, because it may be a class that somebody switched off.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    is_comment = [line.lstrip().startswith("#") for line in lines]
    kept = [line for line, comment in zip(lines, is_comment, strict=True) if not comment]
    first = is_comment.index(False) if kept else 0
    last = len(lines) - is_comment[::-1].index(False) if kept else 0
    inside = [line.strip() for line in lines[first:last] if line.lstrip().startswith("#")]
    if inside and not all(re.match(r"\s*\d", line) for line in kept) and not _looks_like_yaml(kept):
        raise FormatError(
            f"{inside[0][:60]!r} stands between the names, and nothing says whether it has an index",
            f"remove the line, or {_NUMBER}",
        )
    if len(kept) > _MOST_LINES or max(map(len, kept), default=0) > _LONGEST_LINE:
        raise FormatError("the file is too long for a class list", _ONE_PER_LINE)
    return kept


def _table(rows: Sequence[str]) -> list[Entry] | None:
    """The entries of lines that hold more than a name; None if they do not all have the same form."""
    words = re.split(r"[\s,;:]+", rows[0].lower()) if rows else []
    has_heading = len(rows) > 1 and len(words) > 1 and _HEADING.issuperset(words)
    body = rows[1:] if has_heading else rows
    for form in _TABLES:
        matches = [form.fullmatch(row) for row in body]
        if body and all(matches):
            entries = [_entry(match) for match in matches if match]
            for entry in entries:
                if _SEVERAL_ON_A_LINE.search(entry.name):
                    raise FormatError(f"{entry.name!r} holds several columns", _ONE_PER_LINE)
            return entries
    if has_heading:
        raise FormatError(f"the first line {rows[0]!r} is a heading that is not known", _ONE_PER_LINE)
    return None


def _plain(rows: Sequence[str]) -> list[Entry]:
    if rows and rows[0].lower() in _HEADING - {"r", "g", "b", "red", "green", "blue"}:
        raise FormatError(f"the first line {rows[0]!r} looks like a heading", "remove it")
    numbers = [row.split()[0] for row in rows if row.split()[0].isdigit()]
    if len(numbers) > 1 and 2 * len(numbers) >= len(rows):
        raise FormatError(
            "some lines begin with numbers, and nothing says whether these are indices", _NUMBER
        )
    for row in rows:
        if _NOT_A_NAME.search(row):
            raise FormatError(f"{row[:60]!r} does not look like one class name", _ONE_PER_LINE)
    return [Entry(row) for row in rows]


def _entry(match: re.Match[str]) -> Entry:
    found = match.groupdict()
    name = found["name"].strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    color: Rgb | None = None
    if found.get("hex"):
        red, green, blue = bytes.fromhex(found["hex"])
        color = (red, green, blue)
    elif found.get("r"):
        color = (int(found["r"]), int(found["g"]), int(found["b"]))
        if max(color) > 255:
            raise FormatError(f"{match[0]!r} has a colour above 255", "write three numbers from 0 to 255")
    return Entry(name, int(found["index"]) if found.get("index") else None, color)


def _of_cvat(entries: list[Entry]) -> list[Entry]:
    """CVAT numbers the lines of its label map from 0."""
    return [replace(entry, index=index) for index, entry in enumerate(entries)]


def _of_json(text: str) -> list[Entry]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the file looks like JSON, but cannot be read ({error})", _ONE_PER_LINE) from error
    return _of_data(data)


def _of_data(data: Any) -> list[Entry]:
    """The entries of what JSON or YAML hold."""
    if isinstance(data, Mapping):
        data = next((data[key] for key in _KEYS if isinstance(data.get(key), Mapping | list)), data)
    if isinstance(data, Mapping):
        return [_of_pair(key, value) for key, value in data.items()]
    if not isinstance(data, list):
        raise FormatError("the file holds neither a list nor a mapping of classes", _ONE_PER_LINE)
    entries = [_of_item(item) for item in data]
    if len({entry.index is None for entry in entries}) > 1:
        raise FormatError("some classes have an index and others have none", "give every class an index")
    return entries


def _of_pair(key: object, value: object) -> Entry:
    index = _index(key)
    if index is not None and isinstance(value, str):
        return Entry(value, index)
    if isinstance(value, Mapping) and index is not None:
        return replace(_of_item(value), index=index)
    index = _index(value)
    if index is None:
        raise FormatError(f"{key!r}: {str(value)[:40]!r} is not a class and its index", _ONE_PER_LINE)
    return Entry(str(key), index)


def _of_item(item: object) -> Entry:
    if isinstance(item, str):
        return Entry(item)
    if isinstance(item, Mapping):
        name = next((item[key] for key in ("name", "label", "class", "title") if key in item), None)
        index = next((_index(item[key]) for key in ("id", "index", "value") if key in item), None)
        if isinstance(name, str):
            return Entry(name, index, _color(item.get("color")))
    raise FormatError(f"{str(item)[:40]!r} is not a class name", _ONE_PER_LINE)


def _color(value: object) -> Rgb | None:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue
    if isinstance(value, list) and len(value) == 3 and all(_index(part) is not None for part in value):
        return int(value[0]), int(value[1]), int(value[2])
    return None


def _index(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,4}", value) else None


def _looks_like_yaml(lines: Sequence[str]) -> bool:
    keys = "|".join(_KEYS)
    return any(re.match(rf"({keys})\s*:\s*(\[.*|\{{.*)?$", line) for line in lines) or (
        bool(lines) and all(re.match(r"(---$|\s*-\s+\S)", line) for line in lines)
    )


def _of_yaml(lines: Sequence[str]) -> list[Entry]:
    """Lists and mappings of scalars, in blocks or in brackets; other YAML is refused."""
    lines = [line for line in lines if line != "---"]
    start = next((n for n, line in enumerate(lines) if re.match(rf"({'|'.join(_KEYS)})\s*:", line)), None)
    block = list(lines)
    if start is not None:
        rest = lines[start].partition(":")[2].strip()
        block = []
        for line in lines[start + 1 :]:
            if not line[:1].isspace() and not line.startswith("- "):
                break
            block.append(line)
        if rest:
            return _of_flow(" ".join([rest, *(line.strip() for line in block)]))
    rows = [line.strip() for line in block]
    if rows and all(row.startswith("- ") for row in rows):
        return _of_data([_scalar(row[2:]) for row in rows])
    pairs = [re.fullmatch(r"(?P<key>[^:]+?)\s*:\s+(?P<value>\S.*)", row) for row in rows]
    if rows and all(pairs):
        return [_of_pair(_scalar(pair["key"]), _scalar(pair["value"])) for pair in pairs if pair]
    raise FormatError(
        "the file looks like YAML, but holds neither a list nor a mapping of classes", _ONE_PER_LINE
    )


def _of_flow(text: str) -> list[Entry]:
    inner, closing = text[1:-1], {"[": "]", "{": "}"}.get(text[:1])
    if closing is None or text[-1:] != closing or re.search(r"[\[\]{}]", inner):
        raise FormatError(f"{text[:40]!r} is not a list of classes", _ONE_PER_LINE)
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    if text[0] == "[":
        return _of_data([_scalar(part) for part in parts])
    pairs = [part.partition(":") for part in parts]
    return [_of_pair(_scalar(key), _scalar(value)) for key, _, value in pairs]


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    text = re.sub(r"\s+#.*$", "", text)
    if not text or text[0] in "[{&*!|>\"'":
        raise FormatError(f"{text[:40]!r} is not a class name", _ONE_PER_LINE)
    return text

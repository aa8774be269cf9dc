"""Reads lists of pictures and their tags in JSON: the studio's own two forms, and COCO."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.coco_tags import is_coco, tags_of_coco
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.root_files import RootFile

_FORMS: Final = 'Write {"image": ["tag"]} or [{"image": "...", "tags": ["tag"]}]'


@dataclass(frozen=True)
class JsonEntry:
    """One picture of a list, its tags as they are written; `where` names the entry for people."""

    where: str
    image: str
    tags: tuple[str, ...]
    split: str | None = None


class _Object(dict[str, Any]):
    """A JSON object that also knows its keys in order, with those that are there twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = tuple(pairs)

    @property
    def repeated(self) -> str | None:
        """The first key that is there twice."""
        counts = Counter(key for key, _ in self.pairs)
        return next((key for key, count in counts.items() if count > 1), None)


def parse_tag_json(path: Path | RootFile, text: str) -> tuple[list[JsonEntry], list[Problem]]:
    """Read a list of tags.

    It is an object ``{"image": ["tag", ...]}``, a list of ``{"image": ..., "tags": [...], "split": ...}``, or
    a file of COCO. A picture that is a key of the object twice gives two entries.

    Returns:
        The entries that can be used, and what is wrong with the others.

    Raises:
        UserError: The text is no JSON, or another tool's.
    """
    try:
        data: Any = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as problem:
        raise UserError(
            f"the list is not JSON ({problem})", where=str(path), remedy="Correct the file"
        ) from problem
    if isinstance(data, dict) and is_coco(data):
        return _entries_of_coco(path, data)
    tool = _tool_of(data)
    if tool is not None:
        raise UserError(
            f"the list was written by {tool}, whose format is not read",
            where=str(path),
            remedy=f"Export it there as COCO, or make a list of tags from it. {_FORMS}",
        )
    if isinstance(data, _Object):
        data = [_Object((("image", image), ("tags", tags))) for image, tags in data.pairs]
    if not isinstance(data, list):
        raise UserError("the list is neither an object nor an array", where=str(path), remedy=_FORMS)
    entries, problems = [], []
    for number, value in enumerate(data, start=1):
        where = f"{path.name}, entry {number}"
        entry = _entry(value, where)
        if isinstance(entry, Problem):
            problems.append(entry)
        else:
            entries.append(entry)
    return entries, problems


def _entry(value: Any, where: str) -> JsonEntry | Problem:
    nothing = error(where, "the entry has no image or no list of tags", "Write image and tags")
    if not isinstance(value, _Object):
        return nothing
    if value.repeated is not None:
        return error(where, f"the entry has the key {value.repeated!r} twice", "Write each key once")
    image, tags, split = value.get("image"), value.get("tags"), value.get("split")
    if isinstance(tags, str):
        tags = tags.split(";")
    if not isinstance(image, str) or not isinstance(tags, list):
        return nothing
    if not image.strip() or not all(isinstance(tag, str) for tag in tags):
        return nothing
    return JsonEntry(where, image, tuple(tags), split if isinstance(split, str) and split else None)


def _entries_of_coco(path: Path | RootFile, data: dict[str, Any]) -> tuple[list[JsonEntry], list[Problem]]:
    pictures, problems = tags_of_coco(data, file=path.name)
    entries = [JsonEntry(where, image, tags) for where, image, tags in pictures]
    return entries, problems


def _tool_of(data: Any) -> str | None:
    """The tool that wrote a file that is no list of tags; None if it is not known."""
    if isinstance(data, dict):
        if "_via_img_metadata" in data or any(
            isinstance(value, dict) and "regions" in value for value in data.values()
        ):
            return "VGG Image Annotator"
        if "shapes" in data and "imagePath" in data:
            return "labelme"
        return None
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, dict) or "tags" in first:
        return None
    if "data" in first and {"annotations", "completions", "predictions"} & first.keys():
        return "Label Studio"
    if "image" in first and "annotations" in first:
        return "CreateML"
    if {"Labeled Data", "data_row"} & first.keys():
        return "Labelbox"
    return None

"""Reads class files: which class an index in a mask means. Studio and trainer use this one reader."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from trainer.data.class_file_formats import Entry, FormatError, read_entries
from trainer.data.class_list import (
    MAX_CLASSES,
    VOC_CLASS_LIST,
    VOID,
    ClassList,
    is_background_name,
    is_void_name,
)
from trainer.data.dataset import DatasetError
from trainer.machine.durable_write import write_atomic

CLASS_FILES = tuple(
    f"{stem}.{suffix}"
    for suffix in ("txt", "json", "yaml", "yml")
    for stem in ("labels", "classes", "class_names", "labelmap")
)
"""Names of class files in a dataset, in the order in which they are looked for."""

CLASS_FILE = CLASS_FILES[0]
"""The name under which class files are written."""

VOC = "voc"
"""Given instead of a file, this means the twenty classes of PASCAL VOC."""

_LONGEST_NAME = 128
_NUMBER_THE_LINES = "number the lines, as in '0 background', '1 cat', '2 dog'"


class ClassFileError(DatasetError):
    """A class file cannot be used.

    Attributes:
        reason: a clause that says what is wrong.
        where: the file.
        remedy: a clause that says what to do.
    """

    def __init__(self, reason: str, where: str, remedy: str) -> None:
        super().__init__(f"{where}: {reason}; {remedy}.")
        self.reason, self.where, self.remedy = reason, where, remedy


def read_class_file(path: Path) -> ClassList:
    """Read a class file; `voc`, if there is no file of that name, is the list of PASCAL VOC.

    Raises:
        ClassFileError: the file cannot be read, or is no class list.
    """
    if str(path) == VOC and not path.exists():
        return VOC_CLASS_LIST
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ClassFileError(
            f"the file cannot be read as UTF-8 text ({error})",
            str(path),
            "check its name, and save it as UTF-8",
        ) from error
    return parse_class_file(text, str(path))


def parse_class_file(text: str, where: str) -> ClassList:
    """Read the text of a class file in one of these forms.

    - one name per line in index order. If the first is the background, it has index 0, otherwise index 1;
      `__ignore__` before the background is index 255, as labelme writes it
    - `index name`, `name r g b`, `index name r g b` or `r g b name` on each line
    - CVAT's labelmap.txt
    - JSON or YAML: a list, a mapping between names and indices, or one of these under `names`, `classes`,
      `labels`, `categories` or `id2label`

    Args:
        text: content of the file.
        where: the file, for messages.

    Raises:
        ClassFileError: it is none of these, or does not say what each index means.
    """
    try:
        entries = read_entries(text)
        return _class_list([_clean(entry) for entry in entries])
    except FormatError as error:
        raise ClassFileError(error.reason, where, error.remedy) from error


def find_class_file(root: Path) -> Path | None:
    """The class file in a folder; None if there is none.

    Raises:
        ClassFileError: there are several, and they give an index different meanings.
    """
    found = [root / name for name in CLASS_FILES if (root / name).is_file()]
    if len(found) > 1:
        first = read_class_file(found[0])
        for other in found[1:]:
            try:
                difference = first.difference(read_class_file(other))
            except ClassFileError:
                continue  # a file of that name may be something else
            if difference:
                raise ClassFileError(
                    f"{found[0].name} and {other.name} differ: {difference}",
                    str(root),
                    "remove the wrong one, or name the right one with --classes",
                )
    return found[0] if found else None


def find_class_list(root: Path) -> ClassList | None:
    """The class list in a folder; None if there is none. Errors: see `find_class_file`, `read_class_file`."""
    path = find_class_file(root)
    return None if path is None else read_class_file(path)


def class_file_text(names: Sequence[str]) -> str:
    """The text of a class file that reads back as these names: background, then one name per line.

    If a name looks like something else than a name, the lines are numbered, or the names are a JSON list.
    """
    lines = ("background", *names)
    numbered = [f"{index} {name}" for index, name in enumerate(lines)]
    for text in ("".join(f"{line}\n" for line in form) for form in (lines, numbered)):
        try:
            if parse_class_file(text, "").names == tuple(names):
                return text
        except ClassFileError:
            continue
    return json.dumps(lines, ensure_ascii=False) + "\n"


def write_class_file(folder: Path, names: Sequence[str]) -> None:
    """Write the classes beside masks, so that they carry the meaning of their indices with them."""
    write_atomic(folder / CLASS_FILE, class_file_text(names).encode())


def _clean(entry: Entry) -> Entry:
    return replace(entry, name=unicodedata.normalize("NFC", entry.name).strip())


def _class_list(entries: Sequence[Entry]) -> ClassList:
    if not entries:
        raise FormatError("the file contains no class name", "write one class per line, in index order")
    by_index: dict[int, Entry] = {}
    for entry in _indexed(entries):
        index = entry.index
        if index is None or not 0 <= index <= VOID:
            raise FormatError(f"{entry.name!r} has index {index}", "use indices from 0 to 255")
        if index in by_index:
            raise FormatError(
                f"index {index} is given to {by_index[index].name!r} and to {entry.name!r}",
                "give each class its own index",
            )
        if not entry.name:
            raise FormatError(f"index {index} has no name", "name it, or call it void")
        if len(entry.name) > _LONGEST_NAME or not entry.name.isprintable():
            raise FormatError(
                f"{entry.name[:40]!r} is not a class name",
                f"use up to {_LONGEST_NAME} printable characters",
            )
        by_index[index] = entry
    void = {index for index, entry in by_index.items() if is_void_name(entry.name) or index == VOID}
    background = {index for index, entry in by_index.items() if is_background_name(entry.name)}
    if 0 in by_index and 0 not in void | background:
        raise FormatError(
            f"index 0 is given to {by_index[0].name!r}, but index 0 is the background in masks",
            "give the background index 0 and the classes 1, 2, 3 and so on",
        )
    if len(background) > 1:
        raise FormatError("the background is named twice", "name it once")
    return _checked(by_index, frozenset(void - {VOID}), frozenset(background - {0}))


def _checked(by_index: dict[int, Entry], void: frozenset[int], background: frozenset[int]) -> ClassList:
    classes = {index for index in by_index if index not in {0, VOID} | void | background}
    if not classes:
        raise FormatError("the file contains no class name", "write one class per line, in index order")
    last = max(classes)
    missing = [index for index in range(1, last) if index not in by_index]
    if missing:
        raise FormatError(
            f"index {missing[0]} has no name, but the list goes on to {last}",
            "name every index; call those that no mask uses void",
        )
    names: list[str] = []
    for index in range(1, last + 1):
        name = by_index[index].name
        if name in names and index in void:
            name = f"{name} {index}"
        if name in names:
            raise FormatError(f"the class {name!r} is named twice", "name each class once, in index order")
        names.append(name)
    colors = {index: entry.color for index, entry in by_index.items() if entry.color is not None}
    return ClassList(tuple(names), void, background, colors)


def _indexed(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with an index each; without any, their order is the order of the indices."""
    if all(entry.index is not None for entry in entries):
        return list(entries)
    first = entries[0].name
    if len(entries) > 1 and first.strip("_").lower() == "ignore" and is_background_name(entries[1].name):
        return [replace(entries[0], index=VOID), *_numbered(entries[1:], 0)]
    if is_background_name(first):
        return _numbered(entries, 0)
    if is_void_name(first):
        raise FormatError(
            f"the list begins with {first!r}, and nothing says if that is index 0 or 1",
            _NUMBER_THE_LINES,
        )
    if any(is_background_name(entry.name) for entry in entries):
        raise FormatError(
            "the background is not the first line, and nothing says whether the first line is index 0 or 1",
            _NUMBER_THE_LINES,
        )
    return _numbered(entries, 1)


def _numbered(entries: Sequence[Entry], first: int) -> list[Entry]:
    if len(entries) + first > MAX_CLASSES + 1 and not is_void_name(entries[-1].name):
        raise FormatError(
            f"{len(entries) - 1 + first} classes are more than the {MAX_CLASSES} that a mask can hold",
            "leave some out",
        )
    return [replace(entry, index=index) for index, entry in enumerate(entries, start=first)]

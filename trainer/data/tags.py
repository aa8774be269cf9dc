"""Reading tags: from tags.csv, lists in ImageSets/Main, or the objects of VOC annotations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.contract import PICTURE_SUFFIXES
from trainer.data.dataset import DatasetError, read_lines, read_utf8
from trainer.data.image_lists import parse_list_line
from trainer.data.tag_table import RESERVED_TAGS, TagTableError, parse_tag_table
from trainer.data.voc_annotation import AnnotationError, object_names

Tags = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class TagRow:
    """A row of tags.csv: the picture as written there, its tags, and its split, None if it has none."""

    image: str
    tags: tuple[str, ...]
    split: str | None


def read_tag_rows(path: Path) -> list[TagRow]:
    """Rows of a CSV file with the columns `image`, `tags` (separated by `;`) and, optionally, `split`.

    Raises:
        DatasetError: the file or a row cannot be read, or a tag is reserved.
    """
    try:
        rows, problems = parse_tag_table(read_utf8(path))
    except TagTableError as error:
        raise DatasetError(f"{path}, line {error.line}: {error}; correct it.") from error
    if problems:
        first = problems[0]
        raise DatasetError(f"{path}, line {first.line}: {first.reason}. {first.remedy}.")
    for row in rows:
        reserved = next((tag for tag in row.tags if tag.lower() in RESERVED_TAGS), None)
        if reserved is not None:
            raise DatasetError(f"{path}, line {row.line}: the tag {reserved!r} is reserved; remove it.")
    return [TagRow(row.image, row.tags, row.split) for row in rows]


def tags_from_main_lists(folder: Path, split: str) -> Tags:
    """Tags from `<class>_<split>.txt`; a line has an id and 1, 0 (present, but hard to see) or -1 (absent).

    Raises:
        DatasetError: a list or a line cannot be read.
    """
    tags: dict[str, list[str]] = {}
    for path in sorted(folder.glob(f"*_{split}.txt")):
        class_name = path.stem.removesuffix(f"_{split}")
        for line in read_lines(path):
            entry = parse_list_line(line)
            if entry.flag is None:
                raise DatasetError(f"{path}: {line!r} is not an id and 1, 0 or -1; correct the line.")
            present = tags.setdefault(entry.names[-1], [])
            if entry.flag != "-1":
                present.append(class_name)
    return {identifier: tuple(names) for identifier, names in tags.items()}


def tags_from_annotations(folder: Path, ids: Iterable[str]) -> Tags:
    """Tags from the object names of `<id>.xml`; a picture without such a file is left out.

    Raises:
        DatasetError: an annotation cannot be read.
    """
    tags = {}
    for identifier in ids:
        path = folder / f"{identifier}.xml"
        if path.is_file():
            tags[identifier] = _object_names(path)
    return tags


def picture_id(name: str) -> str:
    """A picture's name as written in a list -> its id.

    >>> picture_id("cats/a.b.jpg")
    'cats/a.b'
    """
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in PICTURE_SUFFIXES else name


def _object_names(path: Path) -> tuple[str, ...]:
    try:
        return object_names(path.read_bytes())
    except (AnnotationError, OSError) as error:
        raise DatasetError(f"{path} cannot be read: {error}; correct or remove it.") from error

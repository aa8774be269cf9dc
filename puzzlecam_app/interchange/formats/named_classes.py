"""The classes of formats that name the class of each object, and their indices here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import read_class_file
from puzzlecam_app.interchange.tag_files import MAX_TAG_LENGTH
from trainer.data.class_list import ClassList, is_background_name, is_void_name


@dataclass(frozen=True)
class NamedClasses:
    """Classes in index order, and the index of each name.

    Names that mean background or void have 0 or 255 and are no classes. `class_list` has no such indices,
    because masks of these formats are made here.
    """

    class_list: ClassList
    index_of: Mapping[str, int]

    def tags(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are classes, each once."""
        known = (self.clean(name) for name in names)
        return tuple(dict.fromkeys(name for name in known if 0 < self.index_of.get(name, 0) < VOID))

    def index(self, name: object) -> int | None:
        """The index of a name as the file has it; None if it is no class of the list."""
        return self.index_of.get(self.clean(name)) if isinstance(name, str) else None

    @staticmethod
    def clean(name: str) -> str:
        """A name as it is stored."""
        return unicodedata.normalize("NFC", name).strip()


def named_classes(names: Iterable[str], *, where: str, classes_file: Path | None = None) -> NamedClasses:
    """Give indices to the classes `names`, in their order, or those of `classes_file`.

    Raises:
        UserError: There are none or too many, or one cannot be a class name.
    """
    cleaned = list(dict.fromkeys(NamedClasses.clean(name) for name in names))
    if classes_file is not None:
        class_list = read_class_file(classes_file)
        by_index = class_list.classes
        index_of = {name: index for index, name in by_index.items()}
        index_of |= {name: _meaning(name) for name in cleaned if _is_no_class(name)}
        return NamedClasses(ClassList(class_list.names), index_of)
    classes = [name for name in cleaned if not _is_no_class(name)]
    if not classes:
        raise UserError("there are no classes", where=where, remedy="Give a class list with --classes")
    if len(classes) > MAX_CLASS_INDEX:
        raise UserError(
            f"{len(classes)} classes are more than the {MAX_CLASS_INDEX} that a mask can hold",
            where=where,
            remedy="Give a file with the classes that you want with --classes",
        )
    for name in classes:
        if not 1 <= len(name) <= MAX_TAG_LENGTH or not name.isprintable():
            raise UserError(
                f"{name[:40]!r} is not a class name",
                where=where,
                remedy=f"Use 1 to {MAX_TAG_LENGTH} printable characters",
            )
    index_of = {name: index for index, name in enumerate(classes, start=1)}
    index_of |= {name: _meaning(name) for name in cleaned if _is_no_class(name)}
    return NamedClasses(ClassList(tuple(classes)), index_of)


def _is_no_class(name: str) -> bool:
    return is_background_name(name) or is_void_name(name)


def _meaning(name: str) -> int:
    return BACKGROUND if is_background_name(name) else VOID

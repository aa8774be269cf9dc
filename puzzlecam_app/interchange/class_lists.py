"""The classes of a dataset in index order; the order defines what the indices in masks mean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from db.palette import MAX_CLASS_INDEX
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.tag_files import clean_tags, read_text
from trainer.data.labels import VOC_CLASSES

_BACKGROUND_LINES: Final = frozenset({"background", "_background_", "__background__"})
_IGNORED_LINES: Final = frozenset({"void", "__ignore__", "__unlabeled__"})


def read_class_file(path: Path) -> tuple[str, ...]:
    """Class names of a text file, one per line in index order; the first line may be the background.

    Raises:
        UserError: The file cannot be read, is empty, or contains a duplicate or an invalid name.
    """
    names = [line.strip() for line in read_text(path).splitlines()]
    names = [name for name in names if name and name.lower() not in _IGNORED_LINES]
    if names and names[0].lower() in _BACKGROUND_LINES:
        del names[0]
    classes, problems = clean_tags(names, where=str(path))
    if problems:
        raise UserError(problems[0].reason, where=str(path), remedy=problems[0].remedy)
    if not classes or len(classes) != len(names):
        reason = "a class is named twice" if classes else "the file contains no class name"
        raise UserError(reason, where=str(path), remedy="Write each class once, one per line, in index order")
    return _bounded(classes, where=str(path))


def derive_classes(tags: Iterable[str], *, allow_voc: bool) -> tuple[tuple[str, ...], bool]:
    """The class list that a set of tags suggests, and whether it fixes the meaning of mask indices.

    With `allow_voc`, tags that are all among the twenty of PASCAL VOC give VOC's list. Otherwise the order is
    alphabetical and has no meaning outside the studio.

    >>> derive_classes({"zebra", "cat"}, allow_voc=True)
    (('cat', 'zebra'), False)
    """
    names = set(tags)
    if allow_voc and names <= set(VOC_CLASSES):
        return VOC_CLASSES, True
    return _bounded(tuple(sorted(names)), where="the tags"), False


def _bounded(classes: tuple[str, ...], *, where: str) -> tuple[str, ...]:
    if len(classes) > MAX_CLASS_INDEX:
        raise UserError(
            f"{len(classes)} classes are more than the {MAX_CLASS_INDEX} that a mask can hold",
            where=where,
            remedy="Give a file with the classes that you want with --classes",
        )
    return classes

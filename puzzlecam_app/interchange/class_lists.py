"""The classes of a dataset in index order; the order defines what the indices in masks mean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from db.palette import MAX_CLASS_INDEX
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.tag_files import read_text
from puzzlecam_app.root_files import RootFile, RootFiles
from trainer.data.class_files import CLASS_FILES, VOC, ClassFileError, parse_class_file
from trainer.data.class_list import VOC_CLASS_LIST, ClassList


def read_class_file(path: Path | RootFile) -> ClassList:
    """Read a class file in one of the forms of `trainer.data.class_files`; ``voc`` is the list of PASCAL VOC.

    Raises:
        UserError: The file cannot be read, or is no class list.
    """
    if isinstance(path, Path) and str(path) == VOC and not path.exists():
        return VOC_CLASS_LIST
    try:
        return parse_class_file(read_text(path), str(path))
    except ClassFileError as problem:
        remedy = problem.remedy[:1].upper() + problem.remedy[1:]
        raise UserError(problem.reason, where=problem.where, remedy=remedy) from problem


def class_list_of(files: RootFiles, classes_file: Path | None) -> ClassList | None:
    """The class list of `classes_file`, else of the class file in the folder of `files`; None without any.

    Raises:
        UserError: The file cannot be read or is no class list, or two class files in the folder differ.
    """
    if classes_file is not None:
        return read_class_file(classes_file)
    found = [file for name in CLASS_FILES if (file := files.first(name)) is not None]
    if not found:
        return None
    first = read_class_file(found[0])
    for other in found[1:]:
        try:
            difference = first.difference(read_class_file(other))
        except UserError:
            continue  # a file of that name may be something else
        if difference is not None:
            raise UserError(
                f"{found[0].name} and {other.name} differ: {difference}",
                where=str(files.root),
                remedy="Remove the wrong one, or give the right one with --classes",
            )
    return first


def derive_classes(tags: Iterable[str], *, allow_voc: bool) -> tuple[tuple[str, ...], ClassList | None]:
    """The class names that tags suggest, and the class list if they fix the meaning of mask indices.

    With `allow_voc`, tags that are all among the twenty of PASCAL VOC give VOC's list; no tags say nothing.
    Otherwise the order is alphabetical and has no meaning outside the studio.

    >>> derive_classes({"zebra", "cat"}, allow_voc=True)
    (('cat', 'zebra'), None)
    """
    names = set(tags)
    if allow_voc and names and names <= set(VOC_CLASS_LIST.names):
        return VOC_CLASS_LIST.names, VOC_CLASS_LIST
    if len(names) > MAX_CLASS_INDEX:
        raise UserError(
            f"{len(names)} classes are more than the {MAX_CLASS_INDEX} that a mask can hold",
            where="the tags",
            remedy="Give a file with the classes that you want with --classes",
        )
    return tuple(sorted(names)), None

"""Reads a folder of pictures whose tags are in a CSV or JSON file, or are the names of sub-folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import derive_classes, read_class_file
from puzzlecam_app.interchange.problems import Problem, warning
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.interchange.tag_files import clean_tags, read_tag_file
from puzzlecam_app.interchange.tree import PictureTree, scan_pictures

MASK_FOLDERS: Final = ("masks", "SegmentationClass")
TAG_FILES: Final = ("tags.csv", "tags.json")
LABELS_FILE: Final = "labels.txt"


def read_folder(
    root: Path, *, tags_file: Path | None = None, classes_file: Path | None = None, split: str | None = None
) -> Source:
    """Read a folder of pictures.

    Tags come from `tags_file`, else from ``tags.csv`` or ``tags.json`` in the folder, else from one
    sub-folder per class (also below ``train``, ``val`` and ``test``). Masks are PNGs of the same path in
    the sub-folder ``masks`` or ``SegmentationClass``. Classes come from `classes_file`, else from
    ``labels.txt`` in the folder, else from the tags. `split` is given to every picture that has none.

    Raises:
        UserError: There are no tags, or a list cannot be read.
    """
    tree = scan_pictures(root, exclude=frozenset(MASK_FOLDERS))
    problems = list(tree.problems)
    listing = tags_file or _first_file(root, TAG_FILES)
    if listing is not None:
        items, wrong = _items_of_list(tree, listing, split)
    else:
        items, wrong = _items_of_folders(tree, split)
    problems += wrong

    labels = classes_file or _first_file(root, (LABELS_FILE,))
    if labels is not None:
        classes, fixed = read_class_file(labels), True
    else:
        classes, fixed = derive_classes((tag for item in items for tag in item.tags), allow_voc=False)
    if items and not classes:
        raise _no_tags(root, problems)
    return Source(root, "folder", items, classes, fixed, problems)


def _no_tags(root: Path, problems: Sequence[Problem]) -> UserError:
    """The error of pictures without any tag; it tells the first problem, which may be the reason."""
    problem = next((one for one in problems if one.severity == "error"), None) or next(iter(problems), None)
    found = "" if problem is None else f"; the first problem is {problem.file}: {problem.reason}"
    advice = "Give a list with --tags, or put the pictures into one sub-folder per class"
    return UserError(
        f"the pictures have no tags{found}",
        where=str(root),
        remedy=advice if problem is None or problem.severity == "warning" else problem.remedy,
    )


def _first_file(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).is_file()), None)


def _items_of_list(
    tree: PictureTree, listing: Path, split: str | None
) -> tuple[list[SourceItem], list[Problem]]:
    rows, problems = read_tag_file(listing)
    tags: dict[str, dict[str, None]] = {}
    splits: dict[str, str] = {}
    for row in rows:
        path = tree.find(row.image, row=row.where)
        if isinstance(path, Problem):
            problems.append(path)
            continue
        if path in tags:
            problems.append(
                warning(path, "the picture is listed twice; all its tags are used", "Remove one of the rows")
            )
        tags.setdefault(path, {}).update(dict.fromkeys(row.tags))
        if row.split:
            splits.setdefault(path, row.split)
    items = []
    for path in tree.pictures:
        if path not in tags:
            problems.append(
                warning(
                    path, f"the picture is not listed in {listing.name} and has no tags", "Add it to the list"
                )
            )
        items.append(
            SourceItem(
                path, path, tuple(tags.get(path, ())), splits.get(path, split), _mask_of(tree.root, path)
            )
        )
    return items, problems


def _items_of_folders(tree: PictureTree, split: str | None) -> tuple[list[SourceItem], list[Problem]]:
    tops = {PurePosixPath(path).parts[0] for path in tree.pictures if "/" in path}
    split_level = bool(tops) and all(is_split_folder(top) for top in tops)
    items: list[SourceItem] = []
    problems: list[Problem] = []
    for path in tree.pictures:
        folders = list(PurePosixPath(path).parts[:-1])
        own_split = split
        if split_level and folders:
            own_split = split_name(folders.pop(0))
        tags, wrong = clean_tags(folders[:1], where=path)
        problems += wrong
        if not folders:
            problems.append(
                warning(
                    path, "the picture is in no class folder and has no tags", "Move it to a class folder"
                )
            )
        items.append(SourceItem(path, path, tags, own_split, _mask_of(tree.root, path)))
    return items, problems


def _mask_of(root: Path, picture: str) -> str | None:
    for folder in MASK_FOLDERS:
        mask = PurePosixPath(folder) / PurePosixPath(picture).with_suffix(".png")
        if (root / mask).is_file():
            return mask.as_posix()
    return None

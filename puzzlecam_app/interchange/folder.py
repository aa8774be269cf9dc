"""Reads a folder of pictures whose tags are in a CSV or JSON file, or are the names of sub-folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, derive_classes
from puzzlecam_app.interchange.folder_layout import FolderLayout, Place, find_layout, place_of, usual_content
from puzzlecam_app.interchange.label_arrays import Meaning
from puzzlecam_app.interchange.mask_pairs import pair_masks
from puzzlecam_app.interchange.problems import Problem, warning
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.tag_files import TagRow, clean_tags, read_tag_file
from puzzlecam_app.interchange.tree import PictureTree, is_path_trick, scan_pictures
from puzzlecam_app.root_files import RootFile, RootFiles

TAG_FILES: Final = ("tags.csv", "tags.json")
_READ_AS: Final = "the folder was read as"


def read_folder(
    root: Path,
    *,
    tags_file: Path | None = None,
    classes_file: Path | None = None,
    split: str | None = None,
    tags_from_masks: bool = False,
    follow_links: bool = False,
) -> Source:
    """Read a folder of pictures.

    Tags come from `tags_file`, else from ``tags.csv`` or ``tags.json`` in the folder, else from one
    sub-folder per class (also below ``train``, ``val`` and ``test``); with `tags_from_masks` the importer
    takes them from the masks instead. `find_layout` says which folders hold pictures and masks. Classes come
    from `classes_file`, else from a class file in the folder, else from the tags. `split` is given to every
    picture that has none. With `follow_links`, links may lead out of the folder.

    Raises:
        UserError: There are no tags, or a list cannot be read.
    """
    layout = find_layout(root)
    files = RootFiles(root, follow_links)
    tree = scan_pictures(root, exclude=layout.mask_paths, follow_links=follow_links)
    pairs = pair_masks(root, layout.mask_folders, tree.pictures)
    problems = list(tree.problems)
    class_list = class_list_of(files, classes_file)
    listing = tags_file or files.first(*TAG_FILES)
    if listing is not None and not tags_from_masks:
        items, wrong = _items_of_list(
            tree, layout, listing, Meaning(class_list.names if class_list is not None else ())
        )
    else:
        items, wrong = _items_of_folders(tree, layout, has_tags=not tags_from_masks)
    problems += wrong
    items = [replace(item, split=item.split or split, mask=pairs.mask_of.get(item.path)) for item in items]

    if class_list is not None:
        classes = class_list.names
    else:
        classes, class_list = derive_classes((tag for item in items for tag in item.tags), allow_voc=False)
    if items and not classes and not tags_from_masks:
        raise _no_tags(root, [*problems, *pairs.passed_over])
    return Source(
        root,
        "folder",
        items,
        classes,
        class_list,
        problems,
        tags_from_masks,
        follow_links=follow_links,
        mask_problems=pairs.problems,
        passed_over=pairs.passed_over,
    )


def _no_tags(root: Path, problems: Sequence[Problem]) -> UserError:
    """The error of pictures without any tag; it tells the problems that may be the reason."""
    errors = [problem for problem in problems if problem.severity == "error"]
    folders = [problem for problem in problems if problem.reason.startswith(_READ_AS)]
    first = ([*errors, *folders] or list(problems))[:2]
    found = "; ".join(f"{problem.file}: {problem.reason}" for problem in first)
    advice = (
        "Give a list with --tags, put the pictures into one sub-folder per class, or use --tags-from-masks"
    )
    return UserError(
        f"the pictures have no tags ({found})" if found else "the pictures have no tags",
        where=str(root),
        remedy=errors[0].remedy if errors else advice,
    )


def _items_of_list(
    tree: PictureTree, layout: FolderLayout, listing: Path | RootFile, meaning: Meaning
) -> tuple[list[SourceItem], list[Problem]]:
    rows, problems = read_tag_file(listing, meaning)
    tags: dict[str, dict[str, None]] = {}
    splits: dict[str, str] = {}
    for row in rows:
        path = _find(tree, layout, row)
        if isinstance(path, Problem):
            problems.append(path)
            continue
        if path in tags:
            reason = "the picture is listed twice; all its tags are used"
            if row.split and splits.get(path, row.split) != row.split:
                reason += f", but only its split {splits[path]!r}, not {row.split!r}"
            problems.append(warning(path, reason, "Remove one of the rows"))
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
        own_split = splits.get(path)
        if own_split is None and layout.picture_folder_of(path) is not None:
            own_split = place_of(path, layout).split
        items.append(SourceItem(path, path, tuple(tags.get(path, ())), own_split))
    return items, problems


def _find(tree: PictureTree, layout: FolderLayout, row: TagRow) -> str | Problem:
    """The picture of a row; lists may leave out the folder that holds all pictures."""
    found = tree.find(row.image, row=row.where)
    if isinstance(found, Problem) and not is_path_trick(row.image):
        for folder in layout.picture_folders:
            inside = tree.find(f"{folder}/{row.image}", row=row.where)
            if not isinstance(inside, Problem):
                return inside
    return found


def _items_of_folders(
    tree: PictureTree, layout: FolderLayout, *, has_tags: bool
) -> tuple[list[SourceItem], list[Problem]]:
    """The pictures with the names of their folders as tags; without `has_tags`, with their splits alone."""
    items: list[SourceItem] = []
    problems: list[Problem] = []
    folders: dict[str, Problem] = {}
    for path in tree.pictures:
        place = place_of(path, layout)
        tags: tuple[str, ...] = ()
        if has_tags and place.class_name is not None:
            tags, wrong = clean_tags((place.class_name,), where=path)
            problems += wrong
            for folder, problem in _remarks_on_class(path, place):
                folders.setdefault(folder, problem)
        elif has_tags:
            for folder, problem in _remarks_on_no_class(path, layout):
                folders.setdefault(folder, problem)
            problems.append(
                warning(
                    path, "the picture is in no class folder and has no tags", "Move it to a class folder"
                )
            )
        items.append(SourceItem(path, path, tags, place.split))
    return items, [*folders.values(), *problems]


def _remarks_on_class(path: str, place: Place) -> Iterator[tuple[str, Problem]]:
    """What is odd about the class folder of a picture; the folder, and a warning about it."""
    name = place.class_name or ""
    parts = PurePosixPath(path).parts
    folder = "/".join(parts[: parts.index(name) + 1])
    content = usual_content(name)
    if content is not None:
        yield (
            folder,
            warning(
                folder,
                f"{_READ_AS} the class {name!r}, but a folder of that name usually holds {content}",
                "Rename it if it is no class, or give the tags in a list with --tags",
            ),
        )
    if place.below is not None:
        yield (
            f"{folder}/",
            warning(
                folder,
                f"{_READ_AS} the class {name!r}; the names of its sub-folders ({place.below} ...) were not "
                f"used as tags",
                "If these are the classes, import this folder instead",
            ),
        )


def _remarks_on_no_class(path: str, layout: FolderLayout) -> Iterator[tuple[str, Problem]]:
    """Which folder of a picture was not taken for a class."""
    folder = layout.picture_folder_of(path)
    if folder is not None:
        what = "a folder of pictures"
    elif layout.splits_on_top and "/" in path:
        folder, what = PurePosixPath(path).parts[0], "a split"
    else:
        return
    reason = f"{_READ_AS} {what}, not as a class"
    yield folder, warning(folder, reason, "Rename it if its name is a class, or give the tags with --tags")

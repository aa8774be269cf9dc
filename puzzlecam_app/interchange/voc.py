"""Reads the layout of PASCAL VOC: JPEGImages, Annotations, ImageSets, SegmentationClass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, derive_classes
from puzzlecam_app.interchange.kinds import unreadable_kind
from puzzlecam_app.interchange.label_arrays import Meaning
from puzzlecam_app.interchange.mask_pairs import MaskFolder, pair_masks
from puzzlecam_app.interchange.problems import Problem, error, printable, warning
from puzzlecam_app.interchange.source import Source, SourceItem
from puzzlecam_app.interchange.splits import SPLITS
from puzzlecam_app.interchange.tag_files import clean_tags, read_tag_file
from puzzlecam_app.interchange.tree import is_path_trick, scan_pictures
from puzzlecam_app.interchange.voc_tags import (
    ANNOTATIONS,
    read_image_list,
    tags_from_annotations,
    tags_from_main_lists,
)
from puzzlecam_app.root_files import RootFile, RootFiles, refusal_in_words
from trainer.data.class_list import VOC_CLASS_LIST

PICTURES: Final = "JPEGImages"
MASKS: Final = ("SegmentationClass", "SegmentationClassAug")
"""Folders of masks; the first has precedence. The second is that of the 10,582 pictures of SBD and VOC."""
OBJECTS: Final = "SegmentationObject"
"""Folder of masks that number the objects of a picture."""
_VOC_NAME: Final = re.compile(r"20(0[7-9]|1[0-2])_\d{6}")
_TAG_FILES: Final = ("tags.csv", "cls_labels.npz", "cls_labels.npy")

_REPEATING: Final = frozenset({"trainval", "train_aug", "trainaug", "trainval_aug"})

Tags = Mapping[str, tuple[str, ...]]


def read_voc(
    root: Path,
    *,
    tags_file: Path | None = None,
    classes_file: Path | None = None,
    split: str | None = None,
    tags_from_masks: bool = False,
    follow_links: bool = False,
) -> Source:
    """Read a VOC folder, the one that holds ``JPEGImages``.

    Tags come from `tags_file`, else from ``Annotations/*.xml``, else from ``ImageSets/Main``, else from
    ``tags.csv``, ``cls_labels.npz`` or ``cls_labels.npy`` beside ``JPEGImages``; with `tags_from_masks` the
    importer takes them from the masks instead. A picture's split is that of the list in
    ``ImageSets/Segmentation``, else ``ImageSets/Main``, that names it. `split` keeps the pictures of that
    list only. Classes come from `classes_file`, else from a class file beside ``JPEGImages``, else they are
    VOC's twenty if there are tags and all are among these, else the tags. With `follow_links`, links may lead
    out of the folder.

    Raises:
        UserError: There is no list of that split, no source of tags, or a list cannot be read.
    """
    files = RootFiles(root, follow_links)
    paths, same_name, unreadable, problems = _pictures(files)
    lists, listed_masks, wrong = _split_lists(files, paths)
    problems += wrong
    folders = [MaskFolder(name, (PICTURES,)) for name in MASKS if _has_folder(files, name)]
    pairs = pair_masks(root, folders, [*paths.values(), *same_name], listed_masks)
    if split is not None:
        if split not in lists:
            known = ", ".join(sorted(lists)) or "none"
            raise UserError(
                f"there is no list of the split {split!r} (lists: {known})", where=str(root / "ImageSets")
            )
        kept = set(lists[split])
        paths = {name: path for name, path in paths.items() if name in kept}
        lists = {key: tuple(name for name in names if name in kept) for key, names in lists.items()}
    splits, wrong = _splits_of_names(lists, paths, unreadable)
    problems += wrong

    listed = class_list_of(files, classes_file)
    tags, wrong = (
        ({}, []) if tags_from_masks else _tags(files, paths, tags_file, lists, listed.names if listed else ())
    )
    problems += wrong
    items = []
    for name, path in paths.items():
        own, wrong = clean_tags(tags.get(name, ()), where=path)
        problems += wrong
        if not own and not tags_from_masks:
            problems.append(warning(path, "the picture has no tags", "Add tags for it"))
        mask = pairs.mask_of.get(path)
        items.append(SourceItem(name, path, own, splits.get(name), mask, _object_mask(files, mask)))

    if listed is None:
        # With tags from masks, annotations and lists only say whose classes these are.
        hints = _known_tags(files, paths, lists) if tags_from_masks else (item.tags for item in items)
        if tags_from_masks and _is_augmented_voc(files, paths):
            classes, listed = VOC_CLASS_LIST.names, VOC_CLASS_LIST
        else:
            classes, listed = derive_classes((tag for group in hints for tag in group), allow_voc=True)
    else:
        classes = listed.names
    return Source(
        root,
        "voc",
        items,
        classes,
        listed,
        problems,
        tags_from_masks,
        follow_links=follow_links,
        mask_problems=pairs.problems,
        passed_over=pairs.passed_over,
    )


def _object_mask(files: RootFiles, mask: str | None) -> str | None:
    """The mask of objects that belongs to a mask of classes, if there is one."""
    if mask is None or not mask.startswith(f"{MASKS[0]}/"):
        return None
    path = f"{OBJECTS}/{mask.removeprefix(f'{MASKS[0]}/')}"
    return path if files.lists_file(path) else None


def find_voc_root(files: RootFiles) -> Path | None:
    """The folder with ``JPEGImages``: that of `files`, or the only one below as the development kit has it.

    Raises:
        UserError: There are several, one per year, or it is a link that leads out.
    """
    root = files.root
    with refusal_in_words(root / PICTURES):
        if files.has_folder(PICTURES):
            return root
    below = sorted(
        {folder.parent for pattern in ("*", "VOCdevkit/*") for folder in root.glob(f"{pattern}/{PICTURES}")}
    )
    if len(below) > 1:
        names = ", ".join(str(folder.relative_to(root)) for folder in below)
        raise UserError(
            f"there are several VOC folders ({names})", where=str(root), remedy="Give one of them"
        )
    if not below:
        return None
    inside = (below[0] / PICTURES).relative_to(root).as_posix()
    with refusal_in_words(root / inside):
        return below[0] if files.has_folder(inside) else None


def _is_augmented_voc(files: RootFiles, names: Iterable[str]) -> bool:
    """Whether this is PASCAL VOC with the masks of SBD: their folder, and the names of VOC 2007 to 2012."""
    return _has_folder(files, MASKS[1]) and all(_VOC_NAME.fullmatch(name) for name in names)


def _has_folder(files: RootFiles, name: str) -> bool:
    with refusal_in_words(files.root / name):
        return files.has_folder(name)


def _pictures(files: RootFiles) -> tuple[dict[str, str], list[str], dict[str, str], list[Problem]]:
    """Path of each picture by VOC name, which is the file's name without its suffix.

    The second result has the paths of pictures whose name another one has already, the third those of files
    that are no pictures or cannot be read.
    """
    tree = scan_pictures(files.root / PICTURES, follow_links=files.follow_links)
    problems = [
        problem.model_copy(update={"file": f"{PICTURES}/{problem.file}"}) for problem in tree.problems
    ]
    paths: dict[str, str] = {}
    same_name = []
    for relative in tree.pictures:
        path = f"{PICTURES}/{relative}"
        name = PurePosixPath(relative).with_suffix("").as_posix()
        if name in paths:
            same_name.append(path)
            problems.append(
                error(path, f"{paths[name]} has the same name in VOC's lists", "Rename one of them")
            )
        else:
            paths[name] = path
    skipped = {PurePosixPath(path).with_suffix("").as_posix(): f"{PICTURES}/{path}" for path in tree.skipped}
    return paths, same_name, skipped, problems


def _split_lists(
    files: RootFiles, paths: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str], list[Problem]]:
    """Names in each list of a split, and the masks that lists give for pictures, by the picture's path."""
    lists: dict[str, tuple[str, ...]] = {}
    masks: dict[str, str] = {}
    problems = []
    for folder in ("Segmentation", "Main"):
        for path in files.in_folder(f"ImageSets/{folder}", ".txt"):
            # In Main, the lists of one class stand beside the lists of all pictures.
            if path.stem in lists or (folder == "Main" and path.stem not in SPLITS):
                continue
            listed = read_image_list(path, paths.__contains__)
            lists[path.stem] = tuple(listed)
            for name, mask in listed.items():
                if mask is None or name not in paths:
                    continue
                if is_path_trick(mask) or not files.lists_file(mask):
                    where = f"ImageSets/{folder}/{path.name}"
                    reason = f"the mask {printable(mask)} of {printable(name)} is listed but missing"
                    problems.append(error(where, reason, "Add the file or correct the line"))
                else:
                    masks.setdefault(paths[name], mask)
    return lists, masks, problems


def _splits_of_names(
    lists: Mapping[str, tuple[str, ...]], paths: Mapping[str, str], unreadable: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """Split of each picture. Lists that repeat others are used only for pictures in no other."""
    splits: dict[str, str] = {}
    problems = []
    missing: dict[str, str] = {}
    for split in sorted(lists, key=lambda name: (name in _REPEATING, name)):
        for name in lists[split]:
            if is_path_trick(name):
                problems.append(
                    error(
                        f"ImageSets, {split}.txt",
                        f"the name {name!r} leads out of the folder",
                        "Remove the line",
                    )
                )
            elif name not in paths:
                missing.setdefault(name, split)
            elif name not in splits:
                splits[name] = split
            elif split not in _REPEATING:
                problems.append(
                    warning(
                        paths[name],
                        f"the picture is listed in {splits[name]} and in {split}; the first one is used",
                        "List it in only one split",
                    )
                )
    for name, split in missing.items():
        if name in unreadable:
            problems.append(error(unreadable[name], *unreadable_kind(unreadable[name])))
            continue
        where = f"{PICTURES}/{name}.jpg"
        problems.append(
            error(
                where, f"the picture is listed in {split}.txt but missing", "Add the file or remove the line"
            )
        )
    return splits, problems


def _tags(
    files: RootFiles,
    paths: Mapping[str, str],
    tags_file: Path | None,
    lists: Mapping[str, tuple[str, ...]],
    classes: tuple[str, ...],
) -> tuple[Tags, list[Problem]]:
    meaning = Meaning(classes, lists)
    if tags_file is not None:
        return _tags_of_list(files, tags_file, meaning)
    from_main, problems = tags_from_main_lists(files, lists, classes)
    if _has_folder(files, ANNOTATIONS):
        from_xml, wrong = tags_from_annotations(files, paths)
        return from_main | from_xml, [*problems, *wrong]
    if from_main:
        return from_main, problems
    listing = files.first(*_TAG_FILES)
    if listing is not None:
        return _tags_of_list(files, listing, meaning)
    raise UserError(
        "there are neither Annotations nor lists in ImageSets/Main, nor tags.csv, nor cls_labels.npz",
        where=str(files.root),
        remedy="Give a list with --tags, or use --tags-from-masks",
    )


def _known_tags(
    files: RootFiles, paths: Mapping[str, str], lists: Iterable[str]
) -> Iterable[tuple[str, ...]]:
    """The tags in annotations and lists, for what they say about the classes; none if there are none."""
    from_main, _ = tags_from_main_lists(files, lists, ())
    from_xml, _ = tags_from_annotations(files, paths) if _has_folder(files, ANNOTATIONS) else ({}, [])
    return [*from_main.values(), *from_xml.values()]


def _tags_of_list(files: RootFiles, listing: Path | RootFile, meaning: Meaning) -> tuple[Tags, list[Problem]]:
    """Tags by VOC name; the list may name pictures with or without their suffix."""
    rows, problems = read_tag_file(listing, meaning)
    tree = scan_pictures(files.root / PICTURES, follow_links=files.follow_links)
    stems = {PurePosixPath(path).with_suffix("").as_posix() for path in tree.pictures}
    tags: dict[str, tuple[str, ...]] = {}
    for row in rows:
        name = row.image
        if name not in stems:
            found = tree.find(name, row=row.where)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            name = PurePosixPath(found).with_suffix("").as_posix()
        tags[name] = (*tags.get(name, ()), *row.tags)
    return tags, problems

"""Which sub-folders of a dataset hold pictures, which hold masks, and which are classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.interchange.mask_pairs import MaskFolder
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from trainer.contract import PICTURE_SUFFIXES

CITYSCAPES_PICTURES: Final = "leftimg8bit"
_PICTURES: Final = frozenset(
    {"images", "image", "imgs", "img", "img_dir", "image_dir", "jpegimages", CITYSCAPES_PICTURES}
)
_MASKS_AT_ROOT: Final = frozenset({"masks", "segmentationclass", "segmentationclassaug"})
"""Top folders of these names hold masks, whatever stands beside them."""
_MASKS: Final = _MASKS_AT_ROOT | {
    "mask", "labels", "label", "ann_dir", "annotations", "annotation", "gt", "gtfine", "gtcoarse",
    "ground_truth", "groundtruth", "segmentation", "segmentations",
}  # fmt: skip
_MASK_ENDINGS: Final = ("annot", "_annot", "_annotations", "_masks", "_mask", "_labels", "_label", "_gt")


@dataclass(frozen=True)
class FolderLayout:
    """The folders of a dataset, relative to its root with slashes.

    Attributes:
        picture_folders: folders like ``images`` or ``train/images``, whose names are no classes.
        mask_folders: folders of masks.
        splits_on_top: whether the top folders are splits.
        with_splits: those of `picture_folders` that hold a folder for each split.
    """

    picture_folders: tuple[str, ...]
    mask_folders: tuple[MaskFolder, ...]
    splits_on_top: bool
    with_splits: frozenset[str]

    @property
    def mask_paths(self) -> frozenset[str]:
        """Paths of `mask_folders`, which hold no pictures of the dataset."""
        return frozenset(folder.path for folder in self.mask_folders)

    def picture_folder_of(self, picture: str) -> str | None:
        """The one of `picture_folders` that contains a picture."""
        return next((one for one in self.picture_folders if picture.startswith(f"{one}/")), None)


@dataclass(frozen=True)
class Place:
    """What the folders of a picture say: its split and its class, None without one.

    `below` is the first folder inside that of the class, None without one.
    """

    split: str | None
    class_name: str | None
    below: str | None = None


def find_layout(root: Path) -> FolderLayout:
    """Recognise the folders of pictures and masks under `root` by their names and by what stands beside them.

    A folder ``images`` (or ``img_dir``, ``leftImg8bit`` ...) holds the pictures if a folder of masks stands
    beside it, or no other folder with pictures. A folder ``masks`` (or ``labels``, ``ann_dir``, ``gtFine``
    ...) holds masks if pictures or such a folder stand beside it; ``masks`` and ``SegmentationClass`` on top
    always do. The same holds inside ``train``, ``val`` and ``test``; inside other folders only both together
    are recognised.
    """
    tops = _folders(root)
    splits = [name for name in tops if is_split_folder(name)]
    holders: list[str] = []
    mask_folders: list[MaskFolder] = []
    for parent in ("", *tops, *(_joined(top, name) for top in splits for name in _folders(root / top))):
        more, masks = _inside(root, parent, is_top=parent == "" or parent in splits)
        holders += more
        mask_folders += masks
    taken = {folder.path for folder in mask_folders}
    left = [name for name in tops if name not in taken and _has_pictures(root / name)]
    on_top = bool(left) and all(is_split_folder(name) for name in left)
    with_splits = frozenset(holder for holder in holders if _holds_splits(root / holder))
    return FolderLayout(tuple(holders), tuple(mask_folders), on_top, with_splits)


def place_of(picture: str, layout: FolderLayout) -> Place:
    """What the folders of a picture say about it."""
    folders = list(PurePosixPath(picture).parts[:-1])
    holder = layout.picture_folder_of(picture)
    split_is_first = layout.splits_on_top
    if holder is not None:
        upper = PurePosixPath(holder).parts
        folders = [*upper[:-1], *folders[len(upper) :]]
        split_is_first = holder in layout.with_splits or (len(upper) > 1 and is_split_folder(upper[0]))
    split = split_name(folders.pop(0)) if split_is_first and folders else None
    if holder is not None and PurePosixPath(holder).name.casefold() == CITYSCAPES_PICTURES:
        folders = []  # They are cities.
    return Place(split, folders[0] if folders else None, folders[1] if len(folders) > 1 else None)


def _inside(root: Path, parent: str, *, is_top: bool) -> tuple[list[str], list[MaskFolder]]:
    """The folders of pictures and of masks in the folder `parent`; `is_top` for the root and for splits."""
    names = _folders(root / parent)
    holders = [name for name in names if name.casefold() in _PICTURES]
    masks = [name for name in names if name.casefold() in _MASKS]
    if not is_top:
        if not holders or not masks:
            return [], []
        beside = tuple(_joined(parent, name) for name in holders)
        return list(beside), [MaskFolder(_joined(parent, name), beside) for name in masks]
    owner_of = {name: owner for name in names if (owner := _owner(name, names)) is not None}
    splits = [name for name in names if parent == "" and is_split_folder(name)]
    known = {*holders, *masks, *splits, *owner_of}
    others = [name for name in names if name not in known and _has_pictures(root / parent / name)]
    has_own = _has_pictures(root / parent, depth=0)
    if others and not masks:
        holders = []
    beside = tuple(_joined(parent, name) for name in holders)
    if parent == "" or has_own:
        beside = (*beside, parent)
    is_clear = bool(holders) or has_own or (bool(splits) and not others)
    folders = [
        MaskFolder(_joined(parent, name), beside)
        for name in masks
        if is_clear or (parent == "" and name.casefold() in _MASKS_AT_ROOT)
    ]
    folders += (MaskFolder(_joined(parent, name), (_joined(parent, owner_of[name]),)) for name in owner_of)
    return [_joined(parent, name) for name in holders], folders


def usual_content(name: str) -> str | None:
    """What a folder of that name usually holds, if not a class.

    >>> usual_content("gtFine"), usual_content("cats")
    ('masks', None)
    """
    if name.casefold() in _PICTURES:
        return "the pictures of all classes"
    if name.casefold() in _MASKS:
        return "masks"
    return "a split" if is_split_folder(name) else None


def _holds_splits(holder: Path) -> bool:
    names = [name for name in _folders(holder) if _has_pictures(holder / name)]
    return bool(names) and all(is_split_folder(name) for name in names)


def _owner(name: str, names: Sequence[str]) -> str | None:
    """The folder of pictures that a folder like ``train_masks`` belongs to."""
    for ending in _MASK_ENDINGS:
        owner = name.removesuffix(ending)
        if owner != name and owner in names and (owner.casefold() in _PICTURES or is_split_folder(owner)):
            return owner
    return None


def _folders(path: Path) -> list[str]:
    with os.scandir(path) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        )


def _has_pictures(path: Path, *, depth: int | None = None) -> bool:
    """Whether there are pictures in a folder; with `depth` 0, sub-folders do not count."""
    for _folder, folders, files in os.walk(path):
        if any(PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES for name in files):
            return True
        if depth == 0:
            folders.clear()
    return False


def _joined(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name

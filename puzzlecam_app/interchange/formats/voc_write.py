"""Writes PASCAL VOC: palette masks of classes and objects, and lists of splits and classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from db.masks import MaskArray
from db.palette import VOID, voc_palette
from puzzlecam_app.interchange.drawn import DrawnObject
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.splits import split_name

VOC_FOLDER: Final = "VOCdevkit/VOC2012"
"""Where an export keeps the pictures; torchvision and other readers look there."""
_SPLITS: Final = ("train", "val", "trainval")


class VocWriter:
    """Writes one dataset in the layout of VOC."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._root = target.folder / VOC_FOLDER
        for folder in ("JPEGImages", "SegmentationClass", "SegmentationObject"):
            (self._root / folder).mkdir(parents=True)

    def place(self, item: SnapshotItem) -> str:
        """In JPEGImages."""
        return f"{VOC_FOLDER}/JPEGImages/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask of classes, and that of objects: 1, 2, 3 ..., void where classes are void."""
        write_palette_png(self._root / "SegmentationClass" / f"{one.name}.png", one.mask)
        numbers, lost = numbered(one.mask, one.objects)
        write_palette_png(self._root / "SegmentationObject" / f"{one.name}.png", numbers)
        return Written(None, {"objects, because a mask of objects ends at 254": lost} if lost else {})

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ImageSets and labels.txt."""
        records = [record for record, _ in pictures]
        lists = split_lists(records)
        _write_lists(self._root, self._target.classes.names, records, lists)
        names = ["background", *self._target.classes.names]
        (self._root / "labels.txt").write_text("".join(f"{name}\n" for name in names), "utf-8")


WRITE: Final = WriteFormat(
    "voc",
    "PASCAL VOC",
    VocWriter,
    (
        "colours of classes: masks have VOC's colour map",
        "overlaps of objects: each pixel belongs to one, and only the first 254 of a picture have a number",
        "authors and times; they are in the manifest",
    ),
    oracle="torchvision",
    jpeg_only=True,
    root=VOC_FOLDER,
)


def write_palette_png(path: Path, mask: MaskArray) -> None:
    """Write class indices (uint8 HxW) as a PNG of mode P with VOC's colour map of 256 entries."""
    image = Image.fromarray(mask)
    image.putpalette(voc_palette())
    image.save(path, format="PNG")


def numbered(mask: MaskArray, objects: Sequence[DrawnObject]) -> tuple[MaskArray, int]:
    """Numbers of objects from 1, uint8 (H, W), 255 where `mask` is void; and how many have no number."""
    numbers = np.zeros_like(mask)
    for number, one in enumerate(objects[: VOID - 1], start=1):
        numbers[one.box][one.pixels & (mask[one.box] == one.class_index)] = number
    numbers[mask == VOID] = VOID
    return numbers, max(0, len(objects) - VOID + 1)


def split_lists(pictures: Sequence[PictureRecord]) -> dict[str, list[str]]:
    """Names of each list. A picture without a split is for training; ``trainval`` repeats both."""
    lists: dict[str, list[str]] = {split: [] for split in _SPLITS}
    for one in pictures:
        split = split_name(one.item.split or "train")
        lists.setdefault(split, []).append(one.name)
        if split in {"train", "val"}:
            lists["trainval"].append(one.name)
    return lists


def _write_lists(
    root: Path, classes: Sequence[str], pictures: Sequence[PictureRecord], lists: dict[str, list[str]]
) -> None:
    picture_of = {one.name: one for one in pictures}
    segmentation, main = root / "ImageSets" / "Segmentation", root / "ImageSets" / "Main"
    for folder in (segmentation, main):
        folder.mkdir(parents=True)
    # Splits are free text in the studio, and file names here.
    files = safe_names(lists)
    for split, names in lists.items():
        text = "".join(f"{name}\n" for name in names)
        for folder in (segmentation, main):
            (folder / f"{files[split]}.txt").write_text(text, "utf-8")
    class_files = safe_names(classes)
    for index, class_name in enumerate(classes, start=1):
        for split, names in lists.items():
            lines = [f"{name} {_presence(picture_of[name], index):>2}\n" for name in names]
            path = main / f"{class_files[class_name]}_{files[split]}.txt"
            path.write_text("".join(lines), "utf-8")


def _presence(picture: PictureRecord, class_index: int) -> int:
    """VOC's flag: 1 the class is in the mask, 0 it is a tag that nobody outlined, -1 it is in neither."""
    if class_index in picture.mask_classes:
        return 1
    return 0 if class_index in picture.tags else -1

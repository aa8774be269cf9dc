"""The lists and arrays of Puzzle-CAM, PSA and their family: train_aug.txt with two columns, cls_labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from puzzlecam_app.interchange.formats.voc_write import write_palette_png
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
from trainer.data.class_files import class_file_text

_PICTURES: Final = "JPEGImages"
_MASKS: Final = "SegmentationClassAug"
_LISTS: Final = "ImageSets/Segmentation"
_TRAIN: Final = "train_aug"


class PuzzleCamWriter:
    """Writes the folders of VOC, lists of pictures and masks, and the tags as arrays of NumPy."""

    def __init__(self, target: Target) -> None:
        self._target = target
        for folder in (_PICTURES, _MASKS, _LISTS):
            (target.folder / folder).mkdir(parents=True)
        (target.folder / "labels.txt").write_text(class_file_text(target.classes.names), "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In JPEGImages."""
        return f"{_PICTURES}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask."""
        write_palette_png(self._target.folder / _MASKS / f"{one.name}.png", one.mask)
        return Written(None)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the lists, and the tags: a row for each picture, a column for each class, 0 or 1.

        The arrays are plain, not pickled. ``cls_labels.txt`` has the names of the rows.
        """
        folder = self._target.folder
        lists: dict[str, list[str]] = {}
        names = [record.name for record, _ in pictures]
        labels = np.zeros((len(pictures), len(self._target.classes.names)), np.float32)
        for row, (record, _) in enumerate(pictures):
            labels[row, [index - 1 for index in record.tags]] = 1
            split = split_name(record.item.split or "train")
            line = f"/{_PICTURES}/{record.name}.jpg /{_MASKS}/{record.name}.png"
            lists.setdefault(_TRAIN if split == "train" else split, []).append(line)
        files = safe_names(lists)
        for split, lines in lists.items():
            text = "".join(f"{line}\n" for line in lines)
            (folder / _LISTS / f"{files[split]}.txt").write_text(text, "utf-8")
        np.savez(folder / "cls_labels.npz", names=np.array(names, np.str_), labels=labels)
        np.save(folder / "cls_labels.npy", labels, allow_pickle=False)
        (folder / "cls_labels.txt").write_text("".join(f"{name}\n" for name in names), "utf-8")


WRITE: Final = WriteFormat(
    "puzzle-cam",
    "lists of Puzzle-CAM and PSA (train_aug.txt, cls_labels)",
    PuzzleCamWriter,
    (
        "objects",
        "colours of classes: masks have VOC's colour map",
        "authors and times; they are in the manifest",
    ),
    oracle="the family's list format",
    jpeg_only=True,
    read_as="voc",
)

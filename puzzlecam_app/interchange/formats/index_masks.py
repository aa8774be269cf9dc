"""Writes folders of pictures and masks of indices: the studio's own, and that of mmsegmentation."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from puzzlecam_app.interchange.formats.color_masks import split_folder
from puzzlecam_app.interchange.formats.voc_write import write_palette_png
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.formats.zero import written
from puzzlecam_app.interchange.snapshot import SnapshotItem
from trainer.data.class_files import class_file_text


class FolderWriter:
    """Writes ``images``, ``masks``, ``labels.txt`` and ``tags.csv`` with tags and splits."""

    def __init__(self, target: Target) -> None:
        self._target = target
        (target.folder / "masks").mkdir()
        (target.folder / "labels.txt").write_text(class_file_text(target.classes.names), "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In ``images``."""
        return f"images/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask of indices."""
        write_palette_png(self._target.folder / "masks" / f"{one.name}.png", one.mask)
        return Written(None)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``tags.csv``."""
        names = self._target.classes.names
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("image", "tags", "split"))
        for record, _ in pictures:
            tags = ";".join(names[index - 1] for index in record.tags)
            table.writerow((record.file.removeprefix("images/"), tags, record.item.split or ""))
        (self._target.folder / "tags.csv").write_text(text.getvalue(), "utf-8")


class MmsegWriter:
    """Writes ``img_dir/<split>``, ``ann_dir/<split>`` and the classes.

    With 0 as the first class, indices are one lower, and background is void (255), as mmsegmentation expects
    it with ``reduce_zero_label=False``. ``labels.txt`` says which it is.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        names = target.classes.names
        plain = "".join(f"{name}\n" for name in names)
        text = plain if target.zero == "class" else class_file_text(names)
        (target.folder / "labels.txt").write_text(text, "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In ``img_dir``, by split."""
        return f"img_dir/{split_folder(item)}{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask of indices."""
        path = self._target.folder / f"ann_dir/{split_folder(one.item)}{one.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_palette_png(path, written(one.mask, self._target.zero))
        lost = {"tags without a pixel in the mask": len(one.bare_tags)}
        if self._target.zero == "class":
            lost["pixels of background, which became void"] = int((one.mask == 0).sum())
        return Written(None, lost)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Nothing is left to write."""


FOLDER: Final = WriteFormat(
    "folder",
    "folder of pictures, with masks beside them",
    FolderWriter,
    ("objects", "colours of classes", "authors and times; they are in the manifest"),
    oracle="a reader of ten lines",
)
MMSEG: Final = WriteFormat(
    "mmseg",
    "mmsegmentation (img_dir, ann_dir)",
    MmsegWriter,
    (
        "objects",
        "colours of classes",
        "tags without a pixel in the mask",
        "background, if 0 is a class (`--zero class`): it becomes void",
        "authors and times; they are in the manifest",
    ),
    oracle="a reader of ten lines",
    read_as="folder",
)

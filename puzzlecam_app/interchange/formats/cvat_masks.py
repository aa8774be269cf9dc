"""CVAT's "Segmentation mask 1.1": the folders of VOC with masks of colours, and labelmap.txt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from db.palette import VOID, voc_color
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.color_masks import color_list, is_made_of_colors
from puzzlecam_app.interchange.formats.colors import (
    ColorMask,
    distinct_colors,
    index_of_colors,
    labelmap_text,
    painted_colors,
)
from puzzlecam_app.interchange.formats.voc_write import numbered
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.formats.zero import with_readers
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.interchange.voc import MASKS, OBJECTS, PICTURES, read_voc
from puzzlecam_app.root_files import RootFiles

_LABELMAP: Final = "labelmap.txt"
_NO_SPLIT: Final = "default"


def recognise(files: RootFiles) -> str | None:
    """There is labelmap.txt, and the first mask in SegmentationClass is made of colours."""
    if not files.lists_file(_LABELMAP):
        return None
    masks = files.in_folder(MASKS[0], ".png")
    if not masks or not is_made_of_colors(masks[0]):
        return None
    return f"there is {_LABELMAP}, and {masks[0].relative} is made of colours"


def read(root: Path, options: ReadOptions) -> Source:
    """Read the folder; the pictures must be in JPEGImages, where CVAT puts them with "Save images".

    Raises:
        UserError: There are no pictures, or no class list with colours.
    """
    files = RootFiles(root, options.follow_links)
    if not files.has_folder(PICTURES):
        raise UserError(
            f"there are masks but no pictures, which belong into the folder {PICTURES}",
            where=str(root),
            remedy=f'Export with "Save images" in CVAT, or put the pictures into {PICTURES}',
        )
    class_list = color_list(files, options.classes_file)
    if class_list is None:
        raise UserError(
            f"there is no {_LABELMAP} with colours", where=str(root), remedy="Export the task again in CVAT"
        )
    source = read_voc(
        root, classes_file=options.classes_file, split=options.split, tags_from_masks=True,
        follow_links=options.follow_links,
    )  # fmt: skip
    index_of = index_of_colors(class_list)
    source = with_readers(source, lambda path: ColorMask(path, index_of))
    items = [replace(item, split=None if item.split == _NO_SPLIT else item.split) for item in source.items]
    return replace(
        source,
        items=items,
        classes=class_list.names,
        class_list=class_list,
        colors=class_list.colors,
        tags_from_masks=True,
    )


READ: Final = ReadFormat(
    "cvat-masks",
    'CVAT "Segmentation mask 1.1"',
    recognise,
    read,
    more_telling_than=frozenset({"voc", "color-masks"}),
)


class CvatMaskWriter:
    """Writes masks of classes and objects in colours, lists of splits, and labelmap.txt with background."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._colors = distinct_colors(target.classes)
        self._object_colors = np.array([*map(voc_color, range(VOID)), self._colors[VOID]], np.uint8)
        text = labelmap_text(target.classes, self._colors)
        (target.folder / _LABELMAP).write_text(text, "utf-8")
        for folder in (MASKS[0], OBJECTS):
            (target.folder / folder).mkdir()

    def place(self, item: SnapshotItem) -> str:
        """In JPEGImages."""
        return f"{PICTURES}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write both masks."""
        classes = Image.fromarray(painted_colors(one.mask, self._colors))
        classes.save(self._target.folder / MASKS[0] / f"{one.name}.png")
        numbers, lost = numbered(one.mask, one.objects)
        Image.fromarray(np.take(self._object_colors, numbers, axis=0)).save(
            self._target.folder / OBJECTS / f"{one.name}.png"
        )
        return Written(
            None,
            {
                "tags without a pixel in the mask": len(one.bare_tags),
                "objects, because colours for objects end at 254": lost,
            },
        )

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``ImageSets/Segmentation/<split>.txt``; ``default`` is for pictures without a split."""
        folder = self._target.folder / "ImageSets" / "Segmentation"
        folder.mkdir(parents=True)
        lists: dict[str, list[str]] = {}
        for record, _ in pictures:
            lists.setdefault(record.item.split or _NO_SPLIT, []).append(record.name)
        files = safe_names(lists)
        for split, names in lists.items():
            (folder / f"{files[split]}.txt").write_text("".join(f"{name}\n" for name in names), "utf-8")


WRITE: Final = WriteFormat(
    "cvat-masks",
    'CVAT "Segmentation mask 1.1"',
    CvatMaskWriter,
    (
        "overlaps of objects: each pixel belongs to one, and only the first 254 of a picture have a colour",
        "tags without a pixel in the mask",
        "authors and times; they are in the manifest",
    ),
    oracle="datumaro",
)

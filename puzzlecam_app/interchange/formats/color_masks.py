"""Pictures and masks of colours in folders beside each other, as in CamVid, with a list of the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, read_class_file
from puzzlecam_app.interchange.folder import read_folder
from puzzlecam_app.interchange.folder_layout import find_layout
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.colors import (
    ColorMask,
    distinct_colors,
    index_of_colors,
    labelmap_text,
    painted_colors,
)
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
from puzzlecam_app.root_files import RootFile, RootFiles
from trainer.data.class_list import ClassList

_COLOR_LISTS: Final = ("label_colors.txt", "class_dict.csv", "color_map.txt", "colormap.txt")


def color_list(files: RootFiles, classes_file: Path | None = None) -> ClassList | None:
    """The class list with colours of a folder; None if there is none.

    Raises:
        UserError: A file of that name is no class list.
    """
    if classes_file is not None:
        return read_class_file(classes_file)
    found = files.first(*_COLOR_LISTS)
    listed = read_class_file(found) if found is not None else class_list_of(files, None)
    return listed if listed is not None and listed.colors else None


def is_made_of_colors(file: RootFile) -> bool:
    """Whether a file is a PNG of colours, not of indices."""
    try:
        with file.files.open(file.relative) as opened, Image.open(opened) as image:
            return image.format == "PNG" and image.mode in {"RGB", "RGBA"}
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def recognise(files: RootFiles) -> str | None:
    """There is a list of colours, and the first mask is made of colours."""
    try:
        if color_list(files) is None:
            return None
    except UserError:
        return None
    for folder in find_layout(files.root).mask_folders:
        for path in sorted((files.root / folder.path).rglob("*.png"))[:1]:
            relative = path.relative_to(files.root).as_posix()
            if is_made_of_colors(RootFile(files, relative)):
                return f"there is a list of colours, and {relative} is made of colours"
    return None


def read(root: Path, options: ReadOptions) -> Source:
    """Read a folder as `read_folder` does, with masks by colour; tags come from the masks.

    Raises:
        UserError: There is no list of colours, or it is not clear.
    """
    files = RootFiles(root, options.follow_links)
    class_list = color_list(files, options.classes_file)
    if class_list is None or not class_list.colors:
        raise UserError(
            "nothing says which classes the colours stand for",
            where=str(root),
            remedy="Write a file label_colors.txt with lines like 'cat 128 0 0', or give one with --classes",
        )
    source = read_folder(root, split=options.split, tags_from_masks=True, follow_links=options.follow_links)
    index_of = index_of_colors(class_list)
    return replace(
        with_readers(source, lambda path: ColorMask(path, index_of)),
        classes=class_list.names,
        class_list=class_list,
        colors=class_list.colors,
        tags_from_masks=True,
    )


READ: Final = ReadFormat("color-masks", "masks of colours (CamVid)", recognise, read)


class ColorMaskWriter:
    """Writes ``images/<split>``, ``masks/<split>`` and ``labelmap.txt``."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._colors = distinct_colors(target.classes)
        text = labelmap_text(target.classes, self._colors)
        (target.folder / "labelmap.txt").write_text(text, "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In ``images``, by split."""
        return f"images/{split_folder(item)}{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the mask in colours."""
        path = self._target.folder / f"masks/{split_folder(one.item)}{one.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(painted_colors(one.mask, self._colors)).save(path)
        lost = len(one.bare_tags)
        return Written(None, {"tags without a pixel in the mask": lost} if lost else {})

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Nothing is left to write."""


def split_folder(item: SnapshotItem) -> str:
    """The folder of a picture's split, with a slash; "" without one."""
    return "" if item.split is None else f"{safe_names([item.split])[item.split]}/"


WRITE: Final = WriteFormat(
    "color-masks",
    "masks of colours (CamVid)",
    ColorMaskWriter,
    ("objects", "tags without a pixel in the mask", "authors and times; they are in the manifest"),
    oracle="a lookup of each colour",
)

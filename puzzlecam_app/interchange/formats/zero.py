"""What 0 means in masks of indices: background, void (as in ADE20K), or the first class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from db.masks import MaskArray
from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID
from puzzlecam_app.interchange.file_bytes import read_file
from puzzlecam_app.interchange.mask_files import MaskFileError, classes_in, read_values
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.read_options import Zero
from puzzlecam_app.interchange.source import LabelReader, Labels, Source
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import ClassList


@dataclass(frozen=True)
class ShiftedMask:
    """A file of indices in which 0 is void or the first class."""

    where: str
    zero: Zero
    class_list: ClassList

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Read the file; raises MaskFileError for an index that the class list lacks."""
        mask = meant(read_values(read_file(files, self.where), picture), self.zero)
        mask = self.class_list.read(mask)
        unknown = [index for index in classes_in(mask) if index > len(self.class_list.names)]
        if unknown:
            shift = 1 if self.zero == "class" else 0
            raise MaskFileError(
                f"the mask contains the index {unknown[0] - shift}, but the class list ends at "
                f"{len(self.class_list.names) - shift}",
                remedy="Correct the mask, or give the complete class list with --classes",
            )
        return Labels(mask)


def meant(values: MaskArray, zero: Zero) -> MaskArray:
    """Class indices (0 background, 255 void) of the values in a file in which 0 means `zero`."""
    if zero == "background":
        return values
    table = np.arange(256, dtype=np.uint8)
    if zero == "void":
        table[BACKGROUND] = VOID
    else:
        table[:MAX_CLASS_INDEX] = np.arange(1, VOID, dtype=np.uint8)
        table[MAX_CLASS_INDEX] = VOID
    return table[values]


def written(mask: MaskArray, zero: Zero) -> MaskArray:
    """The values to write for class indices; background becomes void where 0 is a class."""
    if zero != "class":
        return mask
    table = np.arange(-1, 255).astype(np.uint8)
    table[[BACKGROUND, VOID]] = VOID
    return table[mask]


def with_zero(source: Source, zero: Zero) -> Source:
    """The source with another meaning of 0 in its files of indices."""
    class_list = source.class_list
    if zero == "background" or class_list is None:
        return source
    return with_readers(source, lambda path: ShiftedMask(path, zero, class_list))


def with_readers(source: Source, reader: Callable[[str], LabelReader]) -> Source:
    """The source with other readers for its mask files."""
    items = [
        replace(item, mask=reader(item.mask)) if isinstance(item.mask, str) else item for item in source.items
    ]
    return replace(source, items=items)

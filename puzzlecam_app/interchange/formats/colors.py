"""Masks of colours: exact colours by a class list, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.masks import MaskArray
from db.palette import BACKGROUND, VOID, voc_color
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_changes import ExportClasses
from puzzlecam_app.interchange.file_bytes import read_file
from puzzlecam_app.interchange.mask_files import MaskFileError, read_colors
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.source import Labels
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import ClassList, Rgb

BLACK: Rgb = (0, 0, 0)


@dataclass(frozen=True)
class ColorMask:
    """A PNG whose colours are classes. `index_of` has the index of each colour, packed into 24 bits."""

    where: str
    index_of: Mapping[int, int]

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Read the file; raises MaskFileError for a colour that is not in the list."""
        colors = read_colors(read_file(files, self.where), picture)
        packed = pack(colors)
        present, inverse = np.unique(packed, return_inverse=True)
        indices = np.zeros(len(present), np.uint8)
        for position, color in enumerate(present.tolist()):
            if color not in self.index_of:
                raise _unknown_color(packed, color)
            indices[position] = self.index_of[color]
        return Labels(indices[inverse].reshape(packed.shape))


def pack(colors: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Colours (..., 3) as whole numbers (...)."""
    wide = colors.astype(np.int32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def index_of_colors(class_list: ClassList) -> dict[int, int]:
    """Index here of each packed colour. Black is background unless the list uses it.

    Raises:
        UserError: A class has no colour, or two have the same.
    """
    index_of: dict[int, int] = {}
    names = class_list.names
    for index, color in class_list.colors.items():
        packed = color[0] << 16 | color[1] << 8 | color[2]
        meaning = int(class_list.table[index])
        if index_of.setdefault(packed, meaning) != meaning:
            raise UserError(
                f"the colour {color} stands for two classes", where="class list", remedy="Give each its own"
            )
    for index in class_list.classes:
        if index not in class_list.colors:
            raise UserError(
                f"the class {names[index - 1]!r} has no colour",
                where="class list",
                remedy="Write the colours into the class list, as in 'cat 128 0 0'",
            )
    index_of.setdefault(0, BACKGROUND)
    return index_of


def distinct_colors(classes: ExportClasses) -> dict[int, Rgb]:
    """A colour for each index of an export, background and void included, no two alike.

    A class keeps its colour unless an earlier one, background or void has it.
    """
    colors: dict[int, Rgb] = {BACKGROUND: BLACK, VOID: voc_color(VOID)}
    waiting = []
    for one in classes.classes:
        if one.rgb in colors.values():
            waiting.append(one.index)
        else:
            colors[one.index] = one.rgb
    spare = (voc_color(index) for index in range(1, VOID))
    for index in waiting:
        colors[index] = next(color for color in spare if color not in colors.values())
    return dict(sorted(colors.items()))


def painted_colors(mask: MaskArray, colors: Mapping[int, Rgb]) -> NDArray[np.uint8]:
    """`mask` (uint8 HxW) in colours, uint8 (H, W, 3)."""
    table = np.zeros((256, 3), np.uint8)
    for index, color in colors.items():
        table[index] = color
    return np.take(table, mask, axis=0)  # five times as fast as table[mask]


def labelmap_text(classes: ExportClasses, colors: Mapping[int, Rgb]) -> str:
    """The text of a ``labelmap.txt`` as CVAT writes it, with background first and void last.

    Raises:
        UserError: A name contains a colon or begins with ``#``.
    """
    lines = ["# label:color_rgb:parts:actions"]
    names = {BACKGROUND: "background", **{one.index: one.name for one in classes.classes}, VOID: "void"}
    for index, name in names.items():
        if ":" in name or name.startswith("#"):
            raise UserError(
                f"the class {name!r} cannot be written into labelmap.txt, because : and # separate there",
                remedy=f"Rename it in the export with --rename {name!r}=...",
            )
        lines.append(f"{name}:{','.join(map(str, colors[index]))}::")
    return "\n".join(lines) + "\n"


def _unknown_color(packed: NDArray[np.int32], color: int) -> MaskFileError:
    row, column = np.argwhere(packed == color)[0].tolist()
    count = int(np.count_nonzero(packed == color))
    rgb = (color >> 16, color >> 8 & 255, color & 255)
    return MaskFileError(
        f"the colour {rgb} is not in the class list: {count} pixels, the first at x {column}, y {row}",
        remedy="Add it to the class list, or correct the mask",
    )

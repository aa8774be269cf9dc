"""Objects of a picture, and the mask that they make: one class a pixel.

Formats that store objects let them overlap. A mask cannot, so a stated rule decides which object a pixel
belongs to, and the pixels that objects lose are counted. The objects themselves are kept beside the mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from db.masks import MaskArray

BoolArray = NDArray[np.bool_]
PaintOrder = Literal["smaller-over-larger", "later-over-earlier"]
"""``later-over-earlier`` is for formats whose order of objects, or z-order, says which one is on top."""


@dataclass(frozen=True)
class DrawnObject:
    """One object of a picture.

    Attributes:
        class_index: 1 to 254; 255 for void, 0 where an object takes others away.
        top: row of the first row of `pixels`.
        left: column of the first column of `pixels`.
        pixels: bool (h, w), the pixels of the object in its bounding box.
        source_id: the object's id in the file that it came from.
        is_crowd: whether it is a group of objects that nobody told apart; it lies below all others.
    """

    class_index: int
    top: int
    left: int
    pixels: BoolArray
    source_id: int | None = None
    is_crowd: bool = False

    @property
    def area_px(self) -> int:
        """Number of its pixels."""
        return int(np.count_nonzero(self.pixels))

    def whole(self, height: int, width: int) -> BoolArray:
        """The object in the whole picture, bool (height, width)."""
        mask = np.zeros((height, width), bool)
        mask[self.box] = self.pixels
        return mask

    @property
    def box(self) -> tuple[slice, slice]:
        """Where `pixels` lies in the mask."""
        height, width = self.pixels.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


@dataclass(frozen=True)
class Painted:
    """A mask that objects were painted into.

    Attributes:
        indices: class indices, uint8 (H, W).
        hidden_px: pixels of objects that an object of another class covers.
    """

    indices: MaskArray
    hidden_px: int


def cut_out(mask: BoolArray, class_index: int, source_id: int | None = None) -> DrawnObject | None:
    """The object of the true pixels in `mask`, bool (H, W); None if there are none.

    >>> cut_out(np.array([[0, 0], [0, 1]], bool), 3).box
    (slice(1, 2, None), slice(1, 2, None))
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    pixels = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return DrawnObject(class_index, top, left, np.ascontiguousarray(pixels), source_id)


def visible(objects: Sequence[DrawnObject], mask: MaskArray) -> list[DrawnObject]:
    """The objects as far as `mask`, uint8 (H, W), shows their classes; those that it hides are left out."""
    shown = []
    for one in objects:
        pixels = one.pixels & (mask[one.box] == one.class_index)
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if len(rows):
            top, left = int(rows[0]), int(columns[0])
            tight = np.ascontiguousarray(pixels[top : rows[-1] + 1, left : columns[-1] + 1])
            shown.append(replace(one, top=one.top + top, left=one.left + left, pixels=tight))
    return shown


def paint(objects: Sequence[DrawnObject], height: int, width: int, order: PaintOrder) -> Painted:
    """Paint objects on background.

    Crowds are painted first. Of the others, with ``smaller-over-larger`` those with more pixels come first,
    so that smaller ones stay visible; equal ones keep their order.
    """
    ordered = list(objects)
    if order == "smaller-over-larger":
        ordered.sort(key=lambda one: -one.area_px)
    ordered.sort(key=lambda one: not one.is_crowd)
    mask = np.zeros((height, width), np.uint8)
    hidden_px = 0
    for one in ordered:
        below = mask[one.box]
        covered = one.pixels & (below != 0) & (below != one.class_index)
        hidden_px += int(np.count_nonzero(covered)) if one.class_index else 0
        below[one.pixels] = one.class_index
    return Painted(mask, hidden_px)

"""The objects beside a mask: stored with imports, and found for exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.measure import label

from db.engine import Database
from db.masks import MaskArray
from db.objects import objects_of
from db.palette import VOID
from puzzlecam_app.interchange.drawn import DrawnObject
from puzzlecam_app.interchange.formats.rle import compress, counts_of, from_counts, uncompress


def as_rows(objects: Sequence[DrawnObject]) -> list[dict[str, Any]]:
    """Objects as `db.object_models.ItemObjects` stores them."""
    return [
        {
            "class": one.class_index,
            "top": one.top,
            "left": one.left,
            "height": one.pixels.shape[0],
            "width": one.pixels.shape[1],
            "counts": compress(counts_of(replace(one, top=0, left=0), *one.pixels.shape)),
            "id": one.source_id,
            "crowd": one.is_crowd,
        }
        for one in objects
    ]


def from_rows(rows: Sequence[dict[str, Any]]) -> list[DrawnObject]:
    """The inverse of `as_rows`."""
    objects = []
    for row in rows:
        found = from_counts(uncompress(row["counts"]), row["height"], row["width"])
        if found is not None:
            top, left, pixels = found
            objects.append(
                DrawnObject(
                    row["class"], row["top"] + top, row["left"] + left, pixels, row["id"], row["crowd"]
                )
            )
    return objects


def objects_in(database: Database, item_id: int, mask_hash: str, mask: MaskArray) -> list[DrawnObject]:
    """The objects of a mask (uint8 HxW) of an item, which is called `mask_hash` in the mask store.

    If it is the mask that the objects of an import made, these are they. If somebody has edited it since,
    each object keeps those of its pixels that still have its class, and what is left is split into
    connected parts.
    """
    with database.read() as session:
        kept = objects_of(session, item_id)
    if kept is None:
        return connected_parts(mask)
    known = from_rows(kept[1])
    return known if kept[0] == mask_hash else fitted(known, mask)


def fitted(known: Sequence[DrawnObject], mask: MaskArray) -> list[DrawnObject]:
    """Objects that were known before `mask` (uint8 HxW) was changed, as they are in it now."""
    objects, rest = [], mask.copy()
    for one in known:
        pixels = one.pixels & (mask[one.box] == one.class_index)
        if pixels.any():
            objects.append(replace(one, pixels=pixels))
            rest[one.box][pixels] = 0
    return objects + connected_parts(rest)


def connected_parts(mask: MaskArray) -> list[DrawnObject]:
    """One object for each connected region of a class; pixels that touch at a corner are connected.

    >>> [(one.class_index, one.area_px) for one in connected_parts(np.array([[1, 0, 2, 2]], np.uint8))]
    [(1, 1), (2, 2)]
    """
    classes = np.where(mask == VOID, np.uint8(0), mask)
    if not classes.any():
        return []
    numbers = label(classes, connectivity=2, background=0)  # type: ignore[no-untyped-call]
    objects = []
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        pixels = numbers[box] == number
        index = int(classes[box][pixels][0])
        objects.append(DrawnObject(index, box[0].start, box[1].start, pixels))
    return objects

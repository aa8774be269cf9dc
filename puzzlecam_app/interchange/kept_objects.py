"""The objects beside a mask: stored with imports, and found for exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from db.engine import Database
from db.masks import MaskArray
from db.objects import objects_of
from puzzlecam_app.interchange.drawn import DrawnObject, cut_out
from puzzlecam_app.interchange.formats.rle import compress, counts_of, from_counts, uncompress
from puzzlecam_app.interchange.mask_files import classes_in


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
    objects: list[DrawnObject] = []
    for index in classes_in(mask):
        of_class = cut_out(mask == index, index)
        if of_class is not None:
            objects += _parts(of_class)
    # As if all classes had been looked through together, row by row.
    objects.sort(key=lambda one: (one.top, one.left + int(np.argmax(one.pixels[0]))))
    return objects


def _parts(one: DrawnObject) -> Iterator[DrawnObject]:
    """The connected regions of an object; OpenCV finds them much faster than scikit-image."""
    count, numbers, boxes, _ = cv2.connectedComponentsWithStats(one.pixels.view(np.uint8), connectivity=8)
    for number in range(1, count):
        left, top, width, height = boxes[number, :4].tolist()
        pixels = numbers[top : top + height, left : left + width] == number
        yield replace(one, top=one.top + top, left=one.left + left, pixels=pixels)

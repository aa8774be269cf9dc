"""Objects of a picture as the labels that the importer takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from db.palette import BACKGROUND, VOID
from puzzlecam_app.interchange.drawn import DrawnObject, PaintOrder, paint
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.source import Labels


def painted(objects: Sequence[DrawnObject], picture: PictureInfo, order: PaintOrder) -> Labels:
    """The mask that `objects` make, with the objects beside it.

    Shapes of background and void are no objects. Where the order of shapes says which one is on top, they
    cut holes into the objects below.
    """
    result = paint(objects, picture.height, picture.width, order)
    if order == "smaller-over-larger":
        kept = [one for one in objects if BACKGROUND < one.class_index < VOID]
    else:
        kept = _with_holes(objects, picture.height, picture.width)
    return Labels(result.indices, tuple(kept), hidden_px=result.hidden_px, order=order)


def _with_holes(objects: Sequence[DrawnObject], height: int, width: int) -> list[DrawnObject]:
    erased = np.zeros((height, width), bool)
    kept = []
    for one in reversed(objects):
        if one.class_index in {BACKGROUND, VOID}:
            erased[one.box] |= one.pixels
            continue
        pixels = one.pixels & ~erased[one.box]
        if pixels.any():
            kept.append(replace(one, pixels=pixels))
    return kept[::-1]

"""Objects of a picture as the labels that the importer takes."""

from __future__ import annotations

from collections.abc import Sequence

from puzzlecam_app.interchange.drawn import DrawnObject, PaintOrder, paint
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.source import Labels


def painted(objects: Sequence[DrawnObject], picture: PictureInfo, order: PaintOrder) -> Labels:
    """The mask that `objects` make, with the objects beside it; those of background and void are none."""
    result = paint(objects, picture.height, picture.width, order)
    kept = tuple(one for one in objects if 0 < one.class_index < 255)
    return Labels(result.indices, kept, hidden_px=result.hidden_px, order=order)

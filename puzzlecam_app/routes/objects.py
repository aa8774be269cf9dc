"""The objects of a picture's mask: which pixels of a class belong together."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from db.annotations import latest_revision
from puzzlecam_app.interchange.drawn import DrawnObject
from puzzlecam_app.interchange.kept_objects import objects_in
from puzzlecam_app.items import read_item
from puzzlecam_app.lanes import PICTURES, in_lane
from puzzlecam_app.routes.common import HttpError, ItemId, OpenServices
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses

router = APIRouter(prefix="/items", tags=["arrays"])


class ObjectFacts(BaseModel):
    """An object, which has the number of its place in the list, from 1."""

    class_index: int
    area_px: int
    x: int = Field(description="A pixel of the object, as near to its middle as possible")
    y: int


class ObjectsHeader(BaseModel):
    """Header of the objects of a picture."""

    objects: list[ObjectFacts]


@router.get(
    "/{item_id}/objects",
    response_class=FramedResponse,
    responses=framed_responses(ObjectsHeader, 404, 422),
)
@in_lane(PICTURES)
def read_objects(item_id: ItemId, services: OpenServices) -> Response:
    """Send the objects of a picture's newest mask, framed: `ids`, uint16 height x width, 0 for none.

    They are those of an import or of a published run, cut to the mask; pixels of a class that none of them
    claims are split into connected parts, and so is every mask without known objects.
    """
    with services.database.read() as session:
        item = read_item(session, item_id)
        newest = latest_revision(session, item_id)
        mask_hash = newest.mask_hash if newest else None
    if mask_hash is None:
        raise HttpError(
            404, "the picture has no mask yet", where=item.name, remedy="Open it in Review to make one"
        )
    mask = services.masks.get(mask_hash)
    found = objects_in(services.database, item_id, mask_hash, mask)
    ids = np.zeros(mask.shape, np.uint16)
    facts = []
    for number, one in enumerate(found[: np.iinfo(np.uint16).max], start=1):
        ids[one.box][one.pixels] = number
        x, y = _middle(one)
        facts.append(ObjectFacts(class_index=one.class_index, area_px=one.area_px, x=x, y=y))
    return framed(ObjectsHeader(objects=facts), {"ids": ids})


def _middle(one: DrawnObject) -> tuple[int, int]:
    """Column and row of the object's pixel that is nearest to the mean of all of them."""
    rows, columns = np.nonzero(one.pixels)
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    return one.left + int(columns[nearest]), one.top + int(rows[nearest])

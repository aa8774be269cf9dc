"""Raw arrays of one picture: class activation maps and superpixels. The browser colours them."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from puzzlecam_app import display
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lanes import MAPS, PICTURES, in_lane, outcome, run_in
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.routes.common import Annotator, HttpError, ItemId, OpenServices
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses
from puzzlecam_app.services import Services

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult

router = APIRouter(prefix="/items", tags=["arrays"])

_LONGEST_WAIT_S = 240
_COUNTS = (100, 200, 400, 800, 1600, 3200, 6400)  # each is cached, so there are few


class CamFacts(BaseModel):
    """A class whose map is sent."""

    index: int
    name: str
    weak: bool = Field(
        description="Whether the classifier does not know it, and accepted masks have not taught it yet"
    )
    seen_as: str = Field(description="A sentence on how the classifier recognises it")
    disagreement: float = Field(description="Of whole and tiled map, 0..1")


class CamsHeader(BaseModel):
    """Header of the class activation maps of a picture."""

    model: str = Field(description="Identity of the model")
    tiles: int = Field(description="n of the n x n tiles")
    threshold: float = Field(description="Map value up to which a pixel of the proposal is background, 0..1")
    classes: list[CamFacts] = Field(description="In the order of the maps")


class SuperpixelsHeader(BaseModel):
    """Header of the superpixels of a picture."""

    segments: int = Field(description="How many there are")


class PlaceOut(BaseModel):
    """Where a picture stands in the line of those that are computed."""

    ahead: int | None = Field(description="How many are done before it; null if it is not in the line")
    seconds: float | None = Field(description="How long that will probably take")


@router.get("/{item_id}/place")
async def read_place(item_id: ItemId, services: OpenServices) -> PlaceOut:
    """Say how many pictures are computed before this one. Needs neither a thread nor the database."""
    place = services.proposals.place(item_id)
    if place is None:
        return PlaceOut(ahead=None, seconds=None)
    return PlaceOut(ahead=place.ahead, seconds=round(place.seconds, 1))


@router.get(
    "/{item_id}/cams",
    response_class=FramedResponse,
    responses=framed_responses(CamsHeader, 404, 422, 503),
)
async def read_cams(item_id: ItemId, services: OpenServices, annotator: Annotator) -> Response:
    """Send the class activation maps of the picture's tags, framed (see docs/formats.md).

    Arrays `cams`, `whole` and `tiled`: float16, classes x height x width, 0..1.
    """
    item = await run_in_threadpool(_find, services, item_id)
    try:
        cams = await outcome(services.proposals.request(item_id, Priority.NOW, annotator), _LONGEST_WAIT_S)
    except (TimeoutError, CancelledError) as error:
        raise HttpError(503, "the heatmap is not ready yet", where=item.name, remedy="Try again") from error
    return await run_in(MAPS, _answer, services, item, cams)


def _answer(services: Services, item: ItemFacts, cams: CamResult) -> Response:
    model = services.proposals.predictor_of(item.dataset_id).model
    view = services.live.view(item.dataset_id)
    classes = [
        CamFacts(
            index=index,
            name=name,
            weak=bool(cams.weak_k[k]) and not view.has_proved(index),
            seen_as=model.describe(name),
            disagreement=float(cams.disagreement_k[k]),
        )
        for k, (index, name) in enumerate(zip(item.tags, cams.class_names, strict=True))
    ]
    header = CamsHeader(
        model=cams.identity,
        tiles=cams.tiles_per_side,
        threshold=model.background_threshold,
        classes=classes,
    )
    arrays = {"cams": cams.cams_khw, "whole": cams.whole_khw, "tiled": cams.tiled_khw}
    return framed(header, {name: array.astype(np.float16) for name, array in arrays.items()})


def _find(services: Services, item_id: int) -> ItemFacts:
    with services.database.read() as session:
        return read_item(session, item_id)


@router.get(
    "/{item_id}/superpixels",
    response_class=FramedResponse,
    responses=framed_responses(SuperpixelsHeader, 404, 422),
)
@in_lane(PICTURES)
def read_superpixels(
    item_id: ItemId,
    services: OpenServices,
    count: Annotated[
        int | None,
        Query(
            ge=_COUNTS[0],
            le=_COUNTS[-1],
            description="About how many; by default in proportion to the picture",
        ),
    ] = None,
) -> Response:
    """Send SLIC superpixels, framed: the array `labels`, uint16 height x width.

    For large pictures it is smaller than the picture; enlarge it with nearest neighbours.
    """
    item = _find(services, item_id)
    wanted = None if count is None else min(_COUNTS, key=lambda one: abs(one - count))
    labels = display.superpixels(
        item, services.workspace.superpixels_dir, services.settings.max_image_pixels, wanted
    )
    return framed(SuperpixelsHeader(segments=int(labels.max()) + 1), {"labels": labels})

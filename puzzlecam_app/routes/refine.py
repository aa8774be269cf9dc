"""Masks refined by seeds, for the Smart tool. These requests store nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.routes.common import HttpError, ItemId, OpenServices, problem_responses
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses
from puzzlecam_app.routes.mask_bodies import FRAMED, check_classes, read_body, read_framed
from puzzlecam_app.services import Services
from puzzlecam_app.smart.steps import RefineIn, Step
from puzzlecam_app.smart.tool import Refined, SupersededError

router = APIRouter(prefix="/items", tags=["masks"])

_LONGEST_WAIT_S = 60

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FRAMED: {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "A frame (see docs/formats.md): the array `mask`, deflated, and as header "
                    "`seeds`, `locked_classes`, `only_background`, `protected`, `heatmap`, `client`",
                }
            }
        },
    }
}


class RefinedHeader(BaseModel):
    """Header of a refined mask."""

    rect: tuple[int, int, int, int] | None = Field(
        description="(top, left, bottom, right) of the changed pixels; null if nothing changed"
    )
    step: Step = Field(description="Send it when the mask is saved, so that the step can be repeated later")


@router.post(
    "/{item_id}/refine",
    response_class=FramedResponse,
    responses=framed_responses(RefinedHeader, 404, 409, 413, 415, 422, 503),
    openapi_extra=_BODY,
)
async def refine(item_id: ItemId, request: Request, services: OpenServices) -> Response:
    """Refine a mask with seeds; send the changed rectangle, framed and deflated.

    Send the mask as it was before the first seed, and all seeds each time. The answer holds the array
    `pixels`, uint8, the refined mask inside `rect` ([top, left, bottom, right], null if nothing changed), and
    `step`: send it with the mask that is saved, so that the step can be repeated later. A newer request of
    the same `client` about the same picture replaces an unfinished one, which answers 409.
    """
    item = await run_in_threadpool(_find, services, item_id)
    if request.headers.get("content-type", "") != FRAMED:
        raise HttpError(415, "the request is not framed", where=item.name, remedy=f"Send it as {FRAMED}")
    body = await read_body(request, item, is_framed=True)
    refine_in, mask = await run_in_threadpool(read_framed, item, body, RefineIn)
    check_classes(item, [seed.label for seed in refine_in.seeds])
    try:
        work = asyncio.wrap_future(services.smart.refine(item, mask, refine_in))
        refined = await asyncio.wait_for(work, _LONGEST_WAIT_S)
    except SupersededError as error:
        raise HttpError(409, error.message) from error
    except ValueError as error:
        raise HttpError(422, str(error), where=item.name, remedy="Correct the request") from error
    except TimeoutError as error:
        raise HttpError(
            503,
            f"the engine has not answered within {_LONGEST_WAIT_S} seconds",
            where=item.name,
            remedy="Try again",
        ) from error
    return await run_in_threadpool(_answer, refined)


@router.post("/{item_id}/refine/prepare", status_code=202, responses=problem_responses(404))
def prepare(item_id: ItemId, services: OpenServices) -> None:
    """Prepare in the background what the first request about a picture needs."""
    _find(services, item_id)
    services.smart.prepare([item_id], Priority.NOW)


def _find(services: Services, item_id: int) -> ItemFacts:
    with services.database.read() as session:
        return read_item(session, item_id)


def _answer(refined: Refined) -> Response:
    header = RefinedHeader(rect=refined.rect, step=refined.step)
    timing = {"Server-Timing": f"refine;dur={1000 * refined.seconds:.0f}"}
    return framed(header.model_dump(mode="json", exclude_defaults=True), {"pixels": refined.pixels}, timing)

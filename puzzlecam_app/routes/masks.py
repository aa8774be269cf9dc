"""Masks: read, save as draft, decide. Every change names the revision that it is based on."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from db.annotations import Making, append_revision, decide, find_revision, latest_revision
from db.leases import free
from db.models import Revision
from db.palette import BACKGROUND, voc_palette
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lanes import SAVES, STORES, in_lane, outcome, run_in
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.routes.common import (
    Annotator,
    ExpectedRevision,
    HttpError,
    ItemId,
    ItemState,
    OpenServices,
    etag,
    problem_responses,
)
from puzzlecam_app.routes.mask_bodies import FRAMED, read_body, read_framed, unpack_mask
from puzzlecam_app.services import Services
from puzzlecam_app.smart.steps import Step
from puzzlecam_app.wire import deflate

router = APIRouter(prefix="/items", tags=["masks"])
_SAVED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "The new revision", "schema": {"type": "string"}}}}
}
_log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 240
_RENEWAL_WAIT_S = 1.0
_LONGEST_SESSION_S = 86_400.0
_MOST_STROKES = 1_000_000
Seconds = Annotated[
    float | None, Query(ge=0, le=_LONGEST_SESSION_S, description="Time worked since the last save")
]
Strokes = Annotated[
    int | None,
    Query(ge=0, le=_MOST_STROKES, description="Changes by hand since then"),
]


class DecisionIn(BaseModel):
    """A labeler's decision."""

    action: Literal["accept", "reject", "skip", "revert"]
    seconds_spent: float | None = Field(default=None, ge=0, le=_LONGEST_SESSION_S)


class StepsIn(BaseModel):
    """Header of a framed mask."""

    steps: list[Step] = Field(max_length=200, description="Answers of the Smart tool since the last save")


@router.get("/{item_id}/mask", response_class=Response, responses=problem_responses(404, 422, 503))
async def read_mask(
    item_id: ItemId,
    services: OpenServices,
    annotator: Annotator,
    revision: Annotated[
        int | None, Query(ge=0, description="An older revision; the newest when absent")
    ] = None,
) -> Response:
    """Send a mask: height x width bytes of class indices, row by row, deflated.

    `ETag` is the revision, `X-Mask-Action` the action that made it: `none` where there is no revision.

    A picture without any revision gets its proposal first. If none can be made, the mask is all background
    and the `ETag` is `"0"`. A proposal is renewed first if something was learned or forgotten since. If that
    takes longer than a second, the earlier proposal is sent with `X-Renewal: pending`: ask again.
    """

    def look() -> tuple[ItemFacts, Revision | None]:
        with services.database.read() as session:
            newest = latest_revision if revision is None else partial(_find, revision_id=revision)
            return read_item(session, item_id), newest(session, item_id)

    item, shown = await run_in_threadpool(look)
    is_pending = False
    if revision is None and (shown is None or shown.action == "withdrawn"):
        asked_first = services.proposals.request(item.id, Priority.NOW, annotator)
        await _wait(item, asked_first, _LONGEST_WAIT_S)
        item, shown = await run_in_threadpool(look)
    elif (
        revision is None
        and shown is not None
        and shown.action == "proposed"
        and await run_in_threadpool(services.live.may_renew, item.dataset_id, shown.proposed_by)
    ):
        asked = services.proposals.request_newest(item.id)
        await _wait(item, asked, _RENEWAL_WAIT_S)
        is_pending = not asked.done()
        item, shown = await run_in_threadpool(look)
    if shown is not None and shown.mask_hash is not None and not services.masks.is_near(shown.mask_hash):
        await run_in(STORES, services.masks.file, shown.mask_hash)
    return await run_in_threadpool(_send, services, item, shown, is_pending)


def _send(services: Services, item: ItemFacts, shown: Revision | None, is_pending: bool) -> Response:
    mask = _mask_of(services, item, shown)
    return Response(
        deflate(mask.tobytes()),
        media_type="application/octet-stream",
        headers={
            "Content-Encoding": "deflate",
            "ETag": etag(shown),
            "Cache-Control": "no-store",
            "X-Mask-Shape": f"{item.height},{item.width}",
            "X-Mask-Action": "none" if shown is None else shown.action,
            **({"X-Renewal": "pending"} if is_pending else {}),
        },
    )


@router.put("/{item_id}/mask", responses=_SAVED | problem_responses(404, 412, 413, 422, 428, 503, 507))
async def write_mask(
    item_id: ItemId,
    request: Request,
    response: Response,
    services: OpenServices,
    annotator: Annotator,
    expected: ExpectedRevision,
    seconds_spent: Seconds = None,
    strokes: Strokes = None,
) -> ItemState:
    """Save a draft: height x width bytes of class indices, plain or with `Content-Encoding: deflate`.

    With `Content-Type: application/x-puzzlecam-frame` the body is a frame (see docs/formats.md): the array
    `mask`, deflated, and the header `steps`, which holds the `step` of each answer to the Smart tool.
    """

    def facts() -> ItemFacts:
        with services.database.read() as session:
            return read_item(session, item_id)

    item = await run_in_threadpool(facts)
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("deflate", "identity"):
        raise HttpError(422, f"the mask is sent as {encoding!r}", remedy="Send it plain or deflated")
    is_framed = request.headers.get("content-type", "") == FRAMED
    body = await read_body(request, item, is_framed=is_framed)

    def store() -> ItemState:
        steps: list[Step] = []
        if is_framed:
            sent, mask = read_framed(item, body, StepsIn)
            steps = sent.steps
            services.smart.keep_priors(steps)
        else:
            mask = unpack_mask(item, body, is_deflated=encoding == "deflate")
        mask_hash = services.masks.put(mask, voc_palette())
        with services.database.write() as session:
            newest = append_revision(
                session,
                item_id,
                expected=expected,
                action="drafted",
                author=get_or_create(session, annotator).id,
                mask_hash=mask_hash,
                making=Making(seconds_spent, [step.stored() for step in steps], strokes),
            )
            return _stored(response, newest)

    return await run_in(SAVES, store)


@router.post("/{item_id}/decision", responses=_SAVED | problem_responses(404, 409, 412, 422, 428, 503, 507))
@in_lane(SAVES)
def write_decision(
    item_id: ItemId,
    decision: DecisionIn,
    response: Response,
    services: OpenServices,
    annotator: Annotator,
    expected: ExpectedRevision,
) -> ItemState:
    """Accept, reject or skip a picture, or revert to its proposal."""
    answer = _decide(item_id, decision, response, services, annotator, expected)
    services.decided(item_id)
    return answer


def _decide(
    item_id: int,
    decision: DecisionIn,
    response: Response,
    services: Services,
    annotator: str,
    expected: int,
) -> ItemState:
    with services.database.write() as session:
        read_item(session, item_id)
        author = get_or_create(session, annotator).id
        newest = decide(
            session,
            item_id,
            expected=expected,
            action=decision.action,
            author=author,
            seconds_spent=decision.seconds_spent,
        )
        if decision.action != "revert":
            free(session, item_id, author)
        return _stored(response, newest)


def _stored(response: Response, newest: Revision) -> ItemState:
    """The answer to a change; its `ETag` is what the next change is based on."""
    response.headers["ETag"] = etag(newest)
    return ItemState.of(newest)


def _find(session: Session, item_id: int, revision_id: int) -> Revision | None:
    if revision_id == 0:
        return None
    revision = find_revision(session, item_id, revision_id)
    if revision is None:
        raise HttpError(404, f"the picture has no revision {revision_id}", remedy="Open its history")
    return revision


async def _wait(item: ItemFacts, asked: Future[Any], seconds: float) -> None:
    """Wait for a proposal; without one, painting by hand stays possible."""
    try:
        await outcome(asked, seconds)
    except (UserError, TimeoutError, CancelledError):
        return  # the heatmap panel says why
    except Exception:
        _log.exception("no proposal for item %s", item.id)


def _mask_of(services: Services, item: ItemFacts, revision: Revision | None) -> NDArray[np.uint8]:
    if revision is None or revision.mask_hash is None:
        return np.full((item.height, item.width), BACKGROUND, np.uint8)
    return services.masks.get(revision.mask_hash)

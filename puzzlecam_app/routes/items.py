"""One picture: facts, history, and the files that the browser shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from db.annotations import history, latest_revision
from db.bookmarks import bookmarked
from db.models import Revision
from db.users import find_user
from puzzlecam_app import display
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lanes import PICTURES, in_lane
from puzzlecam_app.routes.common import (
    Annotator,
    ItemId,
    ItemState,
    OpenServices,
    RevisionOut,
    etag,
    problem_responses,
)
from puzzlecam_app.smart.steps import Step

router = APIRouter(prefix="/items", tags=["items"])

# The file of an id never changes, so the browser may keep it and only ask whether it is current.
_CACHE = "private, no-cache"


class ItemOut(ItemState):
    """A picture."""

    id: int
    dataset_id: int
    name: str
    width: int
    height: int
    split: str | None
    tags: list[int]
    disagreement: float | None
    label_set_revision: int
    bookmarked: bool = Field(description="By the person who asks")
    missing: bool = Field(description="Its file is not where it should be; its masks and history are there")


class HistoryEntry(RevisionOut):
    """One entry of a picture's history, with the seeds set since the previous entry."""

    seeds: list[Step] = Field(description="Answers of the Smart tool, in order; each can be repeated")


class PrefetchIn(BaseModel):
    """Pictures that will be opened soon, the next one first."""

    items: list[int]


@router.get("/{item_id}", responses=problem_responses(404))
def read(item_id: ItemId, response: Response, services: OpenServices, annotator: Annotator) -> ItemOut:
    """Describe a picture; `ETag` is its newest revision."""
    with services.database.read() as session:
        item, newest = read_item(session, item_id), latest_revision(session, item_id)
        person = find_user(session, annotator)
        is_marked = person is not None and bool(bookmarked(session, person.id, [item_id]))
    response.headers["ETag"] = etag(newest)
    return ItemOut(
        **ItemState.of(newest).model_dump(),
        id=item.id,
        dataset_id=item.dataset_id,
        name=item.name,
        width=item.width,
        height=item.height,
        split=item.split,
        tags=list(item.tags),
        disagreement=item.disagreement,
        label_set_revision=item.label_set_revision,
        bookmarked=is_marked,
        missing=not item.is_there(),
    )


@router.get("/{item_id}/revisions", responses=problem_responses(404))
def read_history(item_id: ItemId, services: OpenServices) -> list[HistoryEntry]:
    """List the history of a picture, oldest entry first."""
    with services.database.read() as session:
        read_item(session, item_id)
        return [
            HistoryEntry(**RevisionOut.of(revision).model_dump(), seeds=revision.seeds or [])
            for revision in history(session, item_id, with_seeds=True)
        ]


@router.get("/{item_id}/image", response_class=Response, responses=problem_responses(404, 422))
@in_lane(PICTURES)
def read_image(item_id: ItemId, request: Request, services: OpenServices) -> Response:
    """Send the upright picture, as a JPEG, PNG or WebP."""
    item, _ = _find(services, item_id)
    headers = {"ETag": f'"{item.sha256}"', "Cache-Control": _CACHE}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    shown, media_type = display.picture(
        item, services.workspace.display_dir, services.settings.max_image_pixels
    )
    return _sent(shown, media_type, headers)


@router.get("/{item_id}/thumbnail", response_class=Response, responses=problem_responses(404, 422))
@in_lane(PICTURES)
def read_thumbnail(
    item_id: ItemId,
    services: OpenServices,
    revision: Annotated[
        int, Query(ge=0, description="Not used; a new value makes the browser fetch it again")
    ] = 0,
    size: display.ThumbnailSize = "small",
) -> Response:
    """Send a small WebP of the picture with its newest mask on top."""
    item, newest = _find(services, item_id)
    mask_hash = newest.mask_hash if newest else None
    shown = display.thumbnail(
        item,
        None if mask_hash is None else services.masks.get(mask_hash),
        mask_hash,
        services.workspace.thumbs_dir,
        services.settings.max_image_pixels,
        size,
    )
    fresh = newest is not None and newest.id == revision
    return _sent(shown, "image/webp", {"Cache-Control": "private, max-age=86400" if fresh else _CACHE})


@router.post("/prefetch", status_code=202, responses=problem_responses(422))
def prefetch(wanted: PrefetchIn, services: OpenServices, annotator: Annotator) -> None:
    """Compute the maps of the next pictures, and prepare the first ones for the Smart tool."""
    items = [item for item in wanted.items[:8] if 0 < item < 2**31]
    services.proposals.prefetch(items, annotator)
    services.smart.prepare(items[:2])
    services.live_work.opened(items)


def _sent(shown: Path | bytes, media_type: str, headers: dict[str, str]) -> Response:
    if isinstance(shown, bytes):
        return Response(shown, media_type=media_type, headers=headers)
    return FileResponse(shown, media_type=media_type, headers=headers)


def _find(services: OpenServices, item_id: int) -> tuple[ItemFacts, Revision | None]:
    with services.database.read() as session:
        return read_item(session, item_id), latest_revision(session, item_id)

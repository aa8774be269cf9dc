"""Bookmarks of the person who asks."""

from __future__ import annotations

from fastapi import APIRouter

from db.bookmarks import set_bookmark
from db.users import get_or_create
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, ItemId, OpenServices, problem_responses

router = APIRouter(prefix="/items", tags=["items"])


@router.put("/{item_id}/bookmark", status_code=204, responses=problem_responses(404, 503))
@in_lane(SAVES)
def set_own_bookmark(item_id: ItemId, services: OpenServices, annotator: Annotator) -> None:
    """Bookmark a picture; only this person sees it."""
    with services.database.write() as session:
        set_bookmark(session, get_or_create(session, annotator).id, item_id, is_set=True)


@router.delete("/{item_id}/bookmark", status_code=204, responses=problem_responses(404, 503))
@in_lane(SAVES)
def remove_own_bookmark(item_id: ItemId, services: OpenServices, annotator: Annotator) -> None:
    """Take this person's bookmark of a picture away."""
    with services.database.write() as session:
        set_bookmark(session, get_or_create(session, annotator).id, item_id, is_set=False)

"""The tags of a picture: what people say about them, and what the studio suggests."""

from __future__ import annotations

import contextlib
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from db.annotations import latest_revision
from db.items import get_item, tags_of
from db.tag_actions import TagAction
from db.tags import suggested_tags
from db.users import get_or_create
from puzzlecam_app.items import read_item
from puzzlecam_app.lanes import outcome
from puzzlecam_app.routes.common import Annotator, Id, ItemId, ItemState, OpenServices, problem_responses
from puzzlecam_app.services import Services
from puzzlecam_app.tag_changes import say_about_tag

router = APIRouter(prefix="/items", tags=["tags"])

_LONGEST_WAIT_S: Final = 10.0


class TagIn(BaseModel):
    """What somebody says about a tag."""

    class_index: int = Field(ge=1, le=254)
    action: TagAction = Field(
        description="added: the class is there; refused: it is not, so it is not suggested again; "
        "removed: its tag is wrong; kept: its tag is right, so it is not doubted again"
    )


class TagsOut(ItemState):
    """The tags of a picture after a change."""

    tags: list[int]


class SuggestedTagOut(BaseModel):
    """A tag that may be missing or wrong."""

    class_index: Id
    name: str
    kind: Literal["missing", "doubtful"]


class SuggestedTagsOut(BaseModel):
    suggestions: list[SuggestedTagOut] = Field(description="The likeliest missing tag first")


@router.get("/{item_id}/tags/suggestions", responses=problem_responses(404))
async def read_suggestions(item_id: ItemId, services: OpenServices) -> SuggestedTagsOut:
    """List the tags that may be missing or wrong, without those that people have answered."""
    comparing = await run_in_threadpool(services.tag_adviser.opened, item_id)
    if comparing is not None:
        with contextlib.suppress(Exception):  # what is wrong with the picture is said when its mask is read
            await outcome(comparing, _LONGEST_WAIT_S)
    return await run_in_threadpool(_suggestions, services, item_id)


@router.post("/{item_id}/tags", responses=problem_responses(404, 422, 503))
def write_tag(item_id: ItemId, said: TagIn, services: OpenServices, annotator: Annotator) -> TagsOut:
    """Add or remove a tag, or answer a suggestion; stored with the person and the time.

    If the tags change, a proposal that the studio computed from the former tags is withdrawn, so that the
    picture gets a new one when it is opened. Masks of people, and imported ones, stay.
    """
    with services.database.write() as session:
        author = get_or_create(session, annotator).id
        say_about_tag(session, item_id, said.class_index, said.action, author=author)
        newest = latest_revision(session, item_id)
        tags = tags_of(session, [item_id])[item_id]
        return TagsOut(**ItemState.of(newest).model_dump(), tags=list(tags))


def _suggestions(services: Services, item_id: int) -> SuggestedTagsOut:
    with services.database.read() as session:
        item = read_item(session, get_item(session, item_id).id)
        found = suggested_tags(session, item_id)
    return SuggestedTagsOut(
        suggestions=[
            SuggestedTagOut(
                class_index=one.class_index,
                name=item.class_names[one.class_index],
                kind="doubtful" if one.is_doubt else "missing",
            )
            for one in found
            if one.class_index in item.class_names
        ]
    )

"""Leases: who has a picture open, and the next one that nobody has."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.items import get_item
from db.leases import MAX_HOLDER_LENGTH, Held, free_others
from db.queue_filter import QueueFilter
from db.users import find_user, get_or_create
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, DatasetId, ItemId, OpenServices, problem_responses
from puzzlecam_app.routes.queue import StatusFilter
from puzzlecam_app.services import Services
from puzzlecam_app.teamwork.next_picture import hold, take_next

router = APIRouter(tags=["leases"])

Holder = Annotated[
    str, Field(min_length=1, max_length=MAX_HOLDER_LENGTH, description="Names the browser tab")
]


class LeaseIn(BaseModel):
    """A tab that wants a picture."""

    holder: Holder
    take_over: bool = Field(default=False, description="Take it from this person's own other tab")


class LeaseOut(BaseModel):
    """Who has a picture."""

    item_id: int
    granted: bool = Field(description="Whether the tab that asked has it")
    own: bool = Field(description="Whether the same person has it, in this tab or another")
    user: str
    since: str = Field(description="UTC, ISO 8601")
    until: str = Field(description="When anybody can have it unless it is renewed; UTC, ISO 8601")

    @classmethod
    def of(cls, held: Held) -> LeaseOut:
        return cls(
            item_id=held.item_id,
            granted=held.is_own,
            own=held.is_same_person,
            user=held.user,
            since=held.since.isoformat(),
            until=held.until.isoformat(),
        )


class ReleaseIn(BaseModel):
    """A tab that leaves a picture."""

    holder: Holder


class NextIn(BaseModel):
    """A tab that wants the next picture of a queue."""

    holder: Holder
    status: StatusFilter = "todo"
    class_index: int | None = Field(default=None, ge=1, le=254)
    split: str | None = Field(default=None, max_length=64)
    order: Literal["name", "doubt", "disagreement", "random"] = "doubt"
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class NextOut(BaseModel):
    """The next picture, leased to the tab that asked."""

    lease: LeaseOut | None = Field(description="Null if no picture is left that nobody works on")


@router.post("/items/{item_id}/lease", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def take_lease(item_id: ItemId, wanted: LeaseIn, services: OpenServices, annotator: Annotator) -> LeaseOut:
    """Take a picture to work on it, or keep it; what the tab had before is given back.

    Saving never depends on this.
    """
    with services.database.read() as session:
        get_item(session, item_id)
    held = hold(
        services.database, item_id, _id_of(services, annotator), wanted.holder, take_over=wanted.take_over
    )
    return LeaseOut.of(held)


@router.post("/items/{item_id}/lease/release", status_code=204, responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def release_lease(item_id: ItemId, left: ReleaseIn, services: OpenServices) -> None:
    """Give back what the tab has, so that others can have it at once."""
    with services.database.write() as session:
        get_item(session, item_id)
        free_others(session, None, left.holder)


@router.post("/datasets/{dataset_id}/next", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def take_next_picture(
    dataset_id: DatasetId, wanted: NextIn, services: OpenServices, annotator: Annotator
) -> NextOut:
    """Take the first picture of a queue that nobody works on."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    user_id = _id_of(services, annotator)
    kept = QueueFilter(wanted.status, wanted.class_index, wanted.split, viewer=user_id)
    held = take_next(
        services.database,
        dataset_id,
        user_id,
        wanted.holder,
        kept,
        order=wanted.order,
        seed=wanted.seed,
    )
    return NextOut(lease=None if held is None else LeaseOut.of(held))


def _id_of(services: Services, annotator: str) -> int:
    """The id of a person, who is stored only when they first come: each transaction waits for the disk."""
    with services.database.read() as session:
        known = find_user(session, annotator)
    if known is not None:
        return known.id
    with services.database.write() as session:
        return get_or_create(session, annotator).id

"""Work that is shared out among people: assignments, and who works on what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from db.assignments import assign, owners_in, take_back
from db.copies import withdraw_copies
from db.datasets import get_dataset
from db.queue import counts_by_owner
from db.queue_filter import QueueFilter
from db.queue_orders import Order
from db.selection import MAX_SELECTED, present_ids
from db.status import STATUS_GROUPS
from db.users import MAX_NAME_LENGTH, find_user, get_or_create
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import (
    Annotator,
    CurrentPerson,
    DatasetId,
    HttpError,
    Id,
    OpenServices,
    problem_responses,
)
from puzzlecam_app.routes.queue import StatusFilter
from puzzlecam_app.teamwork.copying import CopyPlan, copied_for, share_copies
from puzzlecam_app.teamwork.sharing import find_items, members_of, people_of, share_out

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["team"])

_MOST_PICTURES = 1_000_000
_MOST_TAKEN = 100
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]


class MemberOut(BaseModel):
    """A person, what they have to do, and what they have open."""

    name: str
    to_do: int = Field(description="Assigned pictures that are not finished")
    done: int = Field(description="Assigned pictures that are accepted or corrected")
    open_items: list[int] = Field(description="Ids of the pictures that the person has open")


class TeamOut(BaseModel):
    """The people of a dataset; somebody who does not lead it sees only themselves."""

    people: list[MemberOut]
    unassigned: int = Field(description="Unfinished pictures that are nobody's")
    is_lead: bool
    has_accounts: bool = Field(description="Whether only people with a role here can be given pictures")


class SharesIn(BaseModel):
    """Pictures to share out."""

    people: list[Name] = Field(min_length=1, max_length=200)
    count: int | None = Field(
        default=None, ge=1, le=_MOST_PICTURES, description="How many pictures; all that match when absent"
    )
    ids: list[Id] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_SELECTED,
        description="These pictures, whatever else is said about which ones",
    )
    status: StatusFilter | None = "todo"
    class_index: int | None = Field(default=None, ge=1, le=254)
    split: str | None = Field(default=None, max_length=64)
    order: Order = "doubt"
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Of the random order")
    weights: list[int] | None = Field(
        default=None,
        max_length=200,
        description="Parts that each person gets, in the order of `people`; equal parts when absent",
    )
    copies_percent: float = Field(
        default=0, ge=0, le=100, description="How many of the pictures several people label, unknowingly"
    )
    copies_people: int = Field(default=2, ge=2, le=5, description="How many people label each of these")
    is_reassigned: bool = Field(default=False, description="Also pictures that are somebody's already")


class SharesOut(BaseModel):
    """How many pictures each person was given."""

    shares: dict[str, int]
    copies: int = Field(default=0, description="How many copies for other people were made of them")


class TakeIn(BaseModel):
    """A person takes pictures that are nobody's."""

    count: int = Field(default=10, ge=1, le=_MOST_TAKEN)


class TakeBackIn(BaseModel):
    """Whose unfinished pictures become nobody's."""

    person: Name | None = Field(default=None, description="Everybody's when absent")


class TakeBackOut(BaseModel):
    """How many pictures became nobody's."""

    pictures: int


@router.get("/team", responses=problem_responses(404))
def read_team(
    dataset_id: DatasetId, services: OpenServices, annotator: Annotator, person: CurrentPerson
) -> TeamOut:
    """List what each person has to do, has done, and has open."""
    is_lead = person.may("lead", dataset_id)
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        nobodys = counts_by_owner(session, dataset_id).get(None, {})
        found = members_of(session, dataset_id, has_accounts=services.settings.has_accounts)
    people = [
        MemberOut(name=one.name, to_do=one.to_do, done=one.done, open_items=list(one.open_items))
        for one in found
        if is_lead or one.name == annotator
    ]
    unassigned = sum(nobodys.get(status, 0) for status in STATUS_GROUPS["todo"])
    return TeamOut(
        people=people,
        unassigned=unassigned,
        is_lead=is_lead,
        has_accounts=services.settings.has_accounts,
    )


@router.post("/assignments", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def share_pictures(
    dataset_id: DatasetId,
    wanted: SharesIn,
    services: OpenServices,
    annotator: Annotator,
    request: Request,
) -> SharesOut:
    """Share pictures out among people. Nobody but the lead learns which pictures several people label."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        users = users_named(services, session, dataset_id, wanted.people)
        kept = QueueFilter(
            wanted.status, wanted.class_index, wanted.split, is_unassigned=not wanted.is_reassigned
        )
        hidden = copied_for(session, dataset_id, users)
        if wanted.ids is not None:
            items = _selected(session, dataset_id, wanted, hidden)
        else:
            items = find_items(
                session,
                dataset_id,
                kept,
                order=wanted.order,
                seed=wanted.seed,
                count=wanted.count,
                without=hidden,
            )
        shares = share_out(items, _weights(wanted, users))
        lead = get_or_create(session, annotator).id
        assign(session, shares, assigned_by=lead)
        plan = CopyPlan(wanted.copies_percent, wanted.copies_people, wanted.seed)
        copies = share_copies(session, shares, plan, lead)
    numbers = {name: len(shares[user_id]) for user_id, name in users.items()}
    request.state.audit_detail = {"shares": ", ".join(f"{name} {number}" for name, number in numbers.items())}
    if copies:
        request.state.audit_detail["copies"] = copies
    return SharesOut(shares=numbers, copies=copies)


def _selected(session: Session, dataset_id: int, wanted: SharesIn, hidden: Collection[int]) -> list[int]:
    """Those of the pictures that were named which can be given to these people."""
    owners = {} if wanted.is_reassigned else owners_in(session, dataset_id)
    present = present_ids(session, dataset_id, list(dict.fromkeys(wanted.ids or ())))
    return [one for one in present if one not in hidden and one not in owners]


@router.post("/assignments/take", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def take_pictures(
    dataset_id: DatasetId, wanted: TakeIn, services: OpenServices, annotator: Annotator
) -> SharesOut:
    """Take the next unfinished pictures that are nobody's, the most doubtful ones first."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        user_id = get_or_create(session, annotator).id
        kept = QueueFilter("todo", is_unassigned=True, viewer=user_id)
        items = find_items(session, dataset_id, kept, order="doubt", count=wanted.count)
        assign(session, {user_id: items})
    return SharesOut(shares={annotator: len(items)})


@router.post("/assignments/take-back", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def take_pictures_back(
    dataset_id: DatasetId, wanted: TakeBackIn, services: OpenServices, request: Request
) -> TakeBackOut:
    """Make the unfinished pictures of a person, or of everybody, nobody's again."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        user = None if wanted.person is None else find_user(session, wanted.person)
        if wanted.person is not None and user is None:
            raise HttpError(422, f"there is nobody called {wanted.person!r}", remedy="Check the name")
        owners = owners_in(session, dataset_id)
        kept = QueueFilter("todo", assigned_to=None if user is None else user.id)
        items = [one for one in find_items(session, dataset_id, kept, order="name") if one in owners]
        take_back(session, items)
        number = len(items) + withdraw_copies(session, dataset_id, None if user is None else user.id)
    request.state.audit_detail = {"person": wanted.person, "pictures": number}
    return TakeBackOut(pictures=number)


def _weights(wanted: SharesIn, users: dict[int, str]) -> dict[int, int]:
    """Parts by users.id; equal ones if none are named."""
    if wanted.weights is None:
        return dict.fromkeys(users, 1)
    if len(wanted.weights) != len(users) or not all(0 <= one <= 1000 for one in wanted.weights):
        raise HttpError(
            422,
            "the parts do not fit the people",
            where="weights",
            remedy="Give each person a whole number from 0 to 1000",
        )
    if not any(wanted.weights):
        raise HttpError(422, "nobody gets a part", where="weights", remedy="Give somebody a part above 0")
    return dict(zip(users, wanted.weights, strict=True))


def users_named(
    services: OpenServices, session: Session, dataset_id: int, names: list[str]
) -> dict[int, str]:
    """Names by users.id. Where people have accounts, they must have a role on the dataset."""
    if not services.settings.has_accounts:
        users = [get_or_create(session, name) for name in names]
        return {user.id: user.name for user in users}
    known = people_of(session, dataset_id, has_accounts=True)
    ids = {name: user_id for user_id, name in known.items()}
    if strangers := [name for name in names if name not in ids]:
        raise HttpError(
            422,
            f"{', '.join(strangers)} cannot label this dataset",
            where="people",
            remedy="Give them a role on it on the page People",
        )
    return {ids[name]: name for name in names}

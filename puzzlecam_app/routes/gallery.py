"""The gallery: many pictures of a dataset at once, and the same done to all that are selected."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from db.datasets import get_dataset
from db.labels import latest_label_set
from db.palette import MAX_CLASS_INDEX
from db.queue import MAX_IDS_PAGE, MAX_PAGE, count_items, entries_of, list_ids
from db.selection import MAX_SELECTED, Selection, newest_revision_id
from db.users import find_user, get_or_create
from puzzlecam_app.gallery.bulk import Actor
from puzzlecam_app.gallery.one_picture import BulkAction, Outcome, Wanted
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.people.cookies import address_of
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import (
    Annotator,
    CurrentPerson,
    DatasetId,
    HttpError,
    Id,
    OpenServices,
    problem_responses,
)
from puzzlecam_app.routes.queue import ItemRow, QueueAsked, marked_by
from puzzlecam_app.runs.jobs import Job
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets/{dataset_id}/gallery", tags=["gallery"])

RevisionId = Annotated[int, Field(ge=0, le=2**31 - 1)]
_DONE = {
    "accept": "accepted",
    "reject": "rejected",
    "skip": "skipped",
    "tag": "given the tag",
    "untag": "freed of the tag",
}


class GalleryOut(BaseModel):
    """Ids of pictures, in order."""

    ids: list[int]
    next: str | None = Field(description="Value for `after` to get the next ids; null after the last")
    total: int | None = Field(description="How many there are in all; only with the first ids")
    listed_at: int = Field(description="The newest revision now; to be sent with a bulk action")


class GalleryRowsIn(BaseModel):
    """Pictures to describe."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] = Field(max_length=MAX_PAGE)


class GalleryRowsOut(BaseModel):
    items: list[ItemRow] = Field(description="In the order asked for; those that are gone are left out")


class BulkIn(BaseModel):
    """What is to be done to many pictures."""

    model_config = ConfigDict(extra="forbid")

    action: BulkAction
    class_index: int | None = Field(default=None, ge=1, le=MAX_CLASS_INDEX, description="The tag")
    ids: list[Id] = Field(min_length=1, max_length=MAX_SELECTED)
    shown: list[RevisionId | None] = Field(
        max_length=MAX_SELECTED,
        description="The revision that each picture was shown at, 0 for none; null if it was only listed",
    )
    listed_at: RevisionId


class LeftOut(BaseModel):
    """A picture that was left as it was."""

    item_id: int
    name: str
    reason: str


class BulkWorkOut(BaseModel):
    """A bulk action of this person."""

    state: Literal["running", "done", "failed"]
    done: int
    total: int
    sentence: str = Field(description="What it did, or why it failed; empty while it runs")
    left: list[LeftOut] = Field(description="The first pictures that were left as they were")


class BulkOut(BaseModel):
    """This person's last bulk action on the dataset."""

    work: BulkWorkOut | None
    can_undo: bool


@router.get("", responses=problem_responses(404, 422))
def read_ids(
    dataset_id: DatasetId,
    services: OpenServices,
    asked: QueueAsked,
    limit: Annotated[int, Query(ge=1, le=MAX_IDS_PAGE)] = MAX_IDS_PAGE,
) -> GalleryOut:
    """List the ids alone of the pictures that a filter keeps, in the order of review."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        kept = asked.kept(session, dataset_id)
        ids, following = list_ids(
            session,
            dataset_id,
            kept,
            order=asked.order,
            seed=asked.seed,
            after=asked.after,
            limit=limit,
        )
        total = None
        if asked.after is None:
            total = len(ids) if following is None else count_items(session, dataset_id, kept)
        return GalleryOut(ids=ids, next=following, total=total, listed_at=newest_revision_id(session))


@router.post("/rows", responses=problem_responses(404, 422))
def read_rows(
    dataset_id: DatasetId, asked: GalleryRowsIn, services: OpenServices, annotator: Annotator
) -> GalleryRowsOut:
    """Describe pictures of the dataset as the queue does."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        user = find_user(session, annotator)
        entries = entries_of(session, dataset_id, asked.ids, user.id if user else None)
        marked = marked_by(session, annotator, entries)
        return GalleryRowsOut(items=[ItemRow.of(entry, marked) for entry in entries])


@router.get("/actions", responses=problem_responses(404))
def read_action(dataset_id: DatasetId, services: OpenServices, annotator: Annotator) -> BulkOut:
    """Say how far this person's last bulk action is."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        user = find_user(session, annotator)
    return BulkOut(work=None, can_undo=False) if user is None else _answer(services, dataset_id, user.id)


@router.post("/actions", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def start_action(
    dataset_id: DatasetId,
    wanted: BulkIn,
    request: Request,
    services: OpenServices,
    annotator: Annotator,
    person: CurrentPerson,
) -> BulkOut:
    """Accept, reject or skip many pictures, or give them a tag or take it away, in the background.

    Each picture gets a revision as by a single decision. Pictures that changed since they were shown, and
    those that somebody else works on, stay as they are.
    """
    if len(wanted.shown) != len(wanted.ids):
        raise HttpError(422, "`shown` and `ids` differ in length", remedy="Send one value for each picture")
    request.state.audit_detail = {"action": wanted.action, "pictures": len(wanted.ids)}
    if wanted.class_index is not None:
        request.state.audit_detail["class_index"] = wanted.class_index
    is_about_tags = wanted.action in ("tag", "untag")
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        classes = latest_label_set(session, dataset_id).classes
        actor = _actor(get_or_create(session, annotator).id, annotator, request, person)
    if is_about_tags and wanted.class_index not in {one.index for one in classes if one.retired_to is None}:
        raise HttpError(422, "the class list has no such class", where="class_index", remedy="Choose the tag")
    pairs = zip(wanted.ids, wanted.shown, strict=True)
    selection = Selection(
        list(dict.fromkeys(wanted.ids)),
        wanted.listed_at,
        {item_id: revision for item_id, revision in pairs if revision is not None},
    )
    what = Wanted(wanted.action, wanted.class_index if is_about_tags else None)
    services.bulk_actions.start(dataset_id, selection, what, actor)
    return _answer(services, dataset_id, actor.author)


@router.post("/actions/undo", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def undo_action(
    dataset_id: DatasetId,
    request: Request,
    services: OpenServices,
    annotator: Annotator,
    person: CurrentPerson,
) -> BulkOut:
    """Undo this person's last bulk action. Pictures that changed since keep what they have."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        actor = _actor(get_or_create(session, annotator).id, annotator, request, person)
    services.bulk_actions.undo(dataset_id, actor)
    return _answer(services, dataset_id, actor.author)


def _actor(author: int, annotator: str, request: Request, person: Person) -> Actor:
    return Actor(author, annotator, person.user_id, address_of(request.scope))


def _answer(services: Services, dataset_id: int, author: int) -> BulkOut:
    job = services.bulk_actions.job(dataset_id, author)
    is_running = job is not None and job.state == "running"
    return BulkOut(
        work=None if job is None else _work(job),
        can_undo=not is_running and services.bulk_actions.can_undo(dataset_id, author),
    )


def _work(job: Job) -> BulkWorkOut:
    outcome = job.result if job.state == "done" and isinstance(job.result, Outcome) else None
    return BulkWorkOut(
        state=job.state,
        done=job.done,
        total=job.total,
        sentence=(job.problem or "") if outcome is None else _sentence(outcome),
        left=[]
        if outcome is None
        else [LeftOut(item_id=one.item_id, name=one.name, reason=one.reason) for one in outcome.left],
    )


def _sentence(outcome: Outcome) -> str:
    pictures = f"{outcome.changed:,} {'picture' if outcome.changed == 1 else 'pictures'}"
    done = "changed back" if outcome.is_undo else _DONE[outcome.wanted.action]
    sentences = [f"{pictures} {done}."]
    if outcome.same:
        sentences.append(f"{outcome.same:,} had this already.")
    if outcome.left_count:
        sentences.append(f"{outcome.left_count:,} left as they were.")
    return " ".join(sentences)

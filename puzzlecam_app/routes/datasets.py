"""Datasets and their queues."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from db.annotations import pace
from db.datasets import get_dataset, list_datasets
from db.labels import latest_label_set
from db.models import Item, Revision, User, utc_now
from db.natural_order import natural_key
from db.palette import BACKGROUND
from db.queue import QueueFilter, counts_by_status, list_items
from db.status import Status
from db.users import find_user
from puzzlecam_app.routes.common import Annotator, CurrentPerson, DatasetId, OpenServices, problem_responses

router = APIRouter(tags=["datasets"])

BACKGROUND_COLOR = "#000000"
_PACE_OVER = timedelta(hours=1)
_NOBODY = 0  # ids start at 1
StatusFilter = Literal[
    "new", "proposed", "drafted", "accepted", "corrected", "rejected", "skipped", "todo", "done"
]


class ClassOut(BaseModel):
    """A class of the class list; index 0 is the background."""

    index: int
    name: str
    color: str = Field(description="#rrggbb")
    hotkey: int | None = Field(default=None, description="See the class list")
    description: str | None = None
    position: int | None = Field(default=None, description="Place where classes are shown; null comes last")
    retired_to: int | None = Field(
        default=None, description="What its pixels became, if it was merged or removed; only history shows it"
    )


class DatasetOut(BaseModel):
    """A dataset, with everything that a page needs to open it."""

    id: int
    name: str
    items: int
    counts: dict[Status, int]
    classes: list[ClassOut]
    splits: list[str]
    authors: list[str] = Field(description="Everybody who has changed a picture")


class DatasetsOut(BaseModel):
    datasets: list[DatasetOut]


class ItemRow(BaseModel):
    """A picture in the queue."""

    id: int
    name: str
    width: int
    height: int
    tags: list[int]
    split: str | None
    status: Status
    revision: int | None
    author: str | None
    disagreement: float | None
    doubt: float | None = Field(
        description="How doubtful the proposal is, 0..1; null if no model has processed the picture"
    )


class ItemsOut(BaseModel):
    items: list[ItemRow]
    next: str | None = Field(description="Value for `after` to get the next page; null on the last")
    total: int
    doubt_unknown: int | None = Field(
        description="In the order of doubt: how many of the pictures no model has processed; they come last"
    )


class ProgressOut(BaseModel):
    """How much of a dataset is done and how fast this person works."""

    done: int
    total: int
    decisions: int = Field(description="This person's decisions within the last hour")
    per_hour: float
    measured_s: float = Field(description="Seconds since the first of these decisions, at least a minute")


@router.get("/datasets")
def read_datasets(services: OpenServices, person: CurrentPerson) -> DatasetsOut:
    """List the datasets that this person has a role on."""
    with services.database.read() as session:
        answers = []
        for dataset in list_datasets(session):
            if not person.may("labeler", dataset.id):
                continue
            counts = counts_by_status(session, dataset.id)
            classes = latest_label_set(session, dataset.id).classes
            splits = session.scalars(
                select(Item.split)
                .distinct()
                .where(Item.dataset_id == dataset.id, Item.missing_since.is_(None))
            )
            authors = (
                select(User.name)
                .distinct()
                .join(Revision, Revision.author_id == User.id)
                .join(Item, Item.id == Revision.item_id)
                .where(Item.dataset_id == dataset.id)
            )
            answers.append(
                DatasetOut(
                    id=dataset.id,
                    name=dataset.name,
                    items=sum(counts.values()),
                    counts=counts,
                    classes=[
                        ClassOut(index=BACKGROUND, name="background", color=BACKGROUND_COLOR),
                        *(
                            ClassOut(
                                index=one.index,
                                name=one.name,
                                color=one.color,
                                hotkey=one.hotkey,
                                description=one.description,
                                position=one.position,
                                retired_to=one.retired_to,
                            )
                            for one in classes
                        ),
                    ],
                    splits=sorted((name for name in splits if name is not None), key=natural_key),
                    authors=sorted(session.scalars(authors), key=natural_key),
                )
            )
    return DatasetsOut(datasets=answers)


@router.get("/datasets/{dataset_id}/items", responses=problem_responses(404, 422))
def read_items(
    dataset_id: DatasetId,
    services: OpenServices,
    status: Annotated[StatusFilter | None, Query(description="A status, or the groups todo and done")] = None,
    class_: Annotated[int | None, Query(alias="class", ge=1, le=254, description="Tagged with it")] = None,
    split: Annotated[str | None, Query(max_length=64)] = None,
    author: Annotated[str | None, Query(max_length=64, description="Made the newest change")] = None,
    tags_in_doubt: Annotated[
        bool, Query(description="Only unfinished pictures with suggested or doubtful tags")
    ] = False,
    order: Annotated[Literal["name", "doubt", "disagreement", "random"], Query()] = "name",
    seed: Annotated[int, Query(ge=0, le=2**31 - 1, description="Of the random order")] = 0,
    after: Annotated[str | None, Query(max_length=2048, description="`next` of the previous page")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> ItemsOut:
    """List pictures of a dataset in the order of review."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        author_id = None
        if author is not None:
            user = find_user(session, author)
            author_id = user.id if user else _NOBODY
        page = list_items(
            session,
            dataset_id,
            QueueFilter(status, class_, split, author_id, tags_in_doubt),
            order=order,
            seed=seed,
            after=after,
            limit=limit,
        )
    rows = [
        ItemRow(
            id=entry.item.id,
            name=entry.item.name,
            width=entry.item.width,
            height=entry.item.height,
            tags=list(entry.tags),
            split=entry.item.split,
            status=entry.status,
            revision=entry.revision_id,
            author=entry.author,
            disagreement=entry.item.disagreement,
            doubt=None if entry.item.doubt_rank > 0 else abs(entry.item.doubt_rank),
        )
        for entry in page.items
    ]
    return ItemsOut(items=rows, next=page.next, total=page.total, doubt_unknown=page.doubt_unknown)


@router.get("/datasets/{dataset_id}/progress", responses=problem_responses(404))
def read_progress(dataset_id: DatasetId, services: OpenServices, annotator: Annotator) -> ProgressOut:
    """Count the finished pictures, and measure this person's pace over the last hour."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        user = find_user(session, annotator)
        total = sum(counts_by_status(session, dataset_id).values())
        measured = pace(session, dataset_id, user.id if user else _NOBODY, utc_now() - _PACE_OVER)
    return ProgressOut(
        done=measured.done,
        total=total,
        decisions=measured.decisions,
        per_hour=measured.per_hour,
        measured_s=measured.measured_s,
    )

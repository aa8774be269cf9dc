"""Datasets, their class lists and how far they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from db.annotations import pace
from db.assignments import assigned_by_dataset
from db.datasets import (
    authors_by_dataset,
    covers_by_dataset,
    get_dataset,
    is_copied,
    list_datasets,
    splits_by_dataset,
)
from db.labels import label_sets_by_dataset
from db.models import LabelClass, utc_now
from db.palette import BACKGROUND
from db.queue import counts_by_dataset, counts_by_status
from db.second_looks import rules_by_dataset
from db.status import Status
from db.team_models import RuleName
from db.users import find_user
from puzzlecam_app.routes.common import Annotator, CurrentPerson, DatasetId, OpenServices, problem_responses

router = APIRouter(tags=["datasets"])

BACKGROUND_COLOR = "#000000"
_PACE_OVER = timedelta(hours=1)
_NOBODY = 0  # ids start at 1


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


_BACKGROUND = ClassOut(index=BACKGROUND, name="background", color=BACKGROUND_COLOR)


class DatasetOut(BaseModel):
    """A dataset, with everything that a page needs to open it."""

    id: int
    name: str
    items: int
    counts: dict[Status, int]
    classes: list[ClassOut]
    splits: list[str]
    authors: list[str] = Field(description="Everybody who has changed a picture")
    takes_uploads: bool = Field(description="Whether its pictures are in the workspace")
    is_shared_out: bool = Field(description="Whether pictures are assigned to people")
    second_look: RuleName = Field(description="Which finished pictures get a second look")
    own_items: int = Field(description="How many pictures are assigned to this person")
    is_archived: bool = Field(description="Whether it is shown only on the pages Datasets and Export")
    is_lead: bool = Field(description="Whether this person leads it")
    cover: int | None = Field(description="Id of the picture that stands for it; null without pictures")


class DatasetsOut(BaseModel):
    datasets: list[DatasetOut]


class ProgressOut(BaseModel):
    """How much of a dataset is done and how fast this person works."""

    done: int
    total: int
    decisions: int = Field(description="This person's decisions within the last hour")
    per_hour: float
    measured_s: float = Field(description="Seconds since the first of these decisions, at least a minute")


@router.get("/datasets")
def read_datasets(
    services: OpenServices,
    person: CurrentPerson,
    annotator: Annotator,
    archived: Annotated[bool, Query(description="Whether to list archived datasets too")] = False,
) -> DatasetsOut:
    """List the datasets that this person has a role on."""
    with services.database.read() as session:
        user = find_user(session, annotator)
        shown = [
            one
            for one in list_datasets(session)
            if person.may("labeler", one.id) and (archived or one.archived_at is None)
        ]
        ids = [one.id for one in shown]
        counts = counts_by_dataset(session, ids)
        label_sets = label_sets_by_dataset(session, ids)
        assigned = assigned_by_dataset(session, ids)
        splits, authors = splits_by_dataset(session, ids), authors_by_dataset(session, ids)
        rules, covers = rules_by_dataset(session, ids), covers_by_dataset(session, ids)
        answers = [
            DatasetOut(
                id=one.id,
                name=one.name,
                items=sum(counts[one.id].values()),
                counts=counts[one.id],
                classes=[_BACKGROUND, *map(_class, label_sets[one.id].classes)],
                splits=splits[one.id],
                authors=authors[one.id],
                takes_uploads=is_copied(one),
                is_shared_out=bool(assigned[one.id]),
                second_look=rules[one.id].rule,
                own_items=assigned[one.id].get(user.id, 0) if user else 0,
                is_archived=one.archived_at is not None,
                is_lead=person.may("lead", one.id),
                cover=covers.get(one.id),
            )
            for one in shown
        ]
    return DatasetsOut(datasets=answers)


def _class(row: LabelClass) -> ClassOut:
    return ClassOut(
        index=row.index,
        name=row.name,
        color=row.color,
        hotkey=row.hotkey,
        description=row.description,
        position=row.position,
        retired_to=row.retired_to,
    )


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

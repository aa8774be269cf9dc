"""Progress of the people of a dataset: pictures, minutes, clicks, corrections, returned pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.models import utc_now
from db.queue import counts_by_status
from db.status import STATUS_GROUPS
from db.work import ClassWork, DayOfWork, days_of_work, totals, work_by_class
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import Annotator, CurrentPerson, DatasetId, OpenServices, problem_responses
from puzzlecam_app.routes.csv_answers import csv_answer
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets/{dataset_id}", tags=["team"])

_PACE_DAYS = 7
Days = Annotated[int, Query(ge=1, le=3650, description="Over how many days until now")]


class WorkRow(BaseModel):
    """What a person did."""

    name: str
    finished: int = Field(description="Pictures that the person accepted or corrected")
    corrected: int = Field(description="How many of them they had changed")
    minutes: float = Field(description="Time spent, where it was measured")
    clicks: int = Field(description="Steps of the Smart tool, where they were counted")
    strokes: int = Field(description="Other changes by hand, where they were counted")
    looks: int = Field(description="Second looks at the person's pictures")
    returned: int = Field(description="How many of them returned the picture")


class WorkDay(WorkRow):
    """What a person did on one day."""

    day: str = Field(description="UTC, ISO 8601")


class ClassWorkRow(BaseModel):
    """How much of a class is left: pictures with its tag."""

    name: str
    unfinished: int
    finished: int = Field(description="Pictures that were finished in the last seven days")
    days_left: float | None = Field(description="Days until all are finished at that pace; null without any")


class WorkOut(BaseModel):
    """What people did; somebody who does not lead the dataset sees only themselves."""

    people: list[WorkRow]
    days: list[WorkDay] = Field(description="The same by day and person, the oldest day first")
    unfinished: int
    days_left: float | None = Field(
        description="Days until all pictures are finished at the team's pace of the last seven days; null "
        "without any, and for who is no lead"
    )
    classes: list[ClassWorkRow] = Field(description="The same by class, for leads; others get none")


@router.get("/work", responses=problem_responses(404, 422))
def read_work(
    dataset_id: DatasetId,
    services: OpenServices,
    annotator: Annotator,
    person: CurrentPerson,
    days: Days = 30,
) -> WorkOut:
    """Say what each person did in the last days, and how long the rest takes."""
    is_lead = person.may("lead", dataset_id)
    found = _days(services, dataset_id, days, annotator, person)
    rows = [WorkRow.model_validate(_numbers(one)) for one in totals(found).values()]
    with services.database.read() as session:
        counts = counts_by_status(session, dataset_id)
        since = utc_now() - timedelta(days=_PACE_DAYS)
        lately = days_of_work(session, dataset_id, since) if is_lead else []
        classes = work_by_class(session, dataset_id, since) if is_lead else []
    unfinished = sum(counts[status] for status in STATUS_GROUPS["todo"])
    done = sum(one.finished for one in lately)
    return WorkOut(
        people=rows,
        days=[WorkDay(day=one.day.isoformat(), **_numbers(one)) for one in found],
        unfinished=unfinished,
        days_left=_days_left(unfinished, done),
        classes=[_row_of(one) for one in classes],
    )


@router.get("/work/classes.csv", response_class=Response, responses=problem_responses(404))
def read_class_table(dataset_id: DatasetId, services: OpenServices) -> Response:
    """Send how much of each class is left, as a CSV file."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        found = work_by_class(session, dataset_id, utc_now() - timedelta(days=_PACE_DAYS))
    return csv_answer(
        "classes.csv",
        ("class", "unfinished", "finished_in_7_days", "days_left"),
        (
            (one.name, one.unfinished, one.finished, "" if one.days_left is None else f"{one.days_left:.1f}")
            for one in map(_row_of, found)
        ),
    )


@router.get("/work.csv", response_class=Response, responses=problem_responses(404, 422))
def read_work_table(
    dataset_id: DatasetId,
    services: OpenServices,
    annotator: Annotator,
    person: CurrentPerson,
    days: Days = 30,
) -> Response:
    """Send the same by person and day (UTC), as a CSV file."""
    return csv_answer(
        "work.csv",
        ("day", "name", "finished", "corrected", "minutes", "clicks", "strokes", "second_looks", "returned"),
        (
            (
                one.day,
                one.name,
                one.finished,
                one.corrected,
                f"{one.seconds / 60:.1f}",
                one.clicks,
                one.strokes,
                one.looks,
                one.returned,
            )
            for one in _days(services, dataset_id, days, annotator, person)
        ),
    )


def _days(services: Services, dataset_id: int, days: int, annotator: str, person: Person) -> list[DayOfWork]:
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        found = days_of_work(session, dataset_id, utc_now() - timedelta(days=days))
    return [one for one in found if person.may("lead", dataset_id) or one.name == annotator]


def _numbers(one: DayOfWork) -> dict[str, Any]:
    return {
        "name": one.name,
        "finished": one.finished,
        "corrected": one.corrected,
        "minutes": one.seconds / 60,
        "clicks": one.clicks,
        "strokes": one.strokes,
        "looks": one.looks,
        "returned": one.returned,
    }


def _row_of(one: ClassWork) -> ClassWorkRow:
    return ClassWorkRow(
        name=one.name,
        unfinished=one.unfinished,
        finished=one.finished,
        days_left=_days_left(one.unfinished, one.finished),
    )


def _days_left(unfinished: int, finished: int) -> float | None:
    return unfinished * _PACE_DAYS / finished if finished else None

"""Progress of the people of a dataset: pictures, minutes, corrections, returned pictures."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.models import utc_now
from db.queue import counts_by_status
from db.status import STATUS_GROUPS
from db.work import DayOfWork, days_of_work, totals
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import Annotator, CurrentPerson, DatasetId, OpenServices, problem_responses
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
    looks: int = Field(description="Second looks at the person's pictures")
    returned: int = Field(description="How many of them returned the picture")


class WorkDay(WorkRow):
    """What a person did on one day."""

    day: str = Field(description="UTC, ISO 8601")


class WorkOut(BaseModel):
    """What people did; somebody who does not lead the dataset sees only themselves."""

    people: list[WorkRow]
    days: list[WorkDay] = Field(description="The same by day and person, the oldest day first")
    unfinished: int
    days_left: float | None = Field(
        description="Days until all pictures are finished at the team's pace of the last seven days; null "
        "without any, and for who is no lead"
    )


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
        lately = days_of_work(session, dataset_id, utc_now() - timedelta(days=_PACE_DAYS)) if is_lead else []
    unfinished = sum(counts[status] for status in STATUS_GROUPS["todo"])
    done = sum(one.finished for one in lately)
    return WorkOut(
        people=rows,
        days=[WorkDay(day=one.day.isoformat(), **_numbers(one)) for one in found],
        unfinished=unfinished,
        days_left=unfinished * _PACE_DAYS / done if done else None,
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
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("day", "name", "finished", "corrected", "minutes", "second_looks", "returned"))
    for one in _days(services, dataset_id, days, annotator, person):
        minutes = f"{one.seconds / 60:.1f}"
        rows.writerow(
            (one.day, _plain(one.name), one.finished, one.corrected, minutes, one.looks, one.returned)
        )
    headers = {"Content-Disposition": 'attachment; filename="work.csv"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


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
        "looks": one.looks,
        "returned": one.returned,
    }


def _plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[0] in "=+-@" else name

"""Two models or runs over a dataset, compared in the background and read page by page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.labels import latest_label_set
from puzzlecam_app.lab.compare import (
    ComparedClass,
    ComparedPicture,
    compare,
    comparison_path,
    load_comparison,
)
from puzzlecam_app.lab.sources import PATTERN, open_source
from puzzlecam_app.lanes import MAPS, in_lane
from puzzlecam_app.routes.common import DatasetId, HttpError, OpenServices, problem_responses

router = APIRouter(prefix="/datasets", tags=["lab"])

First = Annotated[str, Query(pattern=PATTERN, description="studio, or run-N")]
Second = Annotated[str, Query(pattern=PATTERN, description="What is compared with the first")]


class ComparedPictureOut(ComparedPicture):
    """A compared picture, with what the second mask gains over the first."""

    gain: float | None


class DatasetComparisonOut(BaseModel):
    """The progress of comparing, and one page of the last comparison of these two."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    problem: str | None = None
    titles: tuple[str, str] | None = None
    classes: list[ComparedClass] = []
    rows: list[ComparedPictureOut] = Field(default=[], description="Those that got worse first")
    pictures: int = 0
    measured: int = 0
    missing: int = 0
    taught: int = 0
    worse: int = Field(default=0, description="Pictures whose IoU is lower with the second")
    better: int = 0


@router.post("/{dataset_id}/lab/compare", status_code=202, responses=problem_responses(404, 422))
@in_lane(MAPS)
def start_comparison(dataset_id: DatasetId, services: OpenServices, first: First, second: Second) -> None:
    """Compare in the background; a second request while it runs changes nothing."""
    if first == second:
        raise HttpError(422, "both are the same", where=first, remedy="Choose two different ones")
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        names = {one.index: one.name for one in latest_label_set(session, dataset_id).classes}

    def work(report: Any) -> None:
        both = [open_source(services, dataset_id, key) for key in (first, second)]
        compare(services, dataset_id, both[0], both[1], names, report)

    services.jobs.start(("lab-compare", dataset_id, first, second), work)


@router.get("/{dataset_id}/lab/compare", responses=problem_responses(404))
@in_lane(MAPS)
def read_comparison(
    dataset_id: DatasetId,
    services: OpenServices,
    first: First,
    second: Second,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> DatasetComparisonOut:
    """Return the progress of comparing, and what was found."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    found = load_comparison(comparison_path(services.workspace.cache_dir, dataset_id, first, second))
    answer = DatasetComparisonOut(state="done" if found else "none")
    job = services.jobs.get(("lab-compare", dataset_id, first, second))
    if job is not None and job.state != "done":
        answer.state, answer.problem = job.state, job.problem
        answer.done, answer.total = job.done, job.total
    if found is not None:
        changes = [one.change for one in found.pictures if one.change is not None]
        answer.titles, answer.classes = found.titles, found.classes
        answer.pictures, answer.measured = len(found.pictures), found.measured
        answer.missing, answer.taught = found.missing, found.taught
        answer.worse, answer.better = sum(c < 0 for c in changes), sum(c > 0 for c in changes)
        answer.rows = [
            ComparedPictureOut(**one.model_dump(), gain=one.change)
            for one in found.pictures[offset : offset + limit]
        ]
    return answer

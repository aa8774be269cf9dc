"""Tags of a dataset from a list again: what it would change, and changing it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.datasets import get_dataset
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.retagging import (
    ChangedPicture,
    TagPlan,
    TagReport,
    apply_tags,
    plan_tags,
    preview,
)
from puzzlecam_app.interchange.tag_files import parse_tag_list
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, DatasetId, OpenServices, problem_responses
from puzzlecam_app.runs.jobs import Report
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets/{dataset_id}/tags", tags=["tags"])

_MOST_CHARACTERS = 1_900_000


class TagListIn(BaseModel):
    """A list of tags."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["csv", "json"] = "csv"
    text: str = Field(max_length=_MOST_CHARACTERS, description="The content of the file")
    only_add: bool = Field(default=False, description="Remove no tag")


class ListProblemOut(BaseModel):
    """What is wrong with a row of a list."""

    file: str = Field(description="Name of the list, and the row")
    reason: str
    remedy: str


class TagListOut(BaseModel):
    """What a list changes."""

    sentence: str
    listed: int = Field(description="Pictures of the dataset that the list names")
    changed: int = Field(description="Those whose tags change")
    added: dict[str, int] = Field(description="By tag: how many pictures get it")
    removed: dict[str, int] = Field(description="By tag: how many pictures lose it")
    new_classes: list[str]
    examples: list[ChangedPicture] = Field(description="The first pictures that change")
    problems: list[ListProblemOut] = Field(description="The first rows that cannot be used")


class TagWorkOut(BaseModel):
    """The last list of a dataset that was applied."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    result: TagListOut | None = None
    problem: str | None = None


@router.post("/preview", responses=problem_responses(404, 422))
@in_lane(SAVES)
def preview_list(dataset_id: DatasetId, sent: TagListIn, services: OpenServices) -> TagListOut:
    """Say what a list would change."""
    return _said(preview(_plan(services, dataset_id, sent)))


@router.post("", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def apply_list(
    dataset_id: DatasetId, sent: TagListIn, request: Request, services: OpenServices, annotator: Annotator
) -> TagWorkOut:
    """Change the tags of the listed pictures in the background, one list of a dataset at a time."""
    plan = _plan(services, dataset_id, sent)
    request.state.audit_detail = {"pictures": len(plan.changes), "new_classes": list(plan.new_classes)}
    with services.database.write() as session:
        author = get_or_create(session, annotator).id

    def work(report: Report) -> TagReport:
        return apply_tags(services.database, plan, author=author, progress=report)

    running = services.jobs.get(("tags", dataset_id))
    if running is not None and running.state == "running":
        raise UserError("another list is being applied to this dataset", remedy="Wait until it is done")
    services.jobs.start(("tags", dataset_id), work)
    return read_work(dataset_id, services)


@router.get("/work", responses=problem_responses(404))
def read_work(dataset_id: DatasetId, services: OpenServices) -> TagWorkOut:
    """Say how far the last list is."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    job = services.jobs.get(("tags", dataset_id))
    if job is None:
        return TagWorkOut(state="none")
    result = _said(job.result) if job.state == "done" and isinstance(job.result, TagReport) else None
    return TagWorkOut(state=job.state, done=job.done, total=job.total, result=result, problem=job.problem)


def _plan(services: Services, dataset_id: int, sent: TagListIn) -> TagPlan:
    rows, problems = parse_tag_list(Path(f"list.{sent.kind}"), sent.text.replace("\r\n", "\n"))
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        return plan_tags(session, dataset_id, rows, problems, only_add=sent.only_add)


def _said(report: TagReport) -> TagListOut:
    return TagListOut(
        sentence=report.sentence,
        listed=report.listed,
        changed=report.changed,
        added=report.added,
        removed=report.removed,
        new_classes=list(report.new_classes),
        examples=list(report.examples),
        problems=[
            ListProblemOut(file=one.file, reason=one.reason, remedy=one.remedy) for one in report.problems
        ],
    )

"""The Lab over a whole dataset, measured in the background and read page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.labels import latest_label_set
from db.natural_order import natural_key
from db.palette import VOID
from puzzlecam_app.lab.class_page import ClassPage, class_page
from puzzlecam_app.lab.measuring import measure
from puzzlecam_app.lab.sources import PATTERN, STUDIO, list_sources, open_source
from puzzlecam_app.lab.survey import (
    SIGNALS,
    ClassFigures,
    RankedSignal,
    Row,
    Signal,
    StageFigures,
    Survey,
    class_figures,
    ranking,
)
from puzzlecam_app.lanes import MAPS, in_lane
from puzzlecam_app.routes.common import DatasetId, HttpError, OpenServices, problem_responses
from puzzlecam_app.services import Services
from puzzlecam_app.tables import Cell, CsvResponse, csv_file

router = APIRouter(prefix="/datasets", tags=["lab"])

Column = Literal["name", "disagreement", "coverage", "entropy", "undecided", "score", "flips", "iou"]
Number = Literal["disagreement", "coverage", "entropy", "undecided", "score", "flips", "iou"]
BadBelow = Annotated[float, Query(ge=0, le=1, description="A mask with a lower IoU counts as bad")]
SourceKey = Annotated[str, Query(alias="source", pattern=PATTERN, description="studio, or run-N")]
ClassIndex = Annotated[int | None, Query(alias="class", ge=1, le=254, description="Tagged with it")]


class SourceOut(BaseModel):
    """What can be measured: the studio's model, or a run."""

    key: str
    title: str


class StageOut(BaseModel):
    """How good the masks are that a stage of the pipeline gives."""

    name: str
    title: str
    threshold: float | None = Field(description="Fixed beforehand; null where the stage makes masks itself")
    pictures: int = Field(description="Pictures with a reference mask that it is measured on")
    miou: float | None = Field(description="Mean IoU over the classes; null where nothing is measured")


class SurveyOut(BaseModel):
    """The progress of measuring, and the figures of the last survey."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    problem: str | None = None
    is_current: bool = Field(default=False, description="Whether the survey is of the studio's model")
    pictures: int = 0
    skipped: int = 0
    measured: int = 0
    taught: int = Field(
        default=0, description="Left out of all figures, because the run learned from their accepted mask"
    )
    signals: dict[Signal, str] = Field(description="What each signal measures")
    ranking: list[RankedSignal] = Field(default=[], description="The best signal first")
    classes: list[ClassFigures] = []
    stages: list[StageOut] = []
    confusion: list[tuple[int, int, int]] = Field(
        default=[], description="True class, class in the mask, pixels"
    )


class RowsOut(BaseModel):
    """One page of pictures."""

    rows: list[Row]
    total: int


class PointsOut(BaseModel):
    """Two numbers of every picture that has both."""

    ids: list[int]
    x: list[float]
    y: list[float]
    iou: list[float | None]


@router.get("/{dataset_id}/lab/sources", responses=problem_responses(404))
@in_lane(MAPS)
def read_sources(dataset_id: DatasetId, services: OpenServices) -> list[SourceOut]:
    """List what can be measured and compared: the studio's model, then runs with CAMs."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    return [SourceOut(key=key, title=title) for key, title in list_sources(services, dataset_id)]


@router.post("/{dataset_id}/lab/survey", status_code=202, responses=problem_responses(404, 422))
@in_lane(MAPS)
def start_survey(dataset_id: DatasetId, services: OpenServices, source: SourceKey = STUDIO) -> None:
    """Measure the dataset in the background; a second request while it runs changes nothing."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    services.jobs.start(
        ("survey", dataset_id, source),
        lambda report: measure(services, dataset_id, open_source(services, dataset_id, source), report),
    )


@router.get("/{dataset_id}/lab/survey", responses=problem_responses(404))
@in_lane(MAPS)
def read_survey(
    dataset_id: DatasetId,
    services: OpenServices,
    bad_below: BadBelow = 0.5,
    source: SourceKey = STUDIO,
) -> SurveyOut:
    """Return the progress of measuring, which signals find bad masks, and the figures of each class."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        names = {one.index: one.name for one in latest_label_set(session, dataset_id).classes}
    job = services.jobs.get(("survey", dataset_id, source))
    found = services.lab.surveys.get(dataset_id, source)
    answer = SurveyOut(state="done" if found else "none", signals=dict(SIGNALS))
    if job is not None and job.state != "done":
        answer.state, answer.problem = job.state, job.problem
        answer.done, answer.total = job.done, job.total
    if found is not None:
        answer.is_current = source != STUDIO or found.model == services.predictor.model.identity
        answer.pictures, answer.skipped, answer.measured = len(found.rows), found.skipped, found.measured
        answer.ranking = ranking(found.rows, bad_below)
        answer.classes = class_figures(found.confusion, names)
        answer.taught, answer.confusion = found.taught, found.confusion
        answer.stages = [_stage(stage, names) for stage in found.stages]
    return answer


@router.get("/{dataset_id}/lab/classes/{index}", responses=problem_responses(404, 409))
@in_lane(MAPS)
def read_class(
    dataset_id: DatasetId,
    index: Annotated[int, Path(ge=0, le=254, description="Of the class; 0 is the background")],
    services: OpenServices,
    source: SourceKey = STUDIO,
) -> ClassPage:
    """Return everything about one class: stages, threshold curves, other tags, best and worst pictures."""
    found = _survey(services, dataset_id, source)
    with services.database.read() as session:
        names = {one.index: one.name for one in latest_label_set(session, dataset_id).classes}
    if index and index not in names:
        raise HttpError(404, "there is no such class", where=str(index), remedy="Choose one of the list")
    return class_page(found, index, names)


@router.get("/{dataset_id}/lab/rows", responses=problem_responses(404, 409))
@in_lane(MAPS)
def read_rows(
    dataset_id: DatasetId,
    services: OpenServices,
    sort: Column = "iou",
    descending: bool = False,
    class_: ClassIndex = None,
    search: Annotated[str, Query(max_length=128, description="Part of the name")] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    source: SourceKey = STUDIO,
) -> RowsOut:
    """List measured pictures; those without a value in the column that is sorted by come last."""
    rows = [
        row
        for row in _survey(services, dataset_id, source).rows
        if (class_ is None or class_ in row.tags) and search.lower() in row.name.lower()
    ]
    known = [row for row in rows if getattr(row, sort) is not None]
    known.sort(
        key=lambda row: (natural_key(row.name) if sort == "name" else getattr(row, sort), row.id),
        reverse=descending,
    )
    known += [row for row in rows if getattr(row, sort) is None]
    return RowsOut(rows=known[offset : offset + limit], total=len(rows))


@router.get(
    "/{dataset_id}/lab/pictures.csv", response_class=CsvResponse, responses=problem_responses(404, 409)
)
@in_lane(MAPS)
def download_pictures(
    dataset_id: DatasetId, services: OpenServices, source: SourceKey = STUDIO
) -> CsvResponse:
    """Send the signals and the IoU of all measured pictures as CSV."""
    found = _survey(services, dataset_id, source)
    names = _class_names(services, dataset_id)
    columns = ("disagreement", "coverage", "entropy", "undecided", "score", "flips", "iou")
    rows: list[list[Cell]] = []
    for row in sorted(found.rows, key=lambda row: (natural_key(row.name), row.id)):
        tags = ";".join(names.get(tag, str(tag)) for tag in row.tags)
        rows.append([row.id, row.name, tags, *(getattr(row, column) for column in columns)])
    return csv_file(("id", "picture", "tags", *columns), rows, name=f"pictures-{dataset_id}-{source}")


@router.get(
    "/{dataset_id}/lab/confusion.csv", response_class=CsvResponse, responses=problem_responses(404, 409)
)
@in_lane(MAPS)
def download_confusion(
    dataset_id: DatasetId, services: OpenServices, source: SourceKey = STUDIO
) -> CsvResponse:
    """Send the confusion matrix as CSV: a row for each true class, a column for each class in the masks.

    Cells are pixels. Void in the reference mask does not count.
    """
    found = _survey(services, dataset_id, source)
    names = {0: "background", **_class_names(services, dataset_id), VOID: "void"}
    pixels = {(true, shown): count for true, shown, count in found.confusion if true != VOID}
    indices = sorted({index for pair in pixels for index in pair})
    titles = [names.get(index, f"class {index}") for index in indices]
    rows: list[list[Cell]] = [
        [title, *(pixels.get((true, shown), 0) for shown in indices)]
        for true, title in zip(indices, titles, strict=True)
        if true != VOID
    ]
    return csv_file(("reference", *titles), rows, name=f"confusion-{dataset_id}-{source}")


@router.get("/{dataset_id}/lab/points", responses=problem_responses(404, 409))
@in_lane(MAPS)
def read_points(
    dataset_id: DatasetId,
    services: OpenServices,
    x: Number = "disagreement",
    y: Number = "iou",
    class_: ClassIndex = None,
    source: SourceKey = STUDIO,
) -> PointsOut:
    """Send two columns of every picture that has both."""
    rows = [
        row
        for row in _survey(services, dataset_id, source).rows
        if getattr(row, x) is not None
        and getattr(row, y) is not None
        and (class_ is None or class_ in row.tags)
    ]
    return PointsOut(
        ids=[row.id for row in rows],
        x=[getattr(row, x) for row in rows],
        y=[getattr(row, y) for row in rows],
        iou=[row.iou for row in rows],
    )


def _stage(stage: StageFigures, names: Mapping[int, str]) -> StageOut:
    ious = [one.iou for one in class_figures(stage.confusion, names)]
    return StageOut(
        name=stage.name,
        title=stage.title,
        threshold=stage.threshold,
        pictures=stage.pictures,
        miou=sum(ious) / len(ious) if ious else None,
    )


def _class_names(services: Services, dataset_id: int) -> dict[int, str]:
    with services.database.read() as session:
        return {one.index: one.name for one in latest_label_set(session, dataset_id).classes}


def _survey(services: Services, dataset_id: int, source: str) -> Survey:
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    found = services.lab.surveys.get(dataset_id, source)
    if found is None:
        raise HttpError(409, "the dataset is not measured yet", remedy="Start measuring on the Lab page")
    return found

"""Exports of a dataset: start one, list those that the workspace keeps, download and remove them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.status import STATUS_GROUPS, Status
from puzzlecam_app.interchange.exporting import (
    MAX_VOID_BOUNDARY_PX,
    ExportOptions,
    ExportReport,
    export_dataset,
)
from puzzlecam_app.interchange.formats.writers import WRITE_FORMATS
from puzzlecam_app.interchange.kept_exports import KeptExport
from puzzlecam_app.lanes import ZIPS, in_lane
from puzzlecam_app.routes.common import Annotator, DatasetId, HttpError, OpenServices, problem_responses
from puzzlecam_app.runs.jobs import Job, Report
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets/{dataset_id}/exports", tags=["exports"])

ExportName = Annotated[str, Path(max_length=255, description="Name of an export, from the list")]


class ExportIn(BaseModel):
    """What to export."""

    format: str = Field(default="voc", max_length=32, description="A format that `dataset export` knows")
    statuses: list[Status] = Field(
        default_factory=lambda: list(STATUS_GROUPS["done"]), min_length=1, max_length=8
    )
    splits: list[str] = Field(default_factory=list, max_length=100, description="Only these; empty for all")
    with_tags: list[str] = Field(
        default_factory=list, max_length=254, description="Only pictures with one of these tags"
    )
    void_boundary_px: int = Field(default=0, ge=0, le=MAX_VOID_BOUNDARY_PX)


class ExportOut(BaseModel):
    """An export that the workspace keeps."""

    name: str
    dataset: str = Field(description="Name that the dataset had")
    created: str
    by: str | None = Field(description="Who started it; null if that is not known")
    format: str
    pictures: int
    left_out: int = Field(description="Pictures that could not be exported")
    classes: list[str]
    statuses: list[str]
    splits: list[str] = Field(description="Empty if all were exported")
    with_tags: list[str] = Field(description="Empty if all were exported")
    void_boundary_px: int
    size_bytes: int


class ExportWorkOut(BaseModel):
    """How far the newest export is that was started by this route."""

    state: Literal["running", "done", "failed"]
    done: int
    total: int
    problem: str | None
    name: str | None = Field(description="Name of the export once it is done")


class ExportsOut(BaseModel):
    exports: list[ExportOut] = Field(description="The newest first")
    work: ExportWorkOut | None


@router.get("", responses=problem_responses(404))
def read_exports(dataset_id: DatasetId, services: OpenServices) -> ExportsOut:
    """List the exports of a dataset that the workspace keeps."""
    _check(services, dataset_id)
    job = services.jobs.get(("export", dataset_id))
    return ExportsOut(
        exports=[_described(one) for one in services.exports.of_dataset(dataset_id)],
        work=None if job is None else _work(job),
    )


@router.post("", status_code=202, responses=problem_responses(404, 422))
def start_export(
    dataset_id: DatasetId, wanted: ExportIn, services: OpenServices, annotator: Annotator
) -> ExportWorkOut:
    """Start an export; the list says when it is done. One export of a dataset runs at a time."""
    name = _check(services, dataset_id)
    known = [one.name for one in WRITE_FORMATS]
    if wanted.format not in known:
        raise HttpError(
            422, f"there is no format {wanted.format!r}", remedy=f"Choose one of {', '.join(known)}"
        )
    options = ExportOptions(
        statuses=tuple(wanted.statuses),
        void_boundary_px=wanted.void_boundary_px,
        max_pixels=services.settings.max_image_pixels,
        splits=tuple(wanted.splits),
        with_tags=tuple(wanted.with_tags),
        by=annotator,
    )

    def work(report: Report) -> ExportReport:
        out = services.exports.new_folder(name)
        exported = export_dataset(
            services.database, services.masks, name, out, options, format=wanted.format, progress=report
        )
        services.exports.pack(dataset_id, out.name)
        return exported

    return _work(services.jobs.start(("export", dataset_id), work))


@router.get("/{name}/zip", response_class=Response, responses=problem_responses(404, 422))
@in_lane(ZIPS)
def download(dataset_id: DatasetId, name: ExportName, services: OpenServices) -> Response:
    """Send an export as a zip. `Range` continues a download that broke off; `ETag` names the content."""
    archive = services.exports.archive(_find(services, dataset_id, name))
    return FileResponse(
        archive.path,
        media_type="application/zip",
        filename=f"{name}.zip",
        headers={"ETag": archive.etag, "Cache-Control": "private, no-cache"},
    )


@router.delete("/{name}", status_code=204, responses=problem_responses(404))
@in_lane(ZIPS)
def remove(dataset_id: DatasetId, name: ExportName, services: OpenServices) -> None:
    """Delete an export from the workspace."""
    services.exports.remove(_find(services, dataset_id, name))


def _check(services: Services, dataset_id: int) -> str:
    with services.database.read() as session:
        return get_dataset(session, dataset_id).name


def _find(services: Services, dataset_id: int, name: str) -> KeptExport:
    _check(services, dataset_id)
    found = services.exports.get(dataset_id, name)
    if found is None:
        raise HttpError(404, "the dataset has no such export", where=name, remedy="Reload the Export page")
    return found


def _described(one: KeptExport) -> ExportOut:
    return ExportOut(
        name=one.name,
        dataset=one.dataset,
        created=one.created,
        by=one.by,
        format=one.format,
        pictures=one.pictures,
        left_out=one.left_out,
        classes=list(one.classes),
        statuses=list(one.statuses),
        splits=list(one.splits),
        with_tags=list(one.with_tags),
        void_boundary_px=one.void_boundary_px,
        size_bytes=one.size_bytes,
    )


def _work(job: Job) -> ExportWorkOut:
    report = job.result
    is_done = job.state == "done" and isinstance(report, ExportReport)
    return ExportWorkOut(
        state=job.state,
        done=job.done,
        total=job.total,
        problem=job.problem,
        name=report.out.replace("\\", "/").rsplit("/", 1)[-1] if is_done else None,
    )

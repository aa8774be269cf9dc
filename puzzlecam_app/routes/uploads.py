"""Uploads from the browser: begun, sent in parts, continued after a broken connection, and imported."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_target import MaskUse
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.lanes import SAVES, in_lane, run_in
from puzzlecam_app.people.owning import lead_new_dataset
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import (
    Annotator,
    CurrentPerson,
    HttpError,
    Id,
    OpenServices,
    problem_responses,
)
from puzzlecam_app.runs.jobs import Job, Report
from puzzlecam_app.services import Services
from puzzlecam_app.uploads.paths import MAX_PATH_LENGTH
from puzzlecam_app.uploads.receiving import check_target, receive
from puzzlecam_app.uploads.store import CHUNK_BYTES, MAX_FILES, Upload, WrongOffset

router = APIRouter(prefix="/uploads", tags=["uploads"])

UploadId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="Id of an upload")]
_LARGEST = 2**44
_SHOWN_PROBLEMS = 200


class UploadIn(BaseModel):
    """What is going to be uploaded, and where it goes."""

    model_config = ConfigDict(extra="forbid")

    dataset: str = Field(default="", max_length=128, description="Name of a new dataset")
    dataset_id: Id | None = Field(default=None, description="The dataset that pictures are added to")
    total_bytes: int = Field(ge=1, le=_LARGEST)
    files: int = Field(ge=1, le=MAX_FILES)


class UploadOut(BaseModel):
    """An upload that is under way."""

    id: str
    dataset: str
    dataset_id: int | None
    total_bytes: int
    files: int
    begun: float = Field(description="Seconds since 1970")
    chunk_bytes: int = Field(description="The most that one request may send")


class UploadsOut(BaseModel):
    """The uploads of this person that are under way."""

    uploads: list[UploadOut]
    room_bytes: int = Field(description="How much can be uploaded now")


class UploadProblemOut(BaseModel):
    """A file that the import could not use, or should be checked."""

    file: str
    severity: Literal["error", "warning"]
    reason: str
    remedy: str


class UploadWorkOut(BaseModel):
    """The import of an upload."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    problem: str | None = Field(default=None, description="Why it failed")
    sentence: str | None = Field(default=None, description="What was imported")
    dataset_id: int | None = None
    problems: list[UploadProblemOut] = Field(default=[], description="The first ones")


class UploadStateOut(BaseModel):
    """How far an upload is."""

    upload: UploadOut | None = Field(description="Null after it was imported")
    received: dict[str, int] = Field(description="Bytes of each file that are there, by its path")
    work: UploadWorkOut


class ReceivedOut(BaseModel):
    """How much of a file is there."""

    received: int
    is_expected: bool = Field(description="False if the part did not follow what was there; go on from there")


class ImportIn(BaseModel):
    """What becomes of an upload."""

    model_config = ConfigDict(extra="forbid")

    masks: MaskUse | None = Field(
        default=None, description="What masks in the upload become; null leaves them out"
    )


@router.get("")
@in_lane(SAVES)
def read_uploads(services: OpenServices, annotator: Annotator) -> UploadsOut:
    """List this person's uploads that are not imported yet; they can be continued."""
    services.uploads.sweep()
    own = [_described(one) for one in services.uploads.all() if one.owner == annotator]
    return UploadsOut(uploads=own, room_bytes=services.uploads.room_bytes())


@router.post("", status_code=201, responses=problem_responses(404, 422))
@in_lane(SAVES)
def begin_upload(
    wanted: UploadIn, request: Request, services: OpenServices, annotator: Annotator
) -> UploadOut:
    """Begin an upload of files, folders and zips to a new dataset, or to one whose pictures are copied."""
    if wanted.dataset_id is None and not wanted.dataset.strip():
        raise HttpError(422, "the dataset needs a name", where="dataset", remedy="Enter one")
    name = check_target(services.database, wanted.dataset, wanted.dataset_id)
    upload = services.uploads.begin(annotator, name, wanted.dataset_id, wanted.total_bytes, wanted.files)
    request.state.audit_detail = {"upload": upload.id, "dataset": name, "bytes": wanted.total_bytes}
    return _described(upload)


@router.get("/{upload_id}", responses=problem_responses(404, 422))
@in_lane(SAVES)
def read_upload(upload_id: UploadId, services: OpenServices, annotator: Annotator) -> UploadStateOut:
    """Say what has arrived, so that an upload can be continued, and how far its import is."""
    job = services.jobs.get(("upload", upload_id, annotator))
    upload = services.uploads.get(upload_id)
    if upload is None or upload.owner != annotator:
        if job is None:
            raise _unknown()
        return UploadStateOut(upload=None, received={}, work=_work(job))
    is_running = job is not None and job.state == "running"
    received = {} if is_running else services.uploads.received(upload_id)
    return UploadStateOut(upload=_described(upload), received=received, work=_work(job))


@router.put("/{upload_id}/files", responses=problem_responses(404, 413, 422))
async def add_part(
    upload_id: UploadId,
    request: Request,
    services: OpenServices,
    annotator: Annotator,
    path: Annotated[str, Query(min_length=1, max_length=MAX_PATH_LENGTH, description="Of the file")],
    size: Annotated[int, Query(ge=0, le=_LARGEST, description="Of the whole file")],
    offset: Annotated[int, Query(ge=0, le=_LARGEST, description="Where the part begins")] = 0,
) -> ReceivedOut:
    """Receive a part of a file: the body, as it is. A part that was sent twice does no harm."""
    content = await request.body()

    def add() -> ReceivedOut:
        upload = _find(services, upload_id, annotator)
        try:
            received = services.uploads.add(upload, path, size, offset, content)
        except WrongOffset as wrong:
            return ReceivedOut(received=wrong.received, is_expected=False)
        return ReceivedOut(received=received, is_expected=True)

    return await run_in(SAVES, add)


@router.post("/{upload_id}/import", status_code=202, responses=problem_responses(403, 404, 422))
@in_lane(SAVES)
def import_upload(
    upload_id: UploadId,
    wanted: ImportIn,
    request: Request,
    services: OpenServices,
    annotator: Annotator,
    person: CurrentPerson,
) -> UploadWorkOut:
    """Unpack zips and import what has arrived, in the background, as a folder on the server is imported."""
    upload = _find(services, upload_id, annotator)
    if upload.dataset_id is not None and not person.may("lead", upload.dataset_id):
        raise HttpError(403, "this needs the role of a lead on this dataset", remedy="Ask a lead or an admin")
    services.uploads.check_whole(upload)
    request.state.audit_detail = {"upload": upload.id, "dataset": upload.dataset}
    return _work(_start(services, upload, wanted.masks, annotator, person))


@router.delete("/{upload_id}", status_code=204, responses=problem_responses(404, 422))
@in_lane(SAVES)
def remove_upload(upload_id: UploadId, services: OpenServices, annotator: Annotator) -> None:
    """Remove an upload that is not imported yet, with all that has arrived."""
    upload = _find(services, upload_id, annotator)
    _refuse_while_running(services, upload, annotator)
    services.uploads.remove(upload.id)


def _start(services: Services, upload: Upload, masks: MaskUse | None, annotator: str, person: Person) -> Job:
    def work(report: Report) -> ImportReport:
        done = receive(
            services.uploads,
            upload,
            services.stores,
            masks=masks,
            max_pixels=services.settings.max_image_pixels,
            progress=report,
        )
        lead_new_dataset(services.database, person, done.dataset)
        return done

    _refuse_while_running(services, upload, annotator)
    return services.jobs.start(("upload", upload.id, annotator), work)


def _refuse_while_running(services: Services, upload: Upload, annotator: str) -> None:
    job = services.jobs.get(("upload", upload.id, annotator))
    if job is not None and job.state == "running":
        raise UserError("the upload is being imported", remedy="Wait until that is done")


def _find(services: Services, upload_id: str, annotator: str) -> Upload:
    upload = services.uploads.get(upload_id)
    if upload is None or upload.owner != annotator:
        raise _unknown()
    return upload


def _unknown() -> HttpError:
    return HttpError(404, "there is no such upload", remedy="Begin it again; uploads are kept for three days")


def _described(upload: Upload) -> UploadOut:
    return UploadOut(
        id=upload.id,
        dataset=upload.dataset,
        dataset_id=upload.dataset_id,
        total_bytes=upload.total_bytes,
        files=upload.files,
        begun=upload.begun,
        chunk_bytes=CHUNK_BYTES,
    )


def _work(job: Job | None) -> UploadWorkOut:
    if job is None:
        return UploadWorkOut(state="none")
    report = job.result if job.state == "done" and isinstance(job.result, ImportReport) else None
    return UploadWorkOut(
        state=job.state,
        done=job.done,
        total=job.total,
        problem=job.problem,
        sentence=None if report is None else _sentence(report),
        dataset_id=None if report is None else report.dataset_id,
        problems=[]
        if report is None
        else [
            UploadProblemOut(file=one.file, severity=one.severity, reason=one.reason, remedy=one.remedy)
            for one in report.problems[:_SHOWN_PROBLEMS]
        ],
    )


def _sentence(report: ImportReport) -> str:
    text = (
        f"{report.found:,} pictures found: {report.added:,} added, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {report.left_out:,} left out."
    )
    if report.proposals or report.ground_truth:
        text += f" Masks: {report.proposals:,} as proposals, {report.ground_truth:,} as ground truth."
    if report.masks_unread:
        text += f" {report.masks_unread:,} masks were not imported."
    return text

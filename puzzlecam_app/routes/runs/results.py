"""Results of runs: pictures, comparisons, publishing."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from db.run_events import list_events
from db.runs import get_run
from puzzlecam_app.lanes import PICTURES, SAVES, in_lane
from puzzlecam_app.routes.common import (
    Annotator,
    HttpError,
    Id,
    ItemId,
    OpenServices,
    RunId,
    problem_responses,
)
from puzzlecam_app.routes.runs.answers import (
    PictureReference,
    PreviewFacts,
    PreviewJob,
    PublicationJob,
    PublishedFacts,
    RunComparisonOut,
    UnpublishedFacts,
)
from puzzlecam_app.runs import comparing, publishing
from puzzlecam_app.runs.curves import curves
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.jobs import Job
from puzzlecam_app.runs.pictures import Output, example_items, film_frame, output_picture
from puzzlecam_app.runs.snapshot import read_snapshot
from puzzlecam_app.services import Services
from trainer.contract import EventKind, FilmFields

router = APIRouter(prefix="/runs", tags=["runs"])

_MOST_COMPARED = 6
_PREVIEWED = 60
_KEEP = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}


class PublishIn(BaseModel):
    over_rejected: bool = Field(default=False, description="Make new proposals for rejected pictures too")


@router.get("/compare/side-by-side", responses=problem_responses(404, 422))
def compare(
    services: OpenServices, ids: Annotated[list[Id], Query(min_length=2, max_length=_MOST_COMPARED)]
) -> RunComparisonOut:
    """Compare two to six runs."""
    with services.database.read() as session:
        runs = [get_run(session, run_id) for run_id in dict.fromkeys(ids)]
        lines = [curves(list_events(session, run.id, kinds=[EventKind.STEP], limit=100_000)) for run in runs]
    snapshots = [
        read_snapshot(RunFolder.of(services.workspace.runs_dir, run.id).snapshot_path) for run in runs
    ]
    shared = set.intersection(
        *(
            {item.item_id for item in one.in_split(run.split)}
            for run, one in zip(runs, snapshots, strict=True)
        )
    )
    examples = [item for item in example_items(snapshots[0], runs[0].split) if item.item_id in shared]
    return RunComparisonOut(
        runs=[{"id": run.id, "name": run.name, "status": run.status} for run in runs],
        settings=comparing.differing_settings(runs),
        metrics=comparing.compared_metrics(runs),
        classes=comparing.compared_classes(runs),
        curves=lines,
        items=[{"id": item.item_id, "name": item.name} for item in examples],
    )


@router.get("/{run_id}/film/{epoch}/{number}", response_class=Response, responses=problem_responses(404, 422))
@in_lane(PICTURES)
def read_frame(
    run_id: RunId,
    epoch: Annotated[int, Path(ge=0, le=100_000)],
    number: Annotated[int, Path(ge=0, le=100, description="Place of the picture in the frame")],
    services: OpenServices,
) -> Response:
    """Send one picture of the film of a run, as a small JPEG."""
    with services.database.read() as session:
        get_run(session, run_id)
        events = list_events(session, run_id, kinds=[EventKind.FILM])
    frames = [film for film in (cast(FilmFields, event.data) for event in events) if film["epoch"] == epoch]
    if not frames or number >= len(frames[-1]["pictures"]):
        raise HttpError(404, "there is no such frame", where=f"run {run_id}", remedy="Reload the page")
    folder = RunFolder.of(services.workspace.runs_dir, run_id)
    picture = film_frame(folder, epoch, frames[-1]["pictures"][number])
    return Response(picture, media_type="image/jpeg", headers=_KEEP)


@router.get("/{run_id}/pictures", responses=problem_responses(404, 422))
def read_pictures(run_id: RunId, services: OpenServices) -> list[PictureReference]:
    """List a few pictures of a run, spread evenly over what it was trained on."""
    with services.database.read() as session:
        split = get_run(session, run_id).split
    snapshot = read_snapshot(RunFolder.of(services.workspace.runs_dir, run_id).snapshot_path)
    return [PictureReference(id=item.item_id, name=item.name) for item in example_items(snapshot, split)]


@router.get(
    "/{run_id}/pictures/{item_id}/{output}", response_class=Response, responses=problem_responses(404, 422)
)
@in_lane(PICTURES)
def read_picture(run_id: RunId, item_id: ItemId, output: Output, services: OpenServices) -> Response:
    """Send an output of a run for a picture, as a small JPEG."""
    with services.database.read() as session:
        get_run(session, run_id)
    folder = RunFolder.of(services.workspace.runs_dir, run_id)
    items = {item.item_id: item for item in read_snapshot(folder.snapshot_path).items}
    if item_id not in items:
        raise HttpError(404, "the run has no such picture", where=f"run {run_id}", remedy="Reload the page")
    picture = output_picture(folder, items[item_id], output)
    return Response(picture, media_type="image/jpeg", headers=_KEEP)


@router.post("/{run_id}/publish/preview", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def preview(run_id: RunId, wanted: PublishIn, services: OpenServices) -> PreviewJob:
    """Start to find out what publishing would change; `GET publish/preview` returns the result."""
    _known(services, run_id)
    services.jobs.forget(("preview", run_id))

    def work(report: publishing.Progress) -> PreviewFacts:
        plan = publishing.plan_publication(
            services.database,
            services.masks,
            services.run_files(run_id),
            run_id,
            over_rejected=wanted.over_rejected,
            progress=report,
        )
        verdicts: tuple[publishing.Verdict, ...] = ("changed", "new", "unchanged", "kept", "left out")
        return PreviewFacts(
            counts={verdict: plan.count(verdict) for verdict in verdicts},
            items=[item for item in plan.items if item.verdict == "changed"][:_PREVIEWED],
            left_out=[item for item in plan.items if item.verdict == "left out"][:_PREVIEWED],
            remarked=list(plan.remarked[:_PREVIEWED]),
            warning=plan.warning,
        )

    return PreviewJob.of(services.jobs.start(("preview", run_id), work))


@router.get("/{run_id}/publish/preview", responses=problem_responses(404))
def read_preview(run_id: RunId, services: OpenServices) -> PreviewJob:
    """Return the progress or the result of the preview."""
    return PreviewJob.of(_job(services, ("preview", run_id)))


@router.post("/{run_id}/publish", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def publish(run_id: RunId, wanted: PublishIn, services: OpenServices, annotator: Annotator) -> PublicationJob:
    """Publish the run's masks as proposals."""
    _known(services, run_id)

    def work(report: publishing.Progress) -> PublishedFacts:
        result = publishing.publish(
            services.database,
            services.masks,
            services.run_files(run_id),
            run_id,
            author=annotator,
            over_rejected=wanted.over_rejected,
            progress=report,
        )
        return PublishedFacts(
            publication_id=result.publication_id,
            published=result.published,
            unchanged=result.unchanged,
            kept=result.kept,
            left_out=len(result.left_out),
            warning=result.warning,
        )

    return PublicationJob.of(services.jobs.start(("publish", run_id), work))


@router.get("/{run_id}/publish", responses=problem_responses(404))
def read_publication(run_id: RunId, services: OpenServices) -> PublicationJob:
    """Return the progress or the result of publishing or unpublishing."""
    return PublicationJob.of(_job(services, ("publish", run_id)))


@router.post("/{run_id}/unpublish", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def unpublish(run_id: RunId, services: OpenServices, annotator: Annotator) -> PublicationJob:
    """Bring the earlier proposals back where nobody has worked on the run's."""
    _known(services, run_id)

    def work(report: publishing.Progress) -> UnpublishedFacts:
        undone = publishing.unpublish(services.database, run_id, author=annotator, progress=report)
        return UnpublishedFacts(restored=undone.restored, kept=undone.kept)

    return PublicationJob.of(services.jobs.start(("publish", run_id), work))


def _known(services: Services, run_id: int) -> None:
    with services.database.read() as session:
        get_run(session, run_id)


def _job(services: Services, key: tuple[str, int]) -> Job:
    job = services.jobs.get(key)
    if job is None:
        raise HttpError(404, "there is no such job", where=f"run {key[1]}", remedy="Start it first")
    return job

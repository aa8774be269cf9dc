"""Figures 1, 3 and 4 of the paper for a run of the workspace, drawn in the background."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from db.runs import get_run
from puzzlecam_app.lanes import MAPS, in_lane
from puzzlecam_app.routes.common import HttpError, OpenServices, RunId, problem_responses
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.services import Services

router = APIRouter(prefix="/runs", tags=["lab"])

Figure = Literal["figure-1", "figure-3", "figure-4"]
Suffix = Literal["svg", "png"]
_MOST_COMPARED = 5
_LARGEST_ID = 2**31 - 1
# A script in an SVG would run with the rights of the page: there is none, and none is allowed to.
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox",
}


class FiguresIn(BaseModel):
    """Which figures to draw; all runs are on the same dataset."""

    baseline: int | None = Field(
        default=None, ge=1, le=_LARGEST_ID, description="Run for (a), (b) of figure 1"
    )
    compare: list[Annotated[int, Field(ge=1, le=_LARGEST_ID)]] = Field(
        default=[], max_length=_MOST_COMPARED, description="Further runs for figure 3"
    )
    pictures: int = Field(default=4, ge=1, le=24)


class FiguresOut(BaseModel):
    """The progress of drawing, and the figures there are."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    problem: str | None = None
    figures: list[str] = Field(default=[], description="Names of the figures; each exists as svg and png")
    notes: list[str] = []
    version: int = Field(default=0, description="Changes when they are drawn again")


@router.post("/{run_id}/figures", status_code=202, responses=problem_responses(404, 422))
@in_lane(MAPS)
def draw_figures(run_id: RunId, wanted: FiguresIn, services: OpenServices) -> None:
    """Draw the figures in the background; a second request while that runs changes nothing."""
    others = [*wanted.compare, *([wanted.baseline] if wanted.baseline else [])]
    with services.database.read() as session:
        dataset = get_run(session, run_id).dataset_id
        if any(get_run(session, other).dataset_id != dataset for other in others):
            raise HttpError(
                422, "runs on other datasets cannot be compared", remedy="Choose runs on one dataset"
            )

    def path(number: int) -> FilePath:
        return RunFolder.of(services.workspace.runs_dir, number).train.path

    def work(report: Any) -> list[str]:
        from trainer.reports.figures.paper import write_figures

        made = write_figures(
            path(run_id),
            _folder(services, run_id),
            baseline=path(wanted.baseline) if wanted.baseline else None,
            compare=[path(number) for number in wanted.compare],
            pictures=wanted.pictures,
            report=report,
        )
        return list(made.notes)

    services.jobs.start(("figures", run_id), work)


@router.get("/{run_id}/figures", responses=problem_responses(404))
@in_lane(MAPS)
def read_figures(run_id: RunId, services: OpenServices) -> FiguresOut:
    """Return the progress of drawing, and which figures there are."""
    with services.database.read() as session:
        get_run(session, run_id)
    there = sorted(_folder(services, run_id).glob("figure-*.svg"))
    answer = FiguresOut(state="done" if there else "none", figures=[one.stem for one in there])
    answer.version = max((one.stat().st_mtime_ns for one in there), default=0) // 1_000_000
    job = services.jobs.get(("figures", run_id))
    if job is not None:
        answer.state, answer.problem = job.state, job.problem
        answer.done, answer.total = job.done, job.total
        answer.notes = list(job.result or [])
    return answer


@router.get("/{run_id}/figures/{name}.{suffix}", responses=problem_responses(404))
@in_lane(MAPS)
def read_figure(run_id: RunId, name: Figure, suffix: Suffix, services: OpenServices) -> FileResponse:
    """Send a figure."""
    with services.database.read() as session:
        get_run(session, run_id)
    path = _folder(services, run_id) / f"{name}.{suffix}"
    if not path.is_file():
        raise HttpError(404, "the figure has not been drawn", where=name, remedy="Draw the figures first")
    kind = "image/svg+xml" if suffix == "svg" else "image/png"
    return FileResponse(path, media_type=kind, headers=_HEADERS, filename=f"run-{run_id}-{path.name}")


def _folder(services: Services, run_id: int) -> FilePath:
    return services.workspace.cache_dir / "lab" / f"figures-{int(run_id)}"

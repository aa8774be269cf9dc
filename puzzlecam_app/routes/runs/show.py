"""Training runs: lists, descriptions, progress."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query

from db.run_events import last_event, list_events
from db.run_models import Run
from db.run_queue import lease_is_over
from db.run_status import ACTIVE
from db.runs import get_run, list_runs
from puzzlecam_app.lanes import PICTURES, in_lane
from puzzlecam_app.routes.common import CurrentPerson, OpenServices, RunId, problem_responses
from puzzlecam_app.routes.runs.answers import (
    CurvesOut,
    LogOut,
    OffersOut,
    RunOut,
    RunsOut,
    SizesOut,
)
from puzzlecam_app.runs.curves import curve_table, curves
from puzzlecam_app.runs.facts import brief_facts, run_facts
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.offering import run_offers
from puzzlecam_app.runs.publishing import why_unpublishable
from puzzlecam_app.runs.storage import run_size
from puzzlecam_app.services import Services
from puzzlecam_app.tables import CsvResponse, csv_file
from trainer.contract import EventKind, FilmFields

router = APIRouter(prefix="/runs", tags=["runs"])

_LOG_LINES = 200


@router.get("")
def read_runs(services: OpenServices, person: CurrentPerson) -> RunsOut:
    """List runs: the running ones, the queue in its order, then the ended ones."""
    with services.database.read() as session:
        runs = [run for run in list_runs(session) if person.may("reviewer", run.dataset_id)]
        rows = [brief_facts(session, run) for run in runs]
    return RunsOut(runs=rows, is_busy=any(run.status in ("queued", *ACTIVE) for run in runs))


@router.get("/offers")
def read_offers(services: OpenServices, person: CurrentPerson) -> OffersOut:
    """List datasets for which enough masks were accepted or corrected since the last run to train another."""
    with services.database.read() as session:
        offers = run_offers(session, services.settings.offer_run_after)
    return OffersOut(offers=[one for one in offers if person.may("reviewer", one["dataset_id"])])


@router.get("/storage")
@in_lane(PICTURES)
def read_sizes(services: OpenServices, person: CurrentPerson) -> SizesOut:
    """Measure the disk space of each run, and how much of it pruning would free."""
    with services.database.read() as session:
        runs = [run for run in list_runs(session) if person.may("lead", run.dataset_id)]
        rows = [brief_facts(session, run) for run in runs]
    for row in rows:
        size = run_size(RunFolder.of(services.workspace.runs_dir, row["id"]))
        row |= {"bytes": size.total, "prunable_bytes": 0 if row["is_published"] else size.prunable}
    rows.sort(key=lambda row: -int(row["bytes"]))
    return SizesOut(runs=rows, total=sum(int(row["bytes"]) for row in rows))


@router.get("/{run_id}", responses=problem_responses(404))
def read_run(run_id: RunId, services: OpenServices) -> RunOut:
    """Describe a run."""
    with services.database.read() as session:
        run = get_run(session, run_id)
        facts = run_facts(session, run)
        events = list_events(session, run_id, kinds=[EventKind.FILM])
    films = {fields["epoch"]: fields for fields in (cast(FilmFields, event.data) for event in events)}
    return RunOut(
        run=facts,
        is_busy=run.status in ("queued", *ACTIVE),
        worker_is_silent=lease_is_over(run),
        unpublishable=_why_unpublishable(services, run),
        film=[{"epoch": epoch, "pictures": film["pictures"]} for epoch, film in sorted(films.items())],
    )


@router.get("/{run_id}/curves", responses=problem_responses(404))
def read_curves(
    run_id: RunId,
    services: OpenServices,
    after: Annotated[
        int, Query(ge=0, description="`last` of an earlier answer; without new steps, no curves are sent")
    ] = 0,
) -> CurvesOut:
    """Send the loss curves of every training of a run, thinned so that they can be drawn."""
    with services.database.read() as session:
        get_run(session, run_id)
        newest = last_event(session, run_id, (EventKind.STEP,))
        last = newest.sequence if newest else 0
        if last <= after:
            return CurvesOut(last=last, stages={})
        return CurvesOut(
            last=last, stages=curves(list_events(session, run_id, kinds=[EventKind.STEP], limit=100_000))
        )


@router.get("/{run_id}/curves.csv", response_class=CsvResponse, responses=problem_responses(404))
def download_curves(run_id: RunId, services: OpenServices) -> CsvResponse:
    """Send all steps of every training of a run as CSV: stage, step, learning rate, and each loss."""
    with services.database.read() as session:
        get_run(session, run_id)
        columns, rows = curve_table(list_events(session, run_id, kinds=[EventKind.STEP], limit=1_000_000))
    return csv_file(columns, rows, name=f"curves-run-{run_id}")


@router.get("/{run_id}/log", responses=problem_responses(404))
def read_log(run_id: RunId, services: OpenServices) -> LogOut:
    """Send the last lines that the trainer printed."""
    with services.database.read() as session:
        get_run(session, run_id)
    tail = RunFolder.of(services.workspace.runs_dir, run_id).log_tail(_LOG_LINES)
    return LogOut(lines=tail.splitlines())


def _why_unpublishable(services: Services, run: Run) -> str | None:
    folder = RunFolder.of(services.workspace.runs_dir, run.id)
    is_elsewhere = services.settings.runs_url is not None and not folder.snapshot_path.is_file()
    if is_elsewhere and run.status == "done" and run.pruned_at is None:
        return None  # publishing fetches its files
    return why_unpublishable(folder, run)

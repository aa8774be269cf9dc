"""Training runs: estimate, start, stop, resume, reorder, rename, prune, delete."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, field_validator

from db import runs as table
from db.run_queue import lease_is_over
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, HttpError, Id, OpenServices, RunId, problem_responses
from puzzlecam_app.routes.runs.answers import (
    EstimateJob,
    FormOut,
    NameOut,
    PrunedOut,
    RunBrief,
    StatusOut,
    StoppedOut,
    SupervisionOut,
)
from puzzlecam_app.runs import estimating, storage
from puzzlecam_app.runs.facts import brief_facts
from puzzlecam_app.runs.form import form_fields, recipe_choices, recipe_from_answers
from puzzlecam_app.runs.snapshot import (
    ALL,
    supervision_of,
    supervision_sentence,
    take_snapshot,
)
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.services import Services
from trainer.config import Recipe

router = APIRouter(prefix="/runs", tags=["runs"])

_MOST_DAYS = 36_500
_MOST_GB = 1e9
_Device = Annotated[str | None, Field(default=None, pattern=r"^(cpu|cuda(:\d{1,3})?)$")]


class RunIn(BaseModel):
    """The contents of the form."""

    dataset_id: Id
    recipe: str = Field(max_length=128, description="Name of a shipped recipe, not a file")
    cloned_from: Id | None = Field(default=None, description="A run whose settings replace the recipe's")
    split: str = Field(default=ALL, max_length=64)
    name: str = Field(default="", max_length=128)
    device: _Device
    settings: dict[str, Any] = Field(default_factory=dict, description="Values by dotted name")

    @field_validator("settings")
    @classmethod
    def _is_unicode(cls, settings: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(settings, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("half of a surrogate pair is not a character") from error
        return settings


class OrderIn(BaseModel):
    """Queued runs in their new order."""

    runs: list[Id] = Field(max_length=10_000)


class NameIn(BaseModel):
    name: str = Field(max_length=128)


class PruneIn(BaseModel):
    """Which runs lose their large files; without `runs`, all that match the other two."""

    runs: list[Id] | None = Field(default=None, max_length=10_000)
    older_than_days: float | None = Field(default=None, ge=0, le=_MOST_DAYS)
    keep_gb: float | None = Field(default=None, ge=0, le=_MOST_GB)


@router.get("/form/settings")
def read_form() -> FormOut:
    """Describe the form that starts a run."""
    return FormOut(fields=form_fields(), recipes=recipe_choices())


@router.get("/form/supervision", responses=problem_responses(404))
def read_supervision(
    dataset_id: Annotated[Id, Query()],
    services: OpenServices,
    split: Annotated[str, Query(max_length=64)] = ALL,
    use_accepted: Annotated[bool, Query()] = True,
) -> SupervisionOut:
    """Describe what a run would learn from, in numbers and in words."""
    with services.database.read() as session:
        snapshot = take_snapshot(session, dataset_id)
    counts = supervision_of(snapshot, split)
    sentence = supervision_sentence(counts, uses_accepted=use_accepted)
    return SupervisionOut(splits=snapshot.splits, counts=counts, sentence=sentence)


@router.post("/form/estimate", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def estimate(wanted: RunIn, services: OpenServices) -> EstimateJob:
    """Estimate time and memory of a run before it starts; ask again until the state is done."""
    recipe = _recipe(services, wanted)
    with services.database.read() as session:
        pictures = supervision_of(take_snapshot(session, wanted.dataset_id), wanted.split)["pictures"]
        known = estimating.from_history(session, recipe, pictures)
    if known is not None:
        return EstimateJob(state="done", done=1, total=1, result=known, problem=None)
    key = ("estimate", recipe.fingerprint, pictures, wanted.device)
    job = services.jobs.get(key) or services.jobs.start(
        key, lambda _: services.measuring(recipe, pictures, wanted.device)
    )
    answer = EstimateJob.of(job)
    if answer.state == "failed":
        services.jobs.forget(key)
    return answer


@router.post("", status_code=201, responses=problem_responses(404, 422))
@in_lane(SAVES)
def start(wanted: RunIn, services: OpenServices, annotator: Annotator) -> RunBrief:
    """Take a snapshot of the dataset and queue a run."""
    request = RunRequest(
        wanted.dataset_id,
        _recipe(services, wanted),
        author=annotator,
        split=wanted.split,
        name=wanted.name,
        device=wanted.device,
        cloned_from=wanted.cloned_from,
    )
    run = start_run(services.database, services.masks, services.workspace.runs_dir, request)
    with services.database.read() as session:
        return RunBrief(**brief_facts(session, table.get_run(session, run.id)))


@router.post("/reorder", responses=problem_responses(422))
@in_lane(SAVES)
def reorder(order: OrderIn, services: OpenServices) -> None:
    """Change the order of queued runs."""
    with services.database.write() as session:
        table.reorder(session, order.runs)


@router.post("/prune", responses=problem_responses(422))
@in_lane(SAVES)
def prune(wanted: PruneIn, services: OpenServices) -> PrunedOut:
    """Remove large files of ended runs, never those of published ones."""
    if wanted.runs is None and wanted.older_than_days is None and wanted.keep_gb is None:
        raise HttpError(422, "no runs are selected", remedy="Name runs, an age or a size")
    pruned = storage.prune_runs(
        services.database,
        services.workspace.runs_dir,
        older_than=None if wanted.older_than_days is None else timedelta(days=wanted.older_than_days),
        keep_bytes=None if wanted.keep_gb is None else round(wanted.keep_gb * 1e9),
        run_ids=None if wanted.runs is None else tuple(wanted.runs),
    )
    return PrunedOut(runs=[one.run_id for one in pruned], freed=sum(one.freed for one in pruned))


@router.post("/{run_id}/stop", responses=problem_responses(404, 409))
@in_lane(SAVES)
def stop(run_id: RunId, services: OpenServices) -> StoppedOut:
    """Stop a run gently, or at once when it is asked a second time."""
    with services.database.write() as session:
        run = table.ask_to_stop(session, run_id)
        return StoppedOut(status=run.status, is_firm=run.stop_is_firm, worker_is_silent=lease_is_over(run))


@router.post("/{run_id}/resume", responses=problem_responses(404, 409))
@in_lane(SAVES)
def resume(run_id: RunId, services: OpenServices) -> StatusOut:
    """Put a failed or stopped run back into the queue."""
    with services.database.write() as session:
        return StatusOut(status=table.resume(session, run_id).status)


@router.post("/{run_id}/name", responses=problem_responses(404, 422))
@in_lane(SAVES)
def rename(run_id: RunId, name: NameIn, services: OpenServices) -> NameOut:
    """Give a run another name."""
    with services.database.write() as session:
        return NameOut(name=table.rename_run(session, run_id, name.name).name)


@router.delete("/{run_id}", responses=problem_responses(404, 422))
@in_lane(SAVES)
def delete(run_id: RunId, services: OpenServices) -> None:
    """Delete an ended run with its files."""
    storage.delete_run(services.database, services.workspace.runs_dir, run_id)


def _recipe(services: Services, wanted: RunIn) -> Recipe:
    if not wanted.recipe.replace("-", "").replace("_", "").isalnum():
        raise HttpError(
            422, "this is not the name of a recipe", where="recipe", remedy="Choose one of the list"
        )
    if wanted.cloned_from is None:
        return recipe_from_answers(wanted.recipe, wanted.settings)
    with services.database.read() as session:
        base = table.get_run(session, wanted.cloned_from).recipe
    return recipe_from_answers(base, wanted.settings)

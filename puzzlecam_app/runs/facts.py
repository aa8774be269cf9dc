"""A run as plain values, for the command line and the Runs page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from db.publications import is_published, publications_of
from db.run_models import Run
from db.run_status import ACTIVE
from puzzlecam_app.runs.figures import pseudo_mask_miou
from puzzlecam_app.runs.progress import run_progress
from puzzlecam_app.runs.snapshot import supervision_sentence, uses_accepted


def brief_facts(session: Session, run: Run) -> dict[str, Any]:
    """What a list shows of a run; stages are included only while a worker has it."""
    is_active = run.status in ACTIVE
    return {
        "id": run.id,
        "name": run.name,
        "status": run.status,
        "dataset": run.dataset.name,
        "recipe_name": run.recipe.get("name"),
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "is_pruned": run.pruned_at is not None,
        "is_published": is_published(session, run.id),
        "miou": pseudo_mask_miou(run),
        "stages": [asdict(one) for one in run_progress(session, run).stages] if is_active else [],
    }


def run_facts(session: Session, run: Run) -> dict[str, Any]:
    """Everything about a run except its events; points in time are `datetime`."""
    return {
        "id": run.id,
        "name": run.name,
        "status": run.status,
        "dataset_id": run.dataset_id,
        "dataset": run.dataset.name,
        "split": run.split,
        "recipe_name": run.recipe.get("name"),
        "recipe": run.recipe,
        "device": run.device,
        "author": run.author.name if run.author else None,
        "cloned_from": run.cloned_from_id,
        "supervision": run.supervision,
        "learns_from": supervision_sentence(run.supervision, uses_accepted=uses_accepted(run.recipe)),
        "position": run.position if run.status == "queued" else None,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "heartbeat_at": run.heartbeat_at,
        "attempts": run.attempts,
        "worker": run.worker,
        "stop_is_firm": run.stop_is_firm,
        "problem": run.problem,
        "remedy": run.remedy,
        "log_tail": run.log_tail,
        "metrics": run.metrics,
        "pruned_at": run.pruned_at,
        "progress": run_progress(session, run).as_json(),
        "publications": [
            {
                "id": one.id,
                "author": one.author.name if one.author else None,
                "created_at": one.created_at,
                "finished_at": one.finished_at,
                "undone_at": one.undone_at,
            }
            for one in publications_of(session, run.id)
        ],
    }

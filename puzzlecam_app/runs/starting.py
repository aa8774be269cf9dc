"""Starts a run: takes a snapshot of the dataset, writes it to files, and queues the run."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from db.engine import Database
from db.masks import MaskStore
from db.run_models import Run
from db.runs import RunSpec, create_run
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.dataset_folder import write_dataset
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import ALL, RunSnapshot, supervision_of, take_snapshot
from trainer.config import Recipe
from trainer.recipes import recipe_toml


@dataclass(frozen=True)
class RunRequest:
    """A run to be started. An empty `name` is filled in; with `device` None, the worker's device is used."""

    dataset_id: int
    recipe: Recipe
    author: str
    split: str = ALL
    name: str = ""
    device: str | None = None
    cloned_from: int | None = None


def start_run(database: Database, masks: MaskStore, runs_dir: Path, request: RunRequest) -> Run:
    """Queue a run on the dataset as it is now; later changes of tags and masks do not affect it.

    Raises:
        UserError: the split has no tagged pictures, or the workspace cannot be written.
        StorageError: there is no such dataset, or the name cannot be used.
    """
    with database.read() as session:
        snapshot = take_snapshot(session, request.dataset_id)
    _check_split(snapshot, request.split)
    draft = runs_dir / f".new-{uuid.uuid4().hex}"
    try:
        draft.mkdir(parents=True)
        folder = RunFolder(draft)
        folder.snapshot_path.write_text(snapshot.model_dump_json(indent=1), encoding="utf-8")
        folder.recipe_path.write_text(recipe_toml(request.recipe), encoding="utf-8")
        write_dataset(snapshot, masks, folder.dataset)
        with database.write() as session:
            spec = RunSpec(
                name=request.name.strip() or f"{snapshot.dataset}, {request.recipe.name}",
                recipe=request.recipe.model_dump(mode="json"),
                split=request.split,
                supervision=supervision_of(snapshot, request.split),
                device=request.device,
                cloned_from=request.cloned_from,
            )
            author = get_or_create(session, request.author).id
            run = create_run(session, request.dataset_id, spec, author=author)
            target = RunFolder.of(runs_dir, run.id).path
            # Files of a run with the same number whose transaction was rolled back.
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
            session.refresh(run)
        return run
    except OSError as error:
        raise UserError(
            f"the run's files cannot be written ({(error.strerror or str(error)).lower()})",
            where=str(runs_dir),
            remedy="Free some disk space, or check the rights to this folder",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_split(snapshot: RunSnapshot, split: str) -> None:
    if not snapshot.items:
        raise UserError(
            "no picture has tags, so there is nothing to learn from",
            where=snapshot.dataset,
            remedy="Tag its pictures, or import it again with tags",
        )
    if split not in snapshot.splits:
        known = ", ".join(f"{name} ({count})" for name, count in snapshot.splits.items())
        raise UserError(
            f"there is no split {split!r} with tagged pictures",
            where=snapshot.dataset,
            remedy=f"Choose one of {known}",
        )

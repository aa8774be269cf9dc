"""The disk space that runs take, and how it is freed: by age or by size, never from published runs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from db.engine import Database
from db.models import utc_now
from db.publications import is_published
from db.run_models import Run
from db.run_status import ENDED
from db.runs import get_run, list_runs, note_pruned, remove_run
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.folder import RunFolder
from trainer.contract import Folder

LARGE: Final = tuple(folder for folder in Folder if folder is not Folder.FILM)
"""Folders of a run directory that pruning removes. Settings, events, figures, film and the snapshot stay."""


@dataclass(frozen=True)
class RunSize:
    """Size of a run in bytes: in total, and of what pruning would remove.

    Linked pictures and accepted masks do not count. Files that several runs share count for each with an
    equal part.
    """

    total: int
    prunable: int


@dataclass(frozen=True)
class Pruned:
    """A run whose large files were removed, or would be in a trial."""

    run_id: int
    name: str
    freed: int
    ended_at: datetime | None


def run_size(folder: RunFolder) -> RunSize:
    """Measure the folder of a run."""
    large = [folder.train.path / name for name in LARGE]
    prunable = sum(_bytes_in(path, has_shares=True) for path in large)
    return RunSize(_bytes_in(folder.path) - sum(map(_bytes_in, large)) + prunable, prunable)


def prune_runs(
    database: Database,
    runs_dir: Path,
    *,
    older_than: timedelta | None = None,
    keep_bytes: int | None = None,
    run_ids: tuple[int, ...] | None = None,
    is_trial: bool = False,
) -> list[Pruned]:
    """Remove large files of runs that have ended and are not published.

    Args:
        older_than: only runs that ended longer ago than this.
        keep_bytes: only as many, the oldest first, as needed to bring all runs together down to this size.
        run_ids: only these runs.
        is_trial: remove nothing, only report what would be removed.

    Raises:
        UserError: one of `run_ids` is published or has not ended.
    """
    with database.read() as session:
        runs = list_runs(session)
        published = {run.id for run in runs if is_published(session, run.id)}
    sizes = {run.id: run_size(RunFolder.of(runs_dir, run.id)) for run in runs}
    for run in runs:
        if run_ids is not None and run.id in run_ids:
            _refuse(run, is_published=run.id in published)
    now, left = utc_now(), sum(size.total for size in sizes.values())
    pruned = []
    for run in sorted(runs, key=lambda run: run.ended_at or now):
        freed = sizes[run.id].prunable
        wanted = (
            run.status in ENDED
            and run.id not in published
            and freed > 0
            and (run_ids is None or run.id in run_ids)
            and (older_than is None or (run.ended_at is not None and now - run.ended_at > older_than))
            and (keep_bytes is None or left > keep_bytes)
        )
        if not wanted:
            continue
        if not is_trial:
            with database.write() as session:
                note_pruned(session, run.id)
            for name in LARGE:
                shutil.rmtree(RunFolder.of(runs_dir, run.id).train.path / name, ignore_errors=True)
        left -= freed
        pruned.append(Pruned(run.id, run.name, freed, run.ended_at))
    return pruned


def delete_run(database: Database, runs_dir: Path, run_id: int) -> None:
    """Remove an ended run and all its files. What was exported or accepted from it stays.

    Raises:
        UserError: it is published, or has not ended.
        NotFoundError: there is none.
    """
    with database.write() as session:
        run = get_run(session, run_id)
        _refuse(run, is_published=is_published(session, run_id))
        remove_run(session, run_id)
    shutil.rmtree(RunFolder.of(runs_dir, run_id).path, ignore_errors=True)


def _refuse(run: Run, *, is_published: bool) -> None:
    if run.status not in ENDED:
        raise UserError(f"the run is {run.status}", where=f"run {run.id}", remedy="Stop it first")
    if is_published:
        raise UserError(
            "the run is published, and its files document where proposals come from",
            where=f"run {run.id}",
            remedy="Undo its publication first",
        )


def _bytes_in(folder: Path, *, has_shares: bool = False) -> int:
    """Bytes of the files in a folder. A file with several links counts as 0, or with `has_shares` in part."""
    total = 0
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return 0
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                total += _bytes_in(Path(entry.path), has_shares=has_shares)
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                if status.st_nlink == 1 or has_shares:
                    total += status.st_size // status.st_nlink
        except OSError:
            continue
    return total

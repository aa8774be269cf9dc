"""Copies of finished runs in a store, from which another studio, or a new machine, takes them."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from db.engine import Database
from db.run_models import Run
from db.runs import get_run
from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.storage.bucket import Bucket, check_installed
from puzzlecam_app.storage.folders import download_folder, upload_folder
from puzzlecam_app.storage.urls import parse_url
from trainer.contract import Folder
from trainer.data.voc import PICTURES

_LAST: Final = "snapshot.json"
_LEFT_OUT: Final = (PurePosixPath("dataset", PICTURES), PurePosixPath("train", Folder.CHECKPOINTS))


class _Stopped(Exception):  # noqa: N818 - not an error
    pass


class StoredRuns:
    """The copies of runs below a URL, a folder for each.

    Pictures and checkpoints are not copied: a finished run needs neither.
    """

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        check_installed(self.url)

    def store(self, folder: RunFolder, run: Run, progress: Progress | None = None) -> None:
        """Copy the files of a run that has ended.

        Raises:
            OSError: Not all of it could be copied; the store does not count it then.
        """
        upload_folder(folder.path, self._bucket(run), last=_LAST, is_wanted=_is_wanted, progress=progress)

    def bring(self, folder: RunFolder, run: Run, progress: Progress | None = None) -> None:
        """Bring the files of a run here, where it has none.

        Raises:
            UserError: The store has no copy, or the files cannot be written.
            BusyError: The store does not answer.
        """
        draft = folder.path.with_name(f".new-{uuid.uuid4().hex}")
        bucket = self._bucket(run)
        try:
            draft.mkdir(parents=True)
            download_folder(bucket, draft, last=_LAST, progress=progress)
            (draft / "dataset" / PICTURES).mkdir(parents=True, exist_ok=True)
            draft.rename(folder.path)
        except FileNotFoundError as problem:
            raise UserError(
                "the files of the run are not on this machine, and there is no copy",
                where=str(bucket.url),
                remedy=f"On the machine that has them, use: run store {run.id}",
            ) from problem
        except OSError as problem:
            raise BusyError(
                f"the files of the run cannot be fetched ({problem.strerror})",
                where=str(bucket.url),
                remedy="Check the storage and the disk, and try again",
            ) from problem
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _bucket(self, run: Run) -> Bucket:
        # With its time, because another database may count its runs from 1 too.
        return Bucket(self.url.below(f"{run.id}-{run.created_at:%Y%m%d-%H%M%S}"))


def run_files(
    database: Database, runs_dir: Path, url: str | None, run_id: int, progress: Progress | None = None
) -> RunFolder:
    """The folder of a run, which is fetched if this machine has none and a store of runs is set.

    Raises what `StoredRuns.bring` does, and NotFoundError.
    """
    folder = RunFolder.of(runs_dir, run_id)
    if url is not None and not folder.snapshot_path.is_file():
        with database.read() as session:
            run = get_run(session, run_id)
        if run.pruned_at is None:
            StoredRuns(url).bring(folder, run, progress)
    return folder


def copy_finished(url: str, folder: RunFolder, run: Run, goes_on: Callable[[], bool]) -> str:
    """Copy a run that has just finished; returns what became of that, in a sentence."""

    def progress(_done: int, _total: int) -> None:
        if not goes_on():
            raise _Stopped

    again = f"To copy it later, use: run store {run.id}"
    try:
        StoredRuns(url).store(folder, run, progress)
    except _Stopped:
        return f"The worker ended before the run was copied to {url}. {again}"
    except UserError as problem:
        return f"The run was not copied: {problem} {again}"
    except OSError as problem:
        return f"The run was not copied to {url} ({problem.strerror}). {again}"
    return f"The run was copied to {url}."


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    return not any(path.is_relative_to(left_out) for left_out in _LEFT_OUT)

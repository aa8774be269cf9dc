"""Brings the pictures of a run from a URL into its dataset folder, before its trainer is started."""

from __future__ import annotations

from collections.abc import Callable

from db.engine import Database
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, map_files
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.runs.dataset_folder import picture_link
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.outcome import DISK_FULL, Outcome, is_disk_full
from puzzlecam_app.runs.snapshot import RunItem, current_paths, read_snapshot
from puzzlecam_app.storage.dataset_files import ContentChangedError
from trainer.data.voc import PICTURES
from trainer.machine.durable_write import write_atomic


class _Stopped(Exception):  # noqa: N818 - not an error
    pass


def fetch_pictures(database: Database, folder: RunFolder, goes_on: Callable[[], bool]) -> Outcome | None:
    """Write the pictures that the dataset folder of a run lacks.

    One that is gone, or was replaced by another, is left out, as a local one that is gone.

    Args:
        database: knows where the pictures are now.
        folder: of the run.
        goes_on: asked after each picture; once it returns False, no further one is begun.

    Returns:
        Why the run cannot begin; None if it can, or was stopped.
    """
    root = folder.dataset
    if not (root / PICTURES).is_dir():
        return None  # there is no such run here
    try:
        snapshot = read_snapshot(folder.snapshot_path)
        with database.read() as session:
            files, paths = current_paths(session, snapshot)
    except UserError as problem:
        return Outcome("failed", str(problem), "Correct this, then resume the run")
    if not files.is_remote and snapshot.url is None:
        return None

    def fetch(item: RunItem) -> None:
        try:
            data = files.read_known(paths[item.item_id], item.sha256)
        except (FileNotFoundError, ContentChangedError):
            return
        write_atomic(picture_link(root, item), data)

    def progress(_done: int, _total: int) -> None:
        if not goes_on():
            raise _Stopped

    wanted = [
        item for item in snapshot.items if item.item_id in paths and not picture_link(root, item).is_file()
    ]
    try:
        map_files(fetch, wanted, progress, threads=THREADS_THAT_WAIT)
    except _Stopped:
        return None
    except OSError as problem:
        return DISK_FULL if is_disk_full(root) else _not_fetched(files, problem)
    return None


def _not_fetched(files: RootFiles, problem: OSError) -> Outcome:
    return Outcome(
        "failed",
        f"The pictures cannot be fetched from {files.place()} ({problem.strerror}).",
        "Check the storage and the credentials of the worker, then resume the run",
    )

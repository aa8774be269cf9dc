"""Whole folders: copied to a store, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, Progress, map_files
from puzzlecam_app.storage.bucket import Bucket, BucketError


def upload_folder(
    folder: Path,
    bucket: Bucket,
    *,
    last: str,
    is_wanted: Callable[[str], bool] = lambda _: True,
    progress: Progress | None = None,
) -> None:
    """Write all files of a folder below the bucket's URL.

    Args:
        folder: links in it are not followed, and not copied.
        bucket: where the files go, under their relative names.
        last: the file that is written after all others: whoever finds it finds all of them.
        is_wanted: whether a file, by its relative name, is copied.
        progress: called with the number of files copied and their total.

    Raises:
        OSError: A file could not be written; some may have been.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    names = [name for name in (path.relative_to(folder).as_posix() for path in paths) if is_wanted(name)]
    map_files(
        lambda name: bucket.upload(folder / name, name),
        [name for name in names if name != last],
        progress,
        threads=THREADS_THAT_WAIT,
    )
    bucket.upload(folder / last, last)


def download_folder(bucket: Bucket, folder: Path, *, last: str, progress: Progress | None = None) -> None:
    """Bring back what `upload_folder` wrote, into a new or empty folder.

    Raises:
        FileNotFoundError: The file `last` is not there, so nothing was stored there, or not all of it.
        OSError: A file could not be had, or not be written here.
    """
    names = bucket.list()
    if last not in names:
        raise FileNotFoundError(last)
    inside = folder.resolve()

    def fetch(name: str) -> None:
        path = folder / name
        if not path.resolve().is_relative_to(inside):
            raise BucketError("a file has a name that leads out of its folder", str(bucket.url))
        path.parent.mkdir(parents=True, exist_ok=True)
        bucket.download(name, path)

    map_files(fetch, sorted(names), progress, threads=THREADS_THAT_WAIT)

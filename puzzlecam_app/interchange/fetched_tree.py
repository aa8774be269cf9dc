"""A dataset at a URL, for the time of an import: a local folder with the names of all its files.

Lists are fetched at once. Pictures and masks are empty files, whose content is fetched when it is read.
"""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.interchange.kinds import is_picture
from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, map_files
from puzzlecam_app.interchange.problems import Problem, error, printable
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.storage.bucket import Bucket, BucketError, check_installed
from puzzlecam_app.storage.dataset_files import MAX_PICTURE_BYTES
from puzzlecam_app.storage.read_cache import ReadCache, cache_in
from puzzlecam_app.storage.urls import StorageUrl
from puzzlecam_app.workspace import Workspace

_PREFIX: Final = ".names-"
_OLD_S: Final = 24 * 3600
_MOST_FILES: Final = 2_000_000
_MOST_FAILURES: Final = 8
_SPARE_BYTES: Final = 2**30
_LISTS: Final = frozenset(
    (
        ".csv",
        ".data",
        ".json",
        ".jsonl",
        ".names",
        ".npy",
        ".parquet",
        ".tsv",
        ".txt",
        ".xml",
        ".yaml",
        ".yml",
    )
)


class FetchedTree:
    """The names of all files below a URL, in `folder`, which is removed when nobody holds this any more.

    Args:
        bucket: the files below the URL.
        cache: keeps pictures that are read, because they will soon be shown.
        inside: the folder that `folder` is made in.

    Raises:
        UserError: There are no files, or too many, or the disk has no room for the lists.
        BusyError: The store does not answer.
    """

    def __init__(self, bucket: Bucket, cache: ReadCache, inside: Path) -> None:
        self._bucket = bucket
        self._cache = cache
        self._failures = 0
        self._lock = threading.Lock()
        self._sizes = self._listed()
        inside.mkdir(parents=True, exist_ok=True)
        _sweep(inside)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=inside)).resolve()
        self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.problems: list[Problem] = []
        lists = [name for name in self._names() if PurePosixPath(name).suffix.lower() in _LISTS]
        needed = sum(self._sizes[name] for name in lists)
        free = shutil.disk_usage(self.folder).free
        if needed + _SPARE_BYTES > free:
            raise UserError(
                f"the lists have {needed / 2**20:,.0f} MB, and the disk has {free / 2**20:,.0f} MB left",
                where=str(bucket.url),
                remedy="Free some disk space and import again",
            )
        map_files(self._download, lists, threads=THREADS_THAT_WAIT)

    def files(self, root: Path) -> RootFiles:
        """The files below a folder of the tree."""
        return _FetchingFiles(root=root, tree=self)

    def place_of(self, path: Path) -> str:
        """The URL of a file or folder of the tree."""
        return self.in_words(str(path))

    def in_words(self, text: str) -> str:
        """A text in which the tree's folder is called by its URL."""
        return text.replace(str(self.folder), str(self._bucket.url))

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let errors in the block name the URL, and not the tree's folder."""
        try:
            yield
        except UserError as problem:
            problem.message = self.in_words(problem.message)
            problem.where = problem.where and self.in_words(problem.where)
            problem.remedy = problem.remedy and self.in_words(problem.remedy)
            raise

    def fetch(self, path: Path) -> bytes:
        """The content of a file of the tree.

        Raises:
            OSError: It cannot be had.
            BusyError: Several in a row cannot be had, so that going on makes no sense.
        """
        name = path.relative_to(self.folder).as_posix()
        if self._sizes.get(name, 0) > MAX_PICTURE_BYTES:
            raise BucketError(f"the file is larger than {MAX_PICTURE_BYTES >> 20} MiB", name)
        try:
            data = self._bucket.read(name)
        except FileNotFoundError:
            raise
        except OSError as problem:
            with self._lock:
                self._failures += 1
                if self._failures >= _MOST_FAILURES:
                    raise self._no_answer(problem) from problem
            raise
        self._failures = 0
        self._cache.put(hashlib.sha256(data).hexdigest(), data)
        return data

    def _listed(self) -> dict[str, int]:
        try:
            sizes = self._bucket.list()
        except FileNotFoundError:
            sizes = {}
        except OSError as problem:
            raise self._no_answer(problem) from problem
        if not sizes or len(sizes) > _MOST_FILES:
            raise UserError(
                "there are no files" if not sizes else f"there are more than {_MOST_FILES:,} files",
                where=str(self._bucket.url),
                remedy="Give the URL of the dataset's folder",
            )
        return sizes

    def _names(self) -> list[str]:
        """Make an empty file for each name that can be one; returns those names."""
        made = []
        for name in sorted(self._sizes):
            parts = name.split("/")
            if any(part.startswith(".") and part not in (".", "..") for part in parts):
                continue  # hidden, as on a disk
            try:
                if any(part in ("", ".", "..") or "\\" in part or not part.isprintable() for part in parts):
                    raise OSError(errno.EINVAL, "not a name")
                path = self.folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(exist_ok=False)
            except OSError:
                reason = "a file here cannot have this name"
                self.problems.append(error(printable(name), reason, "Give it another name"))
                continue
            made.append(name)
        return made

    def _download(self, name: str) -> None:
        try:
            self._bucket.download(name, self.folder / name)
        except OSError as problem:
            raise self._no_answer(problem) from problem

    def _no_answer(self, problem: OSError) -> BusyError:
        return BusyError(
            f"the storage does not give the files ({problem.strerror}); nothing was imported",
            where=str(self._bucket.url),
            remedy="Check the URL, the storage and the credentials in the environment, and import again",
        )


def open_tree(url: StorageUrl, workspace: Workspace) -> FetchedTree:
    """The tree of a URL; raises as `FetchedTree` does."""
    check_installed(url)
    return FetchedTree(Bucket(url), cache_in(workspace.pictures_dir), workspace.cache_dir)


@dataclass(frozen=True, kw_only=True)
class _FetchingFiles(RootFiles):
    """Files of a tree; pictures and masks are fetched when they are opened."""

    tree: FetchedTree

    is_remote = True

    def place(self, relative: str = "") -> str:
        return self.tree.place_of(self.root / relative)

    def open(self, relative: str) -> io.BufferedReader:
        opened = super().open(relative)
        if not is_picture(relative):
            return opened
        opened.close()
        data = self.tree.fetch(self.root / relative)
        return io.BufferedReader(io.BytesIO(data))


def _sweep(folder: Path) -> None:
    """Remove what killed imports have left."""
    for path in folder.glob(f"{_PREFIX}*"):
        if path.stat().st_mtime < time.time() - _OLD_S:
            shutil.rmtree(path, ignore_errors=True)

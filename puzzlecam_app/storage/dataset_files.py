"""The files of a dataset, wherever they lie."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.datasets import is_at_url, is_copied, root_of
from db.engine import workspace_of
from db.models import Dataset
from puzzlecam_app.root_files import RootFiles
from puzzlecam_app.storage.breaker import breaker_of
from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.read_cache import ReadCache, cache_in
from puzzlecam_app.storage.urls import parse_url
from puzzlecam_app.workspace import Workspace

MAX_PICTURE_BYTES: Final = 1 << 30


class ContentChangedError(OSError):
    """The file is another one than the import has read."""

    def __init__(self, where: str) -> None:
        super().__init__(errno.ESTALE, "it has changed since it was imported", where)


@dataclass(frozen=True, kw_only=True)
class RemoteFiles(RootFiles):
    """The files below a URL. Whether one is there is only known when it is read.

    Attributes:
        bucket: what is below the URL.
        cache: local copies, by content.
    """

    bucket: Bucket
    cache: ReadCache

    is_remote = True

    def place(self, relative: str = "") -> str:
        """The URL of a file."""
        return str(self.bucket.url.below(relative) if relative else self.bucket.url)

    def open(self, relative: str) -> io.BufferedReader:
        """Fetch a file; it is not taken from the cache, because its hash is not known.

        Raises:
            FileNotFoundError: It is not there.
            BucketError: The store does not give it.
        """
        return io.BufferedReader(io.BytesIO(self._fetched(relative)))

    def read_known(self, relative: str, sha256: str) -> bytes:
        """The content with that hash, from the cache or from the store.

        Raises:
            FileNotFoundError: It is not there.
            ContentChangedError: Another content is in its place.
            BucketError: The store does not give it.
        """
        data = self.cache.get(sha256)
        if data is None:
            data = self._fetched(relative)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise ContentChangedError(self.place(relative))
            self.cache.put(sha256, data)
        return data

    def read_for_export(self, relative: str, sha256: str) -> tuple[bytes, os.stat_result | None]:
        """The content; there is no file that a link could be made to."""
        return self.read_known(relative, sha256), None

    def has_file(self, relative: str) -> bool:  # noqa: ARG002 - asking would take as long as reading
        """True: an import has found the file."""
        return True

    def _fetched(self, relative: str) -> bytes:
        return self.bucket.read(relative, MAX_PICTURE_BYTES)


def files_of(session: Session, dataset: Dataset) -> RootFiles:
    """The files of a dataset. Copied pictures are files of the workspace, in which no link leads out.

    Raises:
        UserError: The dataset's URL cannot be used by this version.
    """
    if is_at_url(dataset):
        workspace = Workspace(workspace_of(session))
        return remote_files(dataset.root, workspace)
    return RootFiles(root_of(session, dataset), dataset.follow_links and not is_copied(dataset))


def remote_files(url: str, workspace: Workspace) -> RemoteFiles:
    """The files below a URL, with the cache of a workspace."""
    cache = cache_in(workspace.pictures_dir)
    parsed = parse_url(url)
    bucket = Bucket(parsed, breaker=breaker_of(parsed))
    return RemoteFiles(root=workspace.pictures_dir, bucket=bucket, cache=cache)

"""Local copies of pictures that lie elsewhere, named after their content, up to a number of bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from pathlib import Path
from typing import Final, NamedTuple

from trainer.machine.durable_write import write_cache

DEFAULT_MAX_BYTES: Final = 20 * 10**9
_LEFT_AFTER_SWEEP: Final = 0.9


class _Kept(NamedTuple):
    """A file, its bytes, and when it was used last."""

    path: Path
    size: int
    used: float


class ReadCache:
    """Files under `folder`, as ``ab/abcd...``. Safe to call from several threads; safe to delete.

    When they take more than `max_bytes` together, those go that were not used for the longest time. Other
    processes may use the same folder; then each of them keeps it below its own limit.
    """

    def __init__(self, folder: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._size: int | None = None

    def get(self, sha256: str) -> bytes | None:
        """The content with that hash; None if it is not here, or damaged."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def put(self, sha256: str, data: bytes) -> None:
        """Keep a content, if the limit and the disk allow it."""
        path = self.path(sha256)
        if len(data) > self.max_bytes or path.exists() or not write_cache(path, data):
            return
        with self._lock:
            if self._size is None:
                self._size = sum(one.size for one in self._files())
            else:
                self._size += len(data)
            if self._size > self.max_bytes:
                self._size = self._swept()

    def path(self, sha256: str) -> Path:
        """Where a content is or would be."""
        return self.folder / sha256[:2] / sha256

    def _swept(self) -> int:
        """Remove what was not used for long; returns how many bytes are left."""
        files = sorted(self._files(), key=lambda one: one.used)
        left = sum(one.size for one in files)
        for one in files:
            if left <= self.max_bytes * _LEFT_AFTER_SWEEP:
                break
            with contextlib.suppress(OSError):
                one.path.unlink()
                left -= one.size
        return left

    def _files(self) -> list[_Kept]:
        found = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                found.append(_Kept(path, facts.st_size, facts.st_mtime))
        return found


_open: dict[Path, ReadCache] = {}
_opening = threading.Lock()


def cache_in(folder: Path, max_bytes: int | None = None) -> ReadCache:
    """The cache of a folder: one for all parts of a process, so that they count the same bytes.

    With `max_bytes`, that is its limit from now on.
    """
    with _opening:
        found = _open.setdefault(folder, ReadCache(folder))
        if max_bytes is not None:
            found.max_bytes = max_bytes
        return found

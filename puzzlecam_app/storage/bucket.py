"""The files below a URL. Only this module knows fsspec.

Every call ends within a time that is known. What fails is an `OSError`: `FileNotFoundError`, or `BucketError`
whose `strerror` is a reason for people. Credentials come from the environment and the providers' own files.
No reason repeats what a store answered, because that can contain them.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.storage.breaker import Breaker, NoAnswerError
from puzzlecam_app.storage.urls import StorageUrl
from trainer.machine.durable_write import write_atomic

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PATIENCE_S: Final = 20.0
"""How long a small file may take."""
LARGE_PATIENCE_S: Final = 600.0
"""How long a large file, or a list of all files, may take."""
_CONNECT_S: Final = 5
_READ_S: Final = 15
_RETRIES: Final = 2
_CONNECTIONS: Final = 64
_NO_BUCKET: Final = "there is no such bucket"
_MARKER: Final = ".puzzlecam-studio"
_PROTOCOLS: Final = {"s3": "s3", "gs": "gcs", "az": "abfs", "abfs": "abfs"}
_PACKAGES: Final = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "http": "aiohttp"}
_BROKEN_OFF: Final = frozenset(
    ("HTTPClientError", "ClientOSError", "ClientPayloadError", "IncompleteRead", "ResponseParserError")
)
"""Errors of botocore and aiohttp without an answer, beside those whose names contain Connect or Timeout."""
_CODE: Final = re.compile(r"[A-Za-z0-9]{1,40}")


class BucketError(OSError):
    """A store does not do what it was asked; `strerror` says why."""

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(errno.EIO, reason, where)


class Bucket:
    """The files below `url`, by relative names with slashes.

    Args:
        url: the folder.
        breaker: for calls that a person waits for: they fail at once while the store does not answer.
        patience_s: how long a small file may take. Large ones may take `LARGE_PATIENCE_S`, but not longer
            than the patience if that was set lower than usual.
    """

    def __init__(
        self, url: StorageUrl, patience_s: float = PATIENCE_S, *, breaker: Breaker | None = None
    ) -> None:
        self.url = url
        self._breaker = breaker
        self._patience_s = patience_s
        self._long_s = LARGE_PATIENCE_S if patience_s >= PATIENCE_S else patience_s

    def list(self) -> dict[str, int]:
        """All files below, with their sizes in bytes; 0 where a web server does not tell them."""
        if self.url.scheme in ("http", "https"):
            return dict.fromkeys(self._linked(), 0)
        found = self._call("find", str(self.url), detail=True, patience_s=self._long_s)
        start = f"{_filesystem(self.url)._strip_protocol(str(self.url))}/"
        sizes = {}
        for name, facts in found.items():
            if facts.get("type") == "file" and name.startswith(start) and not name.endswith("/"):
                sizes[name.removeprefix(start)] = int(facts.get("size") or 0)
        return sizes

    def read(self, relative: str, max_bytes: int | None = None) -> bytes:
        """The content of a file; with `max_bytes`, a larger one raises BucketError."""
        place = self._place(relative)
        if max_bytes is not None:
            size = self._call("info", place).get("size")
            if size is not None and size > max_bytes:
                raise BucketError(f"the file is larger than {max_bytes >> 20} MiB", place)
        data: bytes = self._call("cat_file", place)
        return data

    def download(self, relative: str, path: Path) -> None:
        """Write the content of a file, which may be large, to a local one."""
        self._call("get_file", self._place(relative), str(path), patience_s=self._long_s)

    def write(self, relative: str, data: bytes) -> None:
        """Write a file, whole or not at all. It is durable when this returns."""
        if self.url.scheme == "file":
            write_atomic(Path(self._place(relative).removeprefix("file://")), data)
        else:
            self._write("pipe_file", self._place(relative), data)

    def upload(self, path: Path, relative: str) -> None:
        """Write a local file, which may be large."""
        if self.url.scheme == "file":
            write_atomic(Path(self._place(relative).removeprefix("file://")), path.read_bytes())
        else:
            self._write("put_file", str(path), self._place(relative), patience_s=self._long_s)

    def _linked(self) -> Iterator[str]:
        """The files that the pages of a web server link to, folder by folder."""
        start = f"{self.url}/"
        folders, known = [start], {start}
        while folders:
            folder = folders.pop()
            for one in self._call("ls", folder, detail=True):
                name = str(one["name"])
                if not name.startswith(folder) or name in known or "?" in name or "#" in name:
                    continue  # upwards, to another order of the list, or to another server
                known.add(name)
                if name.endswith("/"):
                    folders.append(name)
                else:
                    yield name.removeprefix(start)

    def probe(self, *, writes: bool) -> None:
        """Find out whether the store answers and can be read; raises BucketError if not.

        It reads a small file there. If that is missing and it may write, it writes it.
        """
        try:
            self.read(_MARKER)
        except FileNotFoundError:
            if writes:
                self.write(_MARKER, b"A Puzzle-CAM studio keeps files here.\n")
            elif self.url.scheme != "file" and not self._call("exists", self._top):
                raise BucketError(_NO_BUCKET, str(self.url)) from None

    @property
    def _top(self) -> str:
        return f"{self.url.scheme}://{self.url.place.partition('/')[0]}"

    def _place(self, relative: str) -> str:
        if any(part in ("", ".", "..") for part in relative.split("/")):
            raise FileNotFoundError(errno.ENOENT, "no such file", str(self.url))
        return str(self.url.below(relative))

    def _write(self, name: str, *arguments: Any, patience_s: float | None = None) -> None:
        try:
            self._call(name, *arguments, patience_s=patience_s)
        except FileNotFoundError as problem:
            raise BucketError(_NO_BUCKET, str(self.url)) from problem

    def _call(self, name: str, *arguments: Any, patience_s: float | None = None, **options: Any) -> Any:
        """Call a method of the file system, with all that can go wrong in words."""
        try:
            with nullcontext() if self._breaker is None else self._breaker.guard():
                return self._asked(name, *arguments, patience_s=patience_s or self._patience_s, **options)
        except NoAnswerError as problem:
            raise BucketError(str(problem), str(self.url)) from problem

    def _asked(self, name: str, *arguments: Any, patience_s: float, **options: Any) -> Any:
        from fsspec.asyn import AsyncFileSystem, sync

        try:
            files = _filesystem(self.url)
            if isinstance(files, AsyncFileSystem):
                method = getattr(files, f"_{name}")
                return sync(files.loop, method, *arguments, timeout=patience_s, **options)
            return getattr(files, name)(*arguments, **options)
        except FileNotFoundError as problem:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(self.url)) from problem
        except Exception as problem:  # each store has errors of its own
            if silence := _silence(problem, patience_s):
                raise NoAnswerError(silence) from problem
            raise BucketError(_reason(problem), str(self.url)) from problem


def check_installed(url: StorageUrl) -> None:
    """Raise UserError unless the package that speaks to this kind of store is there."""
    package = _PACKAGES.get(url.scheme.replace("https", "http"))
    if package is not None and find_spec(package) is None:
        remedy = "the extra 'remote'" if package in ("s3fs", "aiohttp") else f"the package {package}"
        raise UserError(f"{url.scheme}:// needs the package {package}", remedy=f"Install {remedy}")


@cache
def _filesystem_of(scheme: str) -> AbstractFileSystem:
    import fsspec

    options: dict[str, Any] = {"use_listings_cache": False} if scheme != "file" else {}
    if scheme == "s3":
        retries = {"max_attempts": _RETRIES, "mode": "standard"}
        options["config_kwargs"] = {
            "connect_timeout": _CONNECT_S,
            "read_timeout": _READ_S,
            "max_pool_connections": _CONNECTIONS,
            "retries": retries,
        }
    elif scheme in ("http", "https"):
        # A server must not send the studio to another place.
        options |= {"allow_redirects": False, "client_kwargs": {"raise_for_status": _refuse_redirects}}
    files = fsspec.filesystem(_PROTOCOLS.get(scheme, scheme), **options)
    if scheme == "s3":
        files.retries = 1  # botocore does it already
    return files


def _filesystem(url: StorageUrl) -> AbstractFileSystem:
    return _filesystem_of(url.scheme)


async def _refuse_redirects(answer: Any) -> None:
    if 300 <= answer.status < 400:
        raise BucketError("it leads to another address, which is not followed", str(answer.url.host))


def _silence(problem: Exception, patience_s: float) -> str | None:
    """Why there is no answer; None if there is one."""
    kind = type(problem).__name__
    if isinstance(problem, TimeoutError) or "Timeout" in kind:
        return f"it does not answer within {patience_s:.0f} seconds"
    if isinstance(problem, ConnectionError) or "Connect" in kind:
        return "it cannot be reached"
    if kind in _BROKEN_OFF:
        return "the connection to it broke off"
    return None


def _reason(problem: Exception) -> str:
    """Why a call failed, in words that contain nothing of what the store said."""
    kind = type(problem).__name__
    if isinstance(problem, BucketError):
        return str(problem.strerror)
    if isinstance(problem, PermissionError) or "Credential" in kind or "Authentication" in kind:
        return "it refuses the credentials in the environment, or there are none"
    if isinstance(problem, ImportError):
        return "the package that speaks to it is not installed"
    if isinstance(problem, NotImplementedError):
        return "it cannot be written"
    return f"it answers with an error ({_code_of(problem) or kind})"


def _code_of(problem: BaseException) -> str | None:
    """The code of an answer of S3, such as InternalError."""
    answer = getattr(problem, "response", None) or getattr(problem.__cause__, "response", None)
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None

"""Opens files below a folder that a person named, and refuses those that a link puts outside of it.

The folder itself may be a link. Links below it may point to places below it. A path is followed one name at
a time: each name is opened from the folder that was opened before it, and never through a link, whose target
is followed in the same way. So nothing can be exchanged between a check and the opening. Where the system
cannot open a name from an open folder (Windows), the place is checked before and after opening.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath, PurePosixPath
from typing import ClassVar, Final

from puzzlecam_app.errors import UserError

LEADS_OUT: Final = "the link leads out of the folder"
REPLACE_THE_LINK: Final = (
    "Replace the link with the file, or import on the command line with --follow-links if you trust it"
)

_MAX_LINKS: Final = 40  # as Linux does
_OPENS_FROM_FOLDERS: Final = {os.open, os.readlink} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
# Opening a pipe must not wait for somebody who writes into it.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class LeadsOutError(OSError):
    """A link below a folder leads out of it; `strerror` says so."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EXDEV, LEADS_OUT, str(path))


@dataclass(frozen=True)
class RootFile:
    """A file below a root. It has the parts of a `Path` that readers of lists need."""

    files: RootFiles
    relative: str

    def __str__(self) -> str:
        return self.files.place(self.relative)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.relative).name

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.relative).stem

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        return PurePosixPath(self.relative).suffix

    def read_bytes(self) -> bytes:
        """The content; raises what `RootFiles.open` does."""
        return self.files.read(self.relative)


@dataclass(frozen=True)
class RootFiles:
    """The files below `root`, by relative paths with slashes.

    With `follow_links`, links may lead anywhere: somebody who may read those files anyway said so.
    """

    root: Path
    follow_links: bool = False

    is_remote: ClassVar[bool] = False
    """Whether reading a file means waiting for another machine."""

    def place(self, relative: str = "") -> str:
        """Where a file is, to be told to people."""
        return str(self.root / relative)

    def open(self, relative: str) -> BufferedReader:
        """Open a regular file for reading.

        Raises:
            LeadsOutError: A link on the way leads out of the root.
            OSError: The file is missing, may not be read, or is no regular file.
        """
        descriptor = self._open(relative)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", str(self.root / relative))
        return os.fdopen(descriptor, "rb")

    def read(self, relative: str) -> bytes:
        """The content of a file; raises what `open` does."""
        with self.open(relative) as file:
            return file.read()

    def read_known(self, relative: str, sha256: str) -> bytes:  # noqa: ARG002 - for files from elsewhere
        """The content of a file that had this hash when it was imported; raises what `open` does.

        Files of this machine are read as they are now.
        """
        return self.read(relative)

    def read_for_export(self, relative: str, sha256: str) -> tuple[bytes, os.stat_result | None]:  # noqa: ARG002
        """The same, with the file that the content came from, if a link to it can be made."""
        with self.open(relative) as file:
            return file.read(), os.fstat(file.fileno())

    def has_file(self, relative: str) -> bool:
        """Whether there is a regular file; a link that leads out raises LeadsOutError."""
        return self._is(relative, stat.S_ISREG)

    def lists_file(self, relative: str) -> bool:
        """Whether there is a file, or a link in its place that leads out and is refused when it is read."""
        try:
            return self.has_file(relative)
        except LeadsOutError:
            return True

    def has_folder(self, relative: str) -> bool:
        """Whether there is a folder; a link that leads out raises LeadsOutError."""
        return self._is(relative, stat.S_ISDIR)

    def first(self, *names: str) -> RootFile | None:
        """The first of these files that exists, None if there is none.

        Raises:
            UserError: It is a link that leads out of the root.
        """
        for name in names:
            with refusal_in_words(self.root / name):
                if self.has_file(name):
                    return RootFile(self, name)
        return None

    def in_folder(self, folder: str, ending: str) -> list[RootFile]:
        """The files of a folder whose names end with `ending`, by name.

        Raises:
            UserError: The folder or one of the files is a link that leads out of the root.
        """
        with refusal_in_words(self.root / folder):
            if not self.has_folder(folder):
                return []
        names = sorted(path.name for path in (self.root / folder).iterdir() if path.name.endswith(ending))
        found = (self.first(f"{folder}/{name}") for name in names)
        return [file for file in found if file is not None]

    def _is(self, relative: str, kind: Callable[[int], bool]) -> bool:
        try:
            descriptor = self._open(relative)
        except LeadsOutError:
            raise
        except OSError:
            return False
        try:
            return kind(os.fstat(descriptor).st_mode)
        finally:
            os.close(descriptor)

    def _open(self, relative: str) -> int:
        if self.follow_links:
            return os.open(self.root / relative, _FLAGS)
        if _OPENS_FROM_FOLDERS:
            return _open_below(self.root, relative)
        return _open_checked(self.root, relative)


@contextmanager
def refusal_in_words(path: Path | RootFile) -> Iterator[None]:
    """Turn LeadsOutError into a UserError about `path`."""
    try:
        yield
    except LeadsOutError as problem:
        raise UserError(LEADS_OUT, where=str(path), remedy=REPLACE_THE_LINK) from problem


def _open_below(root: Path, relative: str) -> int:
    pending = list(reversed(PurePosixPath(relative).parts))
    opened = [os.open(root, _FLAGS)]
    links = 0
    try:
        while pending:
            name = pending.pop()
            if name == "..":
                if len(opened) == 1:
                    raise LeadsOutError(root / relative)
                os.close(opened.pop())
                continue
            try:
                opened.append(os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=opened[-1]))
            except OSError as problem:
                target = _target_of_link(name, opened[-1])
                if target is None:
                    raise
                links += 1
                if links > _MAX_LINKS:
                    raise OSError(errno.ELOOP, "a link leads in a circle", str(root / relative)) from problem
                if target.is_absolute():
                    inside = _below(root, target)
                    if inside is None:
                        raise LeadsOutError(root / relative) from problem
                    while len(opened) > 1:
                        os.close(opened.pop())
                    target = inside
                pending += reversed(target.parts)
        return opened.pop()
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _target_of_link(name: str, folder: int) -> PurePath | None:
    try:
        return PurePath(os.readlink(name, dir_fd=folder))
    except OSError:
        return None  # not a link


def _below(root: Path, target: PurePath) -> PurePath | None:
    """The path relative to the root of an absolute target; None if it is elsewhere."""
    for way in (root.absolute(), root.resolve()):
        if target.is_relative_to(way):
            return target.relative_to(way)
    return None


def _open_checked(root: Path, relative: str) -> int:
    path, inside = root / relative, root.resolve()
    try:
        before = path.resolve(strict=True)
    except RuntimeError as problem:
        raise OSError(errno.ELOOP, "a link leads in a circle", str(path)) from problem
    if not before.is_relative_to(inside):
        raise LeadsOutError(path)
    descriptor = os.open(before, _FLAGS)
    # Had a folder been exchanged for a link meanwhile, the place would be another one now.
    after = before.resolve()
    if not after.is_relative_to(inside) or not os.path.samestat(os.fstat(descriptor), after.stat()):
        os.close(descriptor)
        raise LeadsOutError(path)
    return descriptor

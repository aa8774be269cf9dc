"""Pictures that lie inside other files, unpacked for the time of an import."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.kinds import is_picture
from puzzlecam_app.interchange.pictures import MAX_FILE_BYTES
from trainer.contract import PICTURE_SUFFIXES

_PREFIX: Final = ".unpacked-"
_OLD_S: Final = 24 * 3600
_MAX_NAME_BYTES: Final = 200
_MASKS: Final = ".masks"


class UnpackedPictures:
    """A folder of pictures and masks that is removed when the last one who holds this lets go of it.

    Args:
        inside: the folder that it is made in; that for temporary files if None. What killed imports left
            there is removed after a day.
        max_bytes: what all files may have together.
    """

    def __init__(self, inside: Path | None, max_bytes: int) -> None:
        if inside is not None:
            inside.mkdir(parents=True, exist_ok=True)
            _sweep(inside)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=inside))
        self.remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / _MASKS).mkdir()
        self._left = max_bytes
        self._taken: set[str] = set()

    def add_picture(self, content: bytes, named: str, row: str, where: str) -> str:
        """Write a picture; returns its path in the folder.

        Args:
            content: of the file.
            named: its name where it came from, which may be anything; a plain name is kept.
            row: a name that no other picture has, for one without a usable name.
            where: place for messages.
        """
        name = _plain(named) or row
        if not is_picture(name):
            name += _suffix(content)
        path = name
        if path.casefold() in self._taken:
            path = f"{row}/{name}"
        self._taken.add(path.casefold())
        self._write(path, content, where)
        return path

    def add_mask(self, content: bytes, where: str) -> str:
        """Write a mask; returns its path in the folder."""
        path = f"{_MASKS}/{len(self._taken)}.png"
        self._write(path, content, where)
        return path

    def _write(self, path: str, content: bytes, where: str) -> None:
        self._left -= len(content)
        if self._left < 0 or len(content) > MAX_FILE_BYTES:
            raise UserError(
                "the pictures are much larger unpacked than in their file, as no picture is",
                where=where,
                remedy="Write the file again",
            )
        place = self.folder / path
        try:
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
        except OSError as problem:
            raise UserError(
                f"the pictures cannot be unpacked ({problem.strerror})",
                where=str(self.folder),
                remedy="Free some disk space and import again",
            ) from problem


def _plain(named: str) -> str:
    """The last part of a path if it can be the name of a file anywhere; else nothing."""
    name = PurePosixPath(named.replace("\\", "/")).name.strip()
    is_usable = name.isprintable() and not name.startswith(".") and ":" not in name
    return name if is_usable and len(name.encode("utf-8", "replace")) <= _MAX_NAME_BYTES else ""


def _suffix(content: bytes) -> str:
    """The ending of a file with that content; any, if it is no picture, which is told when it is read."""
    heads = {b"\xff\xd8": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif", b"BM": ".bmp"}
    return next((suffix for head, suffix in heads.items() if content.startswith(head)), PICTURE_SUFFIXES[0])


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        if path.stat().st_mtime < time.time() - _OLD_S:
            shutil.rmtree(path, ignore_errors=True)

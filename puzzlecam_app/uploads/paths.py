"""Which paths a person's computer may give the files that it sends."""

from __future__ import annotations

import unicodedata
from typing import Final

from puzzlecam_app.errors import UserError

MAX_PATH_LENGTH: Final = 512
_MAX_NAME_BYTES: Final = 240
_MAX_DEPTH: Final = 16


def safe_path(path: str) -> str:
    """Return a relative path with forward slashes that stays in the folder of the upload.

    Raises:
        UserError: The path is absolute, leads out of the folder, or is no path that every file system takes.

    >>> safe_path("photos/a.jpg")
    'photos/a.jpg'
    """
    plain = unicodedata.normalize("NFC", path).replace("\\", "/")
    parts = plain.split("/")
    is_bad = (
        not plain
        or len(plain) > MAX_PATH_LENGTH
        or len(parts) > _MAX_DEPTH
        or not plain.isprintable()
        or ":" in plain
        or any(
            part in ("", ".", "..")
            or part != part.strip()
            or len(part.encode("utf-8", "replace")) > _MAX_NAME_BYTES
            for part in parts
        )
    )
    if is_bad:
        raise UserError(
            f"the path {path[:80]!r} cannot be used",
            remedy="Rename the file: no empty names, no colons, no spaces at the ends, and no .. in the path",
        )
    return plain


def _is_bad_name(part: str) -> bool:
    return (
        part in ("", ".", "..")
        or part != part.strip()
        or len(part.encode("utf-8", "replace")) > _MAX_NAME_BYTES
    )


def is_clutter(path: str) -> bool:
    """Whether a file was put there by an operating system, so that nobody misses it."""
    parts = path.split("/")
    return (
        "__MACOSX" in parts or parts[-1].lower() in ("thumbs.db", "desktop.ini") or parts[-1].startswith(".")
    )

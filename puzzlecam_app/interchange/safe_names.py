"""File names that every file system and every list of names accepts."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Final

_MAX_BYTES: Final = 200
"""File systems allow 255 bytes; a number, a split and a suffix are added."""
_RESERVED_ON_WINDOWS: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)


def safe_names(names: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """A file name without suffix for each of `names`, unique even where case is ignored.

    Letters and digits of any script, ``.``, ``_`` and ``-`` are kept; every other run of characters becomes
    ``_``. A name that is already taken gets a number. Names are handled in sorted order, so the result
    depends only on `names` and `taken`.

    Args:
        names: Any text; a suffix such as ``.jpg`` is kept (see `without_suffix`).
        taken: File names that must not be used.

    >>> safe_names(["cats/a b", "cats/a_b", "frame.001"])
    {'frame.001': 'frame.001', 'cats/a b': 'cats_a_b', 'cats/a_b': 'cats_a_b_2'}
    """
    used = {name.casefold() for name in taken}
    safe: dict[str, str] = {}
    # Names that are safe already go first: they are never the ones to change.
    for name in sorted(set(names), key=lambda name: (_plain(name) != name, name)):
        plain = _plain(name)
        choice, number = plain, 1
        while choice.casefold() in used:
            number += 1
            choice = f"{plain}_{number}"
        used.add(choice.casefold())
        safe[name] = choice
    return safe


def without_suffix(name: str, path: str) -> str:
    """The name of a picture without the suffix of its file; a name that does not end with it is kept.

    >>> without_suffix("cats/1.jpg", "cats/1.jpg"), without_suffix("frame.001", "JPEGImages/frame.001.jpg")
    ('cats/1', 'frame.001')
    """
    return name.removesuffix(PurePosixPath(path).suffix)


def _plain(name: str) -> str:
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name))
    # Lists skip empty lines, and programs skip hidden files.
    plain = f"_{plain.lstrip('.')}" if plain.startswith(".") else plain
    if plain.strip("_") == "":
        plain = f"picture{plain}"
    if len(plain.encode()) > _MAX_BYTES:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        plain = f"{plain.encode()[: _MAX_BYTES - 9].decode(errors='ignore')}-{digest}"
    return f"{plain}_" if plain.lower().split(".")[0] in _RESERVED_ON_WINDOWS else plain

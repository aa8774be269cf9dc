"""File names for an export that every file system and every list of names can hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

_MAX_LENGTH: Final = 100
_RESERVED_ON_WINDOWS: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """A plain name without suffix for each of `names`, unique even where capitals do not count.

    Signs other than letters, digits, ``.``, ``_`` and ``-`` become ``_``. A name that would be taken gets a
    number; names are served in sorted order, so the result depends on the set alone.

    >>> safe_names(["cats/a b.jpg", "cats/a_b.png", "2007_000033"])
    {'2007_000033': '2007_000033', 'cats/a b.jpg': 'cats_a_b', 'cats/a_b.png': 'cats_a_b_2'}
    """
    taken: set[str] = set()
    safe: dict[str, str] = {}
    # Names that are safe already go first: an export then keeps them whatever else is in it.
    for name in sorted(set(names), key=lambda name: (_plain(name) != name, name)):
        plain = _plain(name)
        choice, number = plain, 1
        while choice.lower() in taken:
            number += 1
            choice = f"{plain}_{number}"
        taken.add(choice.lower())
        safe[name] = choice
    return safe


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    stem = path.with_suffix("").as_posix() if path.name else name
    ascii_only = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_only).strip("._-")[:_MAX_LENGTH] or "picture"
    return f"{plain}_" if plain.lower().split(".")[0] in _RESERVED_ON_WINDOWS else plain

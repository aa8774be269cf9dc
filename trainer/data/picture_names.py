"""Finds the picture that a name in a list means.

People and programs on other systems write names with backslashes, in another Unicode form or in capitals.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath


def name_forms(name: str) -> Iterator[str]:
    """Spellings under which a path is looked up, strictest first.

    >>> list(name_forms("./Cats/a.jpg"))
    ['./Cats/a.jpg', 'Cats/a.jpg', 'cats/a.jpg']
    """
    composed = unicodedata.normalize("NFC", name)
    forward = composed.replace("\\", "/").removeprefix("./")
    yield from dict.fromkeys((composed, forward, forward.casefold()))


class PictureNames:
    """Paths of pictures with slashes, found by path or, without a folder, by the name of the file alone."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_form: dict[str, list[str]] = {}
        for path in paths:
            for form in dict.fromkeys((*name_forms(path), *name_forms(PurePosixPath(path).name))):
                self._by_form.setdefault(form, []).append(path)

    def find(self, name: str) -> Sequence[str]:
        """The paths that `name` can mean: one if it is clear, several if it is not, none if there is none."""
        for form in name_forms(name.strip()):
            found = self._by_form.get(form, ())
            if found:
                return found
        return ()

"""Lines of lists of pictures, as PASCAL VOC, DeepLab and others write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from trainer.contract import PICTURE_SUFFIXES

_ENDING: Final = "|".join(re.escape(suffix) for suffix in PICTURE_SUFFIXES)
_TWO_COLUMNS: Final = re.compile(rf"(.+(?:{_ENDING}))[\s,;]+(.+\.png)", re.IGNORECASE)
_FLAGGED: Final = re.compile(r"(.+?)\s+(-1|0|1)")
_PICTURE_FOLDER: Final = "JPEGImages/"


@dataclass(frozen=True)
class ListLine:
    """One line of a list.

    Attributes:
        names: what the line may name, likeliest first; more than one because names may hold spaces, dots and
            figures. A name has no suffix, and is relative to the folder of the pictures.
        flag: "1", "0" (present, but hard to see) or "-1" (absent), if the line ends with one; None if not.
        mask: the mask in the second column, relative to the dataset; None without one.
    """

    names: tuple[str, ...]
    flag: str | None = None
    mask: str | None = None

    def name(self, is_known: Callable[[str], bool]) -> str:
        """The first of the names that is known, else the last."""
        return next((name for name in self.names if is_known(name)), self.names[-1])


def parse_list_line(line: str) -> ListLine:
    """Read a line that is not empty.

    >>> parse_list_line("2007_000033 -1").names, parse_list_line("x.jpg").names
    (('2007_000033 -1', '2007_000033'), ('x.jpg', 'x'))
    >>> parse_list_line("/JPEGImages/a.jpg /SegmentationClassAug/a.png")
    ListLine(names=('a',), flag=None, mask='SegmentationClassAug/a.png')
    """
    text = line.strip()
    columns = _TWO_COLUMNS.fullmatch(text)
    if columns is not None:
        mask = columns.group(2).replace("\\", "/").lstrip("/")
        return ListLine((_inner(columns.group(1).strip()),), mask=mask)
    names = [text, _inner(text)]
    flagged = _FLAGGED.fullmatch(text)
    if flagged is None:
        return ListLine(tuple(dict.fromkeys(names)))
    names += (flagged.group(1), _inner(flagged.group(1)))
    return ListLine(tuple(dict.fromkeys(names)), flag=flagged.group(2))


def _inner(name: str) -> str:
    """A name without the folder of the pictures and without suffix; one with ``..`` is left as it is."""
    path = name.replace("\\", "/")
    if ".." not in path.split("/") and f"/{_PICTURE_FOLDER}" in f"/{path}":
        name = f"/{path}".partition(f"/{_PICTURE_FOLDER}")[2]
    plain = PurePosixPath(name)
    return plain.with_suffix("").as_posix() if plain.suffix.lower() in PICTURE_SUFFIXES else name

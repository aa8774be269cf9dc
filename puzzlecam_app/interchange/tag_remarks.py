"""Remarks on tags that are probably meant otherwise: lists in one tag, and spellings of one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from puzzlecam_app.interchange.problems import Problem, warning
from puzzlecam_app.interchange.source import SourceItem

_SEPARATORS: Final = (",", "|", "/", "[", "\t")


def remarks_on_tags(items: Sequence[SourceItem], fixed: Collection[str]) -> list[Problem]:
    """Warnings about the tags of `items`, at the first picture that has them.

    Args:
        items: Pictures with their tags.
        fixed: Names that a class list contains, which are meant as they are; empty without one.
    """
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    for item in items:
        for tag in item.tags:
            first.setdefault(tag, item.path)
            count[tag] = count.get(tag, 0) + 1
    problems = []
    for tag, path in first.items():
        sign = next((sign for sign in _SEPARATORS if sign in tag), None)
        if sign is not None and tag not in fixed:
            pictures = "1 picture" if count[tag] == 1 else f"{count[tag]} pictures"
            problems.append(
                warning(
                    path,
                    f"the tag {tag!r} contains {sign!r} and may be a list; it was read as one class "
                    f"({pictures})",
                    "Separate tags with ; if it is a list",
                )
            )
    spellings: dict[str, list[str]] = {}
    for tag in dict.fromkeys((*first, *sorted(fixed))):
        spellings.setdefault(alike(tag), []).append(tag)
    for same in spellings.values():
        if len(same) > 1 and any(tag in first for tag in same):
            path = next(first[tag] for tag in reversed(same) if tag in first)
            shown = ", ".join(repr(tag) for tag in sorted(same))
            problems.append(
                warning(
                    path,
                    f"the tags {shown} differ only in capitals, spaces, _ or -; each is a class of its own",
                    "Use one spelling if they mean the same",
                )
            )
    return problems


def alike(name: str) -> str:
    """What names have in common that differ only in capitals, spaces, _ or -.

    >>> alike("Traffic_Light") == alike("traffic light")
    True
    """
    return re.sub(r"[\s_\-]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()

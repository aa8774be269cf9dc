"""What is wrong with a file of a dataset, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning"]


class Problem(BaseModel):
    """A remark on one file.

    An ``error`` means that something could not be used and was left out: the file, its mask or a tag. A
    ``warning`` means that it was used but should be checked, or, with `left_out`, that it was passed over.
    """

    model_config = ConfigDict(frozen=True)

    file: str = Field(description="Path relative to the dataset, with a row if the file is a list.")
    severity: Severity
    reason: str = Field(description="What is wrong.")
    remedy: str = Field(description="What to do about it.")
    left_out: bool = Field(default=False, description="Whether something was not used.")


def error(file: str, reason: str, remedy: str) -> Problem:
    """The problem of something that was left out."""
    return Problem(file=printable(file), severity="error", reason=reason, remedy=remedy, left_out=True)


def warning(file: str, reason: str, remedy: str) -> Problem:
    """The problem of something that was used but should be checked."""
    return Problem(file=printable(file), severity="warning", reason=reason, remedy=remedy)


def ignored(file: str, reason: str, remedy: str) -> Problem:
    """The problem of something that is not wrong, but was not used."""
    return Problem(file=printable(file), severity="warning", reason=reason, remedy=remedy, left_out=True)


def in_words(problems: Sequence[Problem], told: Callable[[str], str]) -> list[Problem]:
    """The problems with places called as `told` calls them."""
    return [
        one.model_copy(update={name: told(getattr(one, name)) for name in ("file", "reason", "remedy")})
        for one in problems
    ]


def printable(name: str) -> str:
    """`name` with what cannot be stored or shown (bytes that are not UTF-8, control signs) escaped.

    >>> printable("caf\\udce9.jpg")
    'caf\\\\udce9.jpg'
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "backslashreplace").decode()
        for sign in name
    )

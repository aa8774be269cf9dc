"""Errors whose messages are written for the person who reads them."""

from __future__ import annotations

from typing import ClassVar


def _sentence(text: str) -> str:
    """Return `text` with a full stop at its end, unless it ends a sentence already."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


class UserError(Exception):
    """A problem that a person can solve; the command line prints it and exits with `exit_code`.

    Args:
        message: What is wrong, without the place ("not a picture").
        where: The file, row, field or option that is wrong.
        remedy: What to do about it ("Save it again as PNG").

    `str(error)` reads ``where: message. Remedy.``, ready for a terminal, a page or an HTTP answer.

    >>> str(UserError("not a picture", where="cats/1.jpg", remedy="Save it again as PNG"))
    'cats/1.jpg: not a picture. Save it again as PNG.'
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = _sentence(self.message if self.where is None else f"{self.where}: {self.message}")
        return text if self.remedy is None else f"{text} {_sentence(self.remedy)}"


class BusyError(UserError):
    """The studio is busy with other work; the same request can succeed a little later."""


class UsageError(UserError):
    """A command or a setting was used wrongly; nothing was started."""

    exit_code: ClassVar[int] = 2

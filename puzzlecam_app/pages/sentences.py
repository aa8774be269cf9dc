"""Text on the Gradio pages: failures as one sentence, counts in words, and names escaped from Markdown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from db.errors import StorageError
from puzzlecam_app.errors import UserError
from trainer.errors import TrainerError

Shown = TypeVar("Shown")
_log = logging.getLogger(__name__)

_UNEXPECTED = "An unexpected error occurred. Try again; the studio's log has the details."


def shown(work: Callable[[], Shown], show_failure: Callable[[str], Shown]) -> Shown:
    """Return the result of `work`, or that of `show_failure` for the sentence that says why it failed."""
    try:
        return work()
    except (UserError, StorageError, TrainerError) as error:
        return show_failure(str(error))
    except Exception:
        _log.exception("a page's handler failed")
        return show_failure(_UNEXPECTED)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "picture"), counted(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain(text: str) -> str:
    """Return Markdown that shows `text` literally, for names of files, datasets and people."""
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>()#+!|&~" else c for c in text)

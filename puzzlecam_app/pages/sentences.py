"""Text on the Gradio pages: failures as one sentence, and names that are never read as markup."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from db.errors import StorageError
from puzzlecam_app.errors import UserError
from trainer.errors import TrainerError

Shown = TypeVar("Shown")
_log = logging.getLogger(__name__)

_UNEXPECTED = "Something went wrong that the studio did not expect. Try again; the log has the details."


def shown(work: Callable[[], Shown], show_failure: Callable[[str], Shown]) -> Shown:
    """Return what `work` gives, or what `show_failure` makes of the sentence that tells why it failed."""
    try:
        return work()
    except (UserError, StorageError, TrainerError) as error:
        return show_failure(str(error))
    except Exception:
        _log.exception("a page's handler failed")
        return show_failure(_UNEXPECTED)


def counted(number: int, noun: str) -> str:
    """Return how many there are in words.

    >>> counted(1, "picture"), counted(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def plain(text: str) -> str:
    """Return Markdown that shows `text` as it is: names of files and people are no markup."""
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>()#+!|&~" else c for c in text)

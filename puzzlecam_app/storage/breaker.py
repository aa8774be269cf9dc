"""Keeps requests from waiting one after the other for a store that does not answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from puzzlecam_app.storage.urls import StorageUrl

NOT_ASKED: Final = "it did not answer a moment ago"


class NoAnswerError(Exception):
    """A call has waited in vain, or was not made because another one waits."""


class Breaker:
    """After a call without an answer, one call at a time is made, until there is an answer. Others fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = False
        self._is_tried = False

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Make a call in the block, which raises NoAnswerError if there is no answer.

        Raises:
            NoAnswerError: No answer came, or the call was not made.
        """
        with self._lock:
            is_trial = self._is_open
            if is_trial and self._is_tried:
                raise NoAnswerError(NOT_ASKED)
            self._is_tried = is_trial
        is_answered = True
        try:
            yield
        except NoAnswerError:
            is_answered = False
            raise
        finally:
            with self._lock:
                self._is_open = not is_answered
                if is_trial:
                    self._is_tried = False


_breakers: dict[str, Breaker] = {}
_making: Final = threading.Lock()


def breaker_of(url: StorageUrl) -> Breaker:
    """The breaker that all calls of this process to a bucket or a server share."""
    server = f"{url.scheme}://{url.place.partition('/')[0]}"
    with _making:
        return _breakers.setdefault(server, Breaker())

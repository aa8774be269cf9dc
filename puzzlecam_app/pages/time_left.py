"""The progress bar of a page, with the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable

import gradio as gr

_MINUTE_S = 60
_SPEAKS_FROM_S = 2


def with_time_left(
    progress: gr.Progress, doing: str, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """What is called with how many files are done and how many there are, and shows it on the page."""
    began = clock()

    def show(done: int, total: int) -> None:
        passed_s = clock() - began
        # The first files say little about the others.
        left = time_left(passed_s / done * (total - done)) if done and passed_s >= _SPEAKS_FROM_S else ""
        progress((done, total), desc=f"{doing}, {left}" if left else doing)

    return show


def time_left(seconds: float) -> str:
    """A time in words.

    >>> time_left(4.2), time_left(200)
    ('4 s left', 'about 3 min left')
    """
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s left"
    return f"about {seconds / _MINUTE_S:.0f} min left"

"""Shows the progress of the set-up, on a terminal or in a log."""

from __future__ import annotations

import re
import shutil
import sys
import time
from typing import Self

LOG_INTERVAL_S = 15


class Step:
    """A line of progress: what is being done, the latest detail, and how long it has taken.

    On a terminal the line is rewritten in place; elsewhere a new line is printed every `LOG_INTERVAL_S`.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._is_live = sys.stdout.isatty()
        self._started = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        print(self._title, end="" if self._is_live else "\n", flush=True)
        return self

    def update(self, detail: str) -> None:
        """Show the latest detail."""
        now = time.monotonic()
        elapsed = now - self._started
        if self._is_live:
            self._rewrite(f"{self._title} ({elapsed:.0f} s) {detail}")
        elif now - self._shown >= LOG_INTERVAL_S:
            self._shown = now
            print(f"  {elapsed:.0f} s: {detail}", flush=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        ending = f"{'done in' if kind is None else 'stopped after'} {time.monotonic() - self._started:.0f} s"
        if self._is_live:
            self._rewrite(f"{self._title}: {ending}")
            print()
        else:
            print(f"  {ending}", flush=True)

    def _rewrite(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{line[:width]:<{width}}", end="", flush=True)


_PIP_LINES = (
    (
        re.compile(r"\s*Downloading (?:\S*/)?([\w.]+-[\w.+]+?)(?:-\S+|\.tar\.gz)? \((.+)\)"),
        r"downloading \1 (\2)",
    ),
    (re.compile(r"\s*Collecting ([\w.-]+)"), r"looking up \1"),
    (re.compile(r"\s*Building wheel for ([\w.-]+)"), r"building \1"),
    (re.compile(r"Installing collected packages: "), "unpacking"),
    (re.compile(r".*Retrying \(Retry\("), "the package index does not answer; trying again"),
)


def describe_pip_line(line: str) -> str | None:
    """Return the part of a line of pip's output that people want to know; `None` if there is none.

    >>> describe_pip_line("  Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl (915.0 MB)")
    'downloading torch-2.14.1 (915.0 MB)'
    >>> describe_pip_line("Requirement already satisfied: numpy")
    """
    for pattern, shown in _PIP_LINES:
        if match := pattern.match(line):
            return match.expand(shown)
    return None

"""events.jsonl: what a run does, one JSON object a line, for people, the report and the app."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

EventKind = Literal[
    "run_started",
    "run_finished",
    "run_failed",
    "run_stopped",
    "images_skipped",
    "stage_started",
    "stage_skipped",
    "stage_finished",
    "resumed",
    "progress",
    "step",
    "epoch",
    "film",
    "metrics",
    "alarm",
    "warning",
]
Event = dict[str, Any]
Listener = Callable[[Event], None]


class EventLog:
    """Appends events to a file and hands each to listeners, e.g. the progress bars.

    Every event has `time` (UTC, ISO 8601) and `kind`; training adds `stage`, `step`, `epoch`, `losses`,
    `learning_rate`, `memory_mb`, `eta_s`. A line is written at once, so that a killed run keeps what it said.

    Args:
        path: the file, or None to write nothing (processes other than the main one).
        listeners: called with each event.
    """

    def __init__(self, path: Path | None, listeners: tuple[Listener, ...] = ()) -> None:
        self._path = path
        self._listeners = listeners
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _close_broken_line(path)

    def write(self, kind: EventKind, **fields: Any) -> None:
        """Append an event; numbers that JSON does not know (NaN, infinity) become null."""
        event = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "kind": kind, **fields}
        event = _plain(event)
        if self._path is not None:
            line = json.dumps(event, ensure_ascii=False) + "\n"
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        for listener in self._listeners:
            listener(event)


def read_events(path: Path) -> Iterator[Event]:
    """Events of a file in order; a line that a crash cut off is left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(event, dict):
                yield event


def _close_broken_line(path: Path) -> None:
    """End a line that a crash cut off, so that the next event starts on its own."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

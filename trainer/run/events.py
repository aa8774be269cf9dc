"""events.jsonl: what a run does, one JSON object per line, for people, the report and the app."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trainer.contract import EventKind

Event = dict[str, Any]
Listener = Callable[[Event], None]


class EventLog:
    """Appends events to a file and passes each to listeners, e.g. the progress bars.

    Every event has `time` (UTC, ISO 8601) and `kind`; `trainer.contract` names the further fields that the
    app reads. Each line is written at once, so the log of a killed run is complete up to its end.

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
        """Append an event; NaN and infinity, which JSON does not know, become null.

        Raises:
            OSError: the file cannot be written, e.g. because the disk is full.
        """
        event = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "kind": kind, **fields}
        event = _plain(event)
        if self._path is not None:
            line = json.dumps(event, ensure_ascii=False) + "\n"
            with self._path.open("ab") as file:
                file.write(line.encode())
        for listener in self._listeners:
            listener(event)


def read_events(path: Path) -> Iterator[Event]:
    """Events of a file in order, without a line that a crash cut off; none if there is no file."""
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
    """End a line that a crash cut off, so that the next event starts a new line."""
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

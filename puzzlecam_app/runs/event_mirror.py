"""Copies a run's event log into the database while it is written, each line once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from db.engine import Database
from db.run_events import append_events
from db.runs import get_run
from trainer.contract import EventKind

_MAX_BYTES: Final = 1_000_000
ENDINGS: Final = (EventKind.RUN_FINISHED, EventKind.RUN_FAILED, EventKind.RUN_STOPPED)


class EventMirror:
    """Reads the log of one run and stores what is new. Two workers at the same time store nothing twice."""

    def __init__(self, database: Database, run_id: int, worker: str, log: Path) -> None:
        self._database = database
        self._run_id = run_id
        self._worker = worker
        self._log = log
        self._read_to: int | None = None

    def catch_up(self) -> None:
        """Store all complete lines that are not stored yet."""
        while self._step():
            pass

    def _step(self) -> bool:
        if self._read_to is None:
            with self._database.read() as session:
                self._read_to = get_run(session, self._run_id).events_read
        start = self._read_to
        data = _whole_lines(self._log, start)
        if not data:
            return False
        with self._database.write() as session:
            stored = append_events(
                session,
                self._run_id,
                list(_events(data)),
                worker=self._worker,
                read_from=start,
                read_to=start + len(data),
            )
        # If another worker was faster, the position is read again from the database.
        self._read_to = start + len(data) if stored else None
        return stored


def last_ending(log: Path, start: int = 0) -> dict[str, Any] | None:
    """The event that ended the last run in the log after byte `start`; None if it has not ended."""
    found = None
    for event in read_events(log, start):
        if event["kind"] in ENDINGS:
            found = event
        elif event["kind"] == EventKind.RUN_STARTED:
            found = None
    return found


def read_events(log: Path, start: int = 0, end: int | None = None) -> Iterator[dict[str, Any]]:
    """The events in the log from byte `start` up to byte `end`, both at the beginning of a line."""
    while (end is None or start < end) and (data := _whole_lines(log, start)):
        yield from _events(data if end is None else data[: end - start])
        start += len(data)


def log_size(log: Path) -> int:
    """Size of a log in bytes; 0 if there is none yet."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def _whole_lines(log: Path, start: int) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(start)
            data = file.read(_MAX_BYTES)
    except OSError:
        return b""
    return data[: data.rfind(b"\n") + 1]


def _events(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # a line that a crash cut off
        if isinstance(event, dict) and isinstance(event.get("kind"), str):
            yield event

"""Whether an attempt of a run got further than all attempts before it, from the trainer's event log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.runs.event_mirror import read_events
from trainer.contract import EventKind

_COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    EventKind.STEP: ("step",),
    EventKind.EPOCH: ("epoch",),
    EventKind.PROGRESS: ("done",),
    EventKind.RESUMED: ("step", "done"),
}
"""Fields that grow with the work of a stage, by kind of event."""


def has_advanced(log: Path, start: int) -> bool:
    """Whether the events from byte `start` on tell of a stage, a step, an epoch or a picture that is new."""
    before = _furthest(read_events(log, 0, start))
    return any(value > before.get(place, 0) for place, value in _furthest(read_events(log, start)).items())


def _furthest(events: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """How far each stage has come, by stage and by what is counted."""
    found: dict[tuple[str, str], int] = {}
    for event in events:
        stage = str(event.get("stage", ""))
        values = {name: event.get(name) for name in _COUNTED.get(event["kind"], ())}
        if event["kind"] == EventKind.STAGE_FINISHED or "taken_from" in event:
            values["finished"] = 1
        for name, value in values.items():
            if isinstance(value, int):
                found[stage, name] = max(value, found.get((stage, name), 0))
    return found

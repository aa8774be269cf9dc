"""Events of runs as rows: a copy of the trainer's event log, and the worker's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.models import utc_now
from db.run_models import Run, RunEvent

MAX_EVENTS = 5000
WORKER = "worker"
"""Kind of the events that a worker writes itself."""
_IN_COLUMNS = ("time", "kind", "stage")


def append_events(
    session: Session,
    run_id: int,
    events: Sequence[Mapping[str, Any]],
    *,
    worker: str,
    read_from: int,
    read_to: int,
) -> bool:
    """Store the events of the log between two byte positions; False if another worker has stored them.

    `events` have a `kind` and may have `time` (ISO 8601) and `stage`; all other fields are stored unchanged.
    """
    moved = (
        update(Run)
        .where(Run.id == run_id, Run.worker == worker, Run.events_read == read_from)
        .values(events_read=read_to)
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(moved)
    if not result.rowcount:
        return False
    _insert(session, run_id, events)
    return True


def say(session: Session, run_id: int, message: str, *, kind: str = WORKER) -> None:
    """Append a message of the worker."""
    _insert(session, run_id, [{"kind": kind, "message": message}])


def list_events(
    session: Session,
    run_id: int,
    *,
    after: int = 0,
    kinds: Sequence[str] | None = None,
    limit: int = MAX_EVENTS,
) -> list[RunEvent]:
    """Events of a run in order, at most `limit`, after the sequence number `after`."""
    events = select(RunEvent).where(RunEvent.run_id == run_id, RunEvent.sequence > after)
    if kinds is not None:
        events = events.where(RunEvent.kind.in_(kinds))
    return list(session.scalars(events.order_by(RunEvent.sequence).limit(limit)))


def last_event(
    session: Session, run_id: int, kinds: Sequence[str], *, stage: str | None = None
) -> RunEvent | None:
    """The newest event of one of `kinds`, in any stage or only in `stage`."""
    events = select(RunEvent).where(RunEvent.run_id == run_id, RunEvent.kind.in_(kinds))
    if stage is not None:
        events = events.where(RunEvent.stage == stage)
    return session.scalar(events.order_by(RunEvent.sequence.desc()).limit(1))


def _insert(session: Session, run_id: int, events: Sequence[Mapping[str, Any]]) -> None:
    if not events:
        return
    last = session.scalar(select(func.max(RunEvent.sequence)).where(RunEvent.run_id == run_id)) or 0
    rows = [
        {
            "run_id": run_id,
            "sequence": last + number,
            "time": _moment(event.get("time")),
            "kind": str(event["kind"])[:32],
            "stage": event.get("stage"),
            "data": {key: value for key, value in event.items() if key not in _IN_COLUMNS},
        }
        for number, event in enumerate(events, start=1)
    ]
    session.execute(insert(RunEvent), rows)


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return utc_now()
    return moment if moment.tzinfo is not None else utc_now()

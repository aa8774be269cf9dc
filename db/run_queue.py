"""What workers do with runs: claim, keep, take over, hand back, end.

Every step is one conditional update: if two workers try it, one succeeds and the other learns that it did
not. A worker holds a run by a lease that it renews. If the lease has expired, or the worker is known to have
ended, another worker may take over the run with its trainer process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.models import utc_now
from db.run_models import Run
from db.run_status import ACTIVE, RunStatus


def has_open_runs(session: Session) -> bool:
    """Whether any run is queued or active."""
    open_runs = select(Run.id).where(Run.status.in_(("queued", *ACTIVE)), Run.removed_at.is_(None))
    return session.scalar(open_runs.limit(1)) is not None


def claim(session: Session, *, worker: str, slot: str, device: str | None, lease: timedelta) -> int | None:
    """Take the first run of the queue that fits, and return its id; None when there is none to take.

    A worker with a `device` takes runs that ask for it or for none; one without takes every run. Nothing is
    taken while the slot has an active run, whoever holds it.
    """
    if session.scalar(select(Run.id).where(Run.slot == slot, Run.status.in_(ACTIVE)).limit(1)):
        return None
    first = select(Run.id).where(Run.status == "queued", Run.removed_at.is_(None))
    if device is not None:
        first = first.where(or_(Run.device.is_(None), Run.device == device))
    # On PostgreSQL, workers skip rows that another worker is claiming; SQLite has one writer at a time.
    first = first.order_by(Run.position, Run.id).limit(1).with_for_update(skip_locked=True, of=Run)
    run_id = session.scalar(first)
    if run_id is None:
        return None
    now = utc_now()
    claimed = (
        update(Run)
        .where(Run.id == run_id, Run.status == "queued")
        .values(
            status="claimed",
            worker=worker,
            slot=slot,
            lease_until=now + lease,
            heartbeat_at=now,
            attempts=Run.attempts + 1,
            started_at=func.coalesce(Run.started_at, now),
            trainer_pid=None,
            trainer_started=None,
        )
    )
    try:
        with session.begin_nested():
            return run_id if _changed(session, claimed) else None
    except IntegrityError:
        return None  # another worker of the same slot came first


def take_over(
    session: Session,
    *,
    worker: str,
    slot: str,
    is_dead: Callable[[str], bool],
    is_here: Callable[[int], bool],
    lease: timedelta,
) -> int | None:
    """Take an active run whose worker has ended into this slot, and return its id; None if there is none.

    `is_dead` tells whether the worker of that name is known to have ended; any other worker keeps its run
    until the lease expires. `is_here` tells whether the files of a run can be reached.
    """
    now = utc_now()
    rows = select(Run.id, Run.worker, Run.lease_until).where(Run.status.in_(ACTIVE))
    for run_id, holder, until in session.execute(rows.order_by(Run.id)).all():
        if holder == worker or not (holder is None or until is None or until < now or is_dead(holder)):
            continue
        if not is_here(run_id):
            continue
        taken = (
            update(Run)
            .where(Run.id == run_id, Run.status.in_(ACTIVE))
            .where(Run.worker.is_(None) if holder is None else Run.worker == holder)
            .values(worker=worker, slot=slot, lease_until=now + lease, heartbeat_at=now)
        )
        try:
            with session.begin_nested():
                if _changed(session, taken):
                    return int(run_id)
        except IntegrityError:
            continue  # this slot has a run of its own; another worker will come
    return None


def renew(session: Session, run_id: int, *, worker: str, lease: timedelta) -> bool:
    """Renew the lease; False when another worker has the run."""
    now = utc_now()
    return _update(session, run_id, worker, ACTIVE, lease_until=now + lease, heartbeat_at=now)


def note_trainer(
    session: Session, run_id: int, *, worker: str, pid: int | None, started: float | None
) -> bool:
    """Record the trainer's process, and that the run is running unless somebody has asked to stop it.

    `pid` and `started` are None where a cluster runs the trainer.
    """
    _update(session, run_id, worker, ("claimed",), status="running")
    return _update(session, run_id, worker, ACTIVE, trainer_pid=pid, trainer_started=started)


def note_attempt(session: Session, run_id: int, *, worker: str, number: int) -> bool:
    """Record that the trainer is started again after an unexpected end, as attempt `number`."""
    return _update(session, run_id, worker, ACTIVE, attempts=number, trainer_pid=None, trainer_started=None)


def hand_back(session: Session, run_id: int, *, worker: str, attempts: int) -> bool:
    """Put a run at the front of the queue because its worker ends.

    `attempts` is how many attempts are used up: this one does not count. A run that somebody has asked to
    stop is cancelled instead.
    """
    first = session.scalar(select(func.min(Run.position)).where(Run.status == "queued"))
    free: dict[str, Any] = {"worker": None, "lease_until": None, "trainer_pid": None, "trainer_started": None}
    if _update(session, run_id, worker, ("stopping",), status="cancelled", ended_at=utc_now(), **free):
        return True
    position = 1 if first is None else first - 1
    used = max(attempts, 0)
    return _update(session, run_id, worker, ACTIVE, status="queued", position=position, attempts=used, **free)


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        status: ``done``, ``failed`` or ``cancelled``.
        problem: What went wrong.
        remedy: What to do about it.
        log_tail: The end of the trainer's log.
        metrics: What was measured.
    """

    status: RunStatus
    problem: str | None = None
    remedy: str | None = None
    log_tail: str | None = None
    metrics: dict[str, Any] | None = None


def finish(session: Session, run_id: int, ending: Ending, *, worker: str) -> bool:
    """End a run; False when another worker has it."""
    return _update(
        session,
        run_id,
        worker,
        ACTIVE,
        **asdict(ending),
        ended_at=utc_now(),
        worker=None,
        lease_until=None,
        trainer_pid=None,
        trainer_started=None,
    )


def lease_is_over(run: Run, now: datetime | None = None) -> bool:
    """Whether an active run's worker has been silent for longer than its lease."""
    return run.status in ACTIVE and (run.lease_until is None or run.lease_until < (now or utc_now()))


def _update(
    session: Session, run_id: int, holder: str, statuses: tuple[RunStatus, ...], /, **values: Any
) -> bool:
    """Change a run that `holder` has and that is in one of `statuses`; returns whether there was one."""
    mine = (Run.id == run_id, Run.worker == holder, Run.status.in_(statuses))
    return _changed(session, update(Run).where(*mine).values(**values))


def _changed(session: Session, statement: Any) -> bool:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount)

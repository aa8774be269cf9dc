"""What people do with runs: create, list, stop, resume, reorder, remove.

What workers do with runs is in `db.run_queue`, the events of runs in `db.run_events`, and publishing in
`db.publications`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.datasets import get_dataset
from db.errors import InvalidInputError, NotFoundError
from db.models import utc_now
from db.run_models import Run
from db.run_status import ACTIVE, ENDED, RESUMABLE, RUN_STATUSES, RunStatus

MAX_NAME_LENGTH = 128


class RunStateError(InvalidInputError):
    """The status of the run does not allow what was asked; `str()` names the status."""


@dataclass(frozen=True)
class RunSpec:
    """What a run is made of. The fields mean the same as in `db.models.Run`."""

    name: str
    recipe: dict[str, Any]
    split: str
    supervision: dict[str, Any]
    device: str | None = None
    cloned_from: int | None = None


def create_run(session: Session, dataset_id: int, spec: RunSpec, *, author: int | None) -> Run:
    """Put a run at the end of the queue. Its snapshot must exist before the transaction is committed.

    Raises NotFoundError for an unknown dataset, InvalidInputError for a name that is not 1..128 printable
    characters.
    """
    run = Run(
        name=_clean_name(spec.name),
        dataset_id=get_dataset(session, dataset_id).id,
        recipe=spec.recipe,
        split=spec.split,
        supervision=spec.supervision,
        author_id=author,
        device=spec.device,
        cloned_from_id=spec.cloned_from,
        status="queued",
        position=_end_of_queue(session),
    )
    session.add(run)
    session.flush()
    return run


def get_run(session: Session, run_id: int) -> Run:
    """The run with that id; raises NotFoundError for an unknown or a deleted one."""
    run = session.get(Run, run_id)
    if run is None or run.removed_at is not None:
        raise NotFoundError(f"There is no run {run_id}; `run list` shows all runs.")
    return run


def list_runs(session: Session, *, dataset_id: int | None = None, status: str | None = None) -> list[Run]:
    """Runs that are not deleted: active ones, then the queue in its order, then the others, newest first.

    Raises InvalidInputError for a status that does not exist.
    """
    if status is not None and status not in RUN_STATUSES:
        raise InvalidInputError(
            f"There is no run status {status!r}; choose one of {', '.join(RUN_STATUSES)}."
        )
    runs = select(Run).where(Run.removed_at.is_(None))
    if dataset_id is not None:
        runs = runs.where(Run.dataset_id == dataset_id)
    if status is not None:
        runs = runs.where(Run.status == status)
    rank: dict[str, int] = {**dict.fromkeys(ACTIVE, 0), "queued": 1}
    return sorted(
        session.scalars(runs),
        key=lambda run: (
            rank.get(run.status, 2),
            run.position if run.status == "queued" else 0,
            -run.id,
        ),
    )


def ask_to_stop(session: Session, run_id: int) -> Run:
    """Take a run out of the queue, or ask its worker to stop it: gently, and at once when asked again.

    Raises RunStateError for one that has ended.
    """
    run = get_run(session, run_id)
    cancelled = (
        update(Run)
        .where(Run.id == run_id, Run.status == "queued")
        .values(status="cancelled", ended_at=utc_now(), stop_asked_at=utc_now())
    )
    if _changed(session, cancelled):
        return _fresh(session, run)
    again = update(Run).where(Run.id == run_id, Run.status == "stopping").values(stop_is_firm=True)
    if _changed(session, again):
        return _fresh(session, run)
    asked = (
        update(Run)
        .where(Run.id == run_id, Run.status.in_(ACTIVE))
        .values(status="stopping", stop_asked_at=utc_now(), stop_is_firm=False)
    )
    if _changed(session, asked):
        return _fresh(session, run)
    raise RunStateError(f"Run {run_id} has ended ({_fresh(session, run).status}); there is nothing to stop.")


def resume(session: Session, run_id: int) -> Run:
    """Put a failed or cancelled run at the end of the queue; it continues from its last checkpoint.

    Raises RunStateError for a run in another state, or one whose files were pruned.
    """
    run = get_run(session, run_id)
    if run.pruned_at is not None:
        raise RunStateError(f"The files of run {run_id} were pruned; clone the run to start it again.")
    again = (
        update(Run)
        .where(Run.id == run_id, Run.status.in_(RESUMABLE))
        .values(
            status="queued",
            position=_end_of_queue(session),
            attempts=0,
            ended_at=None,
            stop_asked_at=None,
            stop_is_firm=False,
            problem=None,
            remedy=None,
            log_tail=None,
        )
    )
    if not _changed(session, again):
        raise RunStateError(
            f"Run {run_id} is {_fresh(session, run).status}; only a failed or cancelled run can be resumed."
        )
    return _fresh(session, run)


def reorder(session: Session, run_ids: Sequence[int]) -> None:
    """Put these queued runs first, in this order.

    Runs that are no longer queued are ignored. Raises InvalidInputError for a run named twice.
    """
    if len(set(run_ids)) != len(run_ids):
        raise InvalidInputError("A run can be in the queue only once.")
    queued = select(Run.id).where(Run.status == "queued", Run.removed_at.is_(None))
    waiting = list(session.scalars(queued.order_by(Run.position, Run.id)))
    named = [run_id for run_id in run_ids if run_id in waiting]
    for position, run_id in enumerate([*named, *(other for other in waiting if other not in named)], 1):
        session.execute(update(Run).where(Run.id == run_id, Run.status == "queued").values(position=position))
    session.expire_all()


def rename_run(session: Session, run_id: int, name: str) -> Run:
    """Give a run another name; raises InvalidInputError as `create_run` does."""
    name = _clean_name(name)
    run = get_run(session, run_id)
    run.name = name
    session.flush()
    return run


def remove_run(session: Session, run_id: int) -> None:
    """Hide an ended run; its row is kept for the proposals that refer to it.

    Raises RunStateError for one that has not ended.
    """
    run = get_run(session, run_id)
    removed = update(Run).where(Run.id == run_id, Run.status.in_(ENDED)).values(removed_at=utc_now())
    if not _changed(session, removed):
        raise RunStateError(f"Run {run_id} is {_fresh(session, run).status}; stop it before deleting it.")


def note_pruned(session: Session, run_id: int) -> None:
    """Record that the large files of an ended run were removed; raises RunStateError if it has not ended."""
    run = get_run(session, run_id)
    pruned = update(Run).where(Run.id == run_id, Run.status.in_(ENDED)).values(pruned_at=utc_now())
    if not _changed(session, pruned):
        raise RunStateError(f"Run {run_id} is {_fresh(session, run).status}; only ended runs can be pruned.")


def _clean_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidInputError(f"A run's name must have 1 to {MAX_NAME_LENGTH} printable characters.")
    return name


def _end_of_queue(session: Session) -> int:
    last = session.scalar(select(func.max(Run.position)).where(Run.status == "queued"))
    return (last or 0) + 1


def _changed(session: Session, statement: Any) -> bool:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount)


def _fresh(session: Session, run: Run) -> Run:
    session.expire(run)
    session.refresh(run)
    return run


def count_by_status(session: Session) -> dict[RunStatus, int]:
    """How many runs that are not deleted have each status; statuses that no run has are 0."""
    counted = select(Run.status, func.count()).where(Run.removed_at.is_(None)).group_by(Run.status)
    found = {status: count for status, count in session.execute(counted).all()}  # noqa: C416
    return {status: found.get(status, 0) for status in RUN_STATUSES}

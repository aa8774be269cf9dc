"""The audit log: who did what, when, from where. Entries are only added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.account_models import AuditEntry


def write(
    session: Session,
    action: str,
    *,
    name: str | None,
    user_id: int | None = None,
    status: int = 200,
    address: str = "",
    dataset_id: int | None = None,
    item_id: int | None = None,
    run_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry; see `AuditEntry` for what the values mean."""
    session.add(
        AuditEntry(
            action=action[:200],
            name=None if name is None else name[:64],
            user_id=user_id,
            status=status,
            address=address[:64],
            dataset_id=dataset_id,
            item_id=item_id,
            run_id=run_id,
            detail=detail,
        )
    )
    session.flush()


def read(
    session: Session,
    *,
    dataset_ids: Collection[int] | None = None,
    name: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """Return entries, the newest first.

    Args:
        session: An open session.
        dataset_ids: Only entries about these datasets; None also gives those about none.
        name: Only those of one person.
        before: Only entries with a smaller id, to read on.
        limit: At most so many.
    """
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if dataset_ids is not None:
        wanted = wanted.where(AuditEntry.dataset_id.in_(list(dataset_ids)))
    if name is not None:
        wanted = wanted.where(AuditEntry.name == name)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return session.scalars(wanted).all()

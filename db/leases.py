"""Leases: a picture that somebody works on is offered to nobody else.

A lease only guides people. Saving does not ask for it: conflicts are found by revision, as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.errors import InvalidInputError
from db.hidden_copies import WITH_COPIES
from db.models import Item, User, utc_now
from db.team_models import Lease

LEASE_TIME: Final = timedelta(minutes=10)
"""How long a picture stays with a person who does nothing. Work renews the lease."""
MAX_HOLDER_LENGTH: Final = 64


@dataclass(frozen=True)
class Held:
    """Who has a picture open. `is_own`: the tab that asked has it; `is_same_person`: it or another tab."""

    item_id: int
    user: str
    since: datetime
    until: datetime
    is_own: bool
    is_same_person: bool


def take(
    session: Session,
    item_id: int,
    user_id: int,
    holder: str,
    *,
    take_over: bool = False,
    now: datetime | None = None,
) -> Held:
    """Take or renew the lease of a picture for a browser tab, unless somebody else has it.

    One statement decides, so two people who ask at the same moment never both get it. `holder` is a name that
    only the tab knows; whoever gives it is that tab. `take_over` takes it
    from the person's own other tab; a lease of another person is never taken before it ends. The answer says
    who has the picture now.
    """
    if not 1 <= len(holder) <= MAX_HOLDER_LENGTH:
        raise InvalidInputError(f"The name of a tab has 1 to {MAX_HOLDER_LENGTH} characters.")
    now = now or utc_now()
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = make(Lease).values(
        item_id=item_id, user_id=user_id, holder=holder, since=now, until=now + LEASE_TIME
    )
    sent = row.excluded
    is_same_person = Lease.user_id == sent.user_id
    is_same_tab = Lease.holder == sent.holder  # even if the person has another name now
    may_have = or_(is_same_tab, is_same_person) if take_over else is_same_tab
    is_renewed = is_same_person & (Lease.until > now)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Lease.item_id],
            set_={
                "user_id": sent.user_id,
                "holder": sent.holder,
                "since": case((is_renewed, Lease.since), else_=sent.since),
                "until": sent.until,
            },
            where=or_(Lease.until <= now, may_have),
        )
    )
    # PostgreSQL has locked the row even where it was not changed, so it is there.
    return _read(session, item_id, user_id, holder)


def free(session: Session, item_id: int, user_id: int) -> None:
    """Give a person's lease of a picture back."""
    session.execute(delete(Lease).where(Lease.item_id == item_id, Lease.user_id == user_id))


def free_others(session: Session, item_id: int | None, holder: str) -> None:
    """Give back what a tab has, except one picture: a tab shows one picture at a time."""
    rows = delete(Lease).where(Lease.holder == holder)
    session.execute(rows if item_id is None else rows.where(Lease.item_id != item_id))


def holds_others(session: Session, item_id: int, holder: str) -> bool:
    """Whether a tab has other pictures than this one."""
    others = select(Lease.item_id).where(Lease.holder == holder, Lease.item_id != item_id)
    return session.scalar(others.limit(1)) is not None


def leases_in(session: Session, dataset_id: int, *, now: datetime | None = None) -> list[Lease]:
    """The leases of a dataset that have not ended, the newest first."""
    rows = (
        select(Lease)
        .join(Item, Item.id == Lease.item_id)
        .where(Item.dataset_id == dataset_id, Lease.until > (now or utc_now()))
    )
    rows = rows.order_by(Lease.since.desc(), Lease.item_id)
    return list(session.scalars(rows, execution_options=WITH_COPIES))


def held_by_others(
    session: Session, item_ids: Sequence[int], user_id: int, *, now: datetime | None = None
) -> dict[int, str]:
    """Names of the people who have pictures, by id of the picture; without those that `user_id` has."""
    rows = select(Lease.item_id, User.name).join(User, User.id == Lease.user_id)
    rows = rows.where(Lease.item_id.in_(item_ids), Lease.user_id != user_id, Lease.until > (now or utc_now()))
    return {row.item_id: row.name for row in session.execute(rows)}


def _read(session: Session, item_id: int, user_id: int, holder: str) -> Held:
    row = session.execute(
        select(Lease.user_id, Lease.holder, Lease.since, Lease.until, User.name)
        .join(User, User.id == Lease.user_id)
        .where(Lease.item_id == item_id)
    ).one()
    is_same_person = row.user_id == user_id
    return Held(item_id, row.name, row.since, row.until, row.holder == holder, is_same_person)

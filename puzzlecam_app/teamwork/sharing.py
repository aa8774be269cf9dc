"""Who shares the work of a dataset, and how pictures are shared out among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.accounts import list_accounts
from db.assignments import assigned_counts
from db.leases import leases_in
from db.models import Item, Revision, User
from db.natural_order import natural_key
from db.queue import MAX_PAGE, counts_by_owner, list_items
from db.queue_filter import QueueFilter
from db.roles import roles_by_user
from db.status import STATUS_GROUPS


@dataclass(frozen=True)
class Member:
    """A person of a dataset: how many assigned pictures are to do and done, and which ones they have open."""

    user_id: int
    name: str
    to_do: int
    done: int
    open_items: tuple[int, ...]


def share_out(item_ids: Sequence[int], parts: Mapping[int, int]) -> dict[int, list[int]]:
    """Deal pictures to people (users.id) in turn, so that shares are equally hard.

    Each person gets in proportion to their part (0 or more), to one picture; somebody has one above 0.

    >>> share_out([5, 6, 7], {1: 1, 2: 1})
    {1: [5, 7], 2: [6]}
    >>> share_out([5, 6, 7, 8], {1: 3, 2: 1})
    {1: [5, 7, 8], 2: [6]}
    """
    shares: dict[int, list[int]] = {person: [] for person in parts}
    for item_id in item_ids:
        # Whoever would then have least for their part (the highest averages of Sainte-Lague).
        person = min(
            (one for one in parts if parts[one]), key=lambda one: (2 * len(shares[one]) + 1) / parts[one]
        )
        shares[person].append(item_id)
    return shares


def find_items(
    session: Session,
    dataset_id: int,
    kept: QueueFilter,
    *,
    order: str,
    seed: int = 0,
    count: int | None = None,
    without: Collection[int] = (),
) -> list[int]:
    """Ids of the first `count` pictures of a queue, except some; all of them without a count."""
    found: list[int] = []
    after: str | None = None
    while count is None or len(found) < count:
        limit = MAX_PAGE if count is None else min(MAX_PAGE, count - len(found))
        page = list_items(session, dataset_id, kept, order=order, seed=seed, after=after, limit=limit)
        found += [entry.item.id for entry in page.items if entry.item.id not in without]
        after = page.next
        if after is None:
            break
    return found


def people_of(session: Session, dataset_id: int, *, has_accounts: bool) -> dict[int, str]:
    """Names by users.id of everybody who can be given pictures of a dataset.

    With accounts these are the people with a role on it. Without, they are those who have worked on it or
    have pictures of it.
    """
    if has_accounts:
        roles = roles_by_user(session)
        return {
            account.user_id: account.user.name
            for account in list_accounts(session)
            if account.disabled_at is None and dataset_id in roles.get(account.user_id, {})
        }
    authors = select(Revision.author_id).join(Item, Item.id == Revision.item_id)
    worked = session.scalars(authors.where(Item.dataset_id == dataset_id).distinct())
    ids = {one for one in worked if one is not None} | set(assigned_counts(session, dataset_id))
    return _names(session, ids)


def members_of(session: Session, dataset_id: int, *, has_accounts: bool) -> list[Member]:
    """Everybody who can be given pictures of a dataset, has some, or has one open; by name."""
    counts = counts_by_owner(session, dataset_id)
    open_items: dict[int, list[int]] = {}
    for lease in leases_in(session, dataset_id):
        open_items.setdefault(lease.user_id, []).append(lease.item_id)
    names = people_of(session, dataset_id, has_accounts=has_accounts)
    others = {one for one in counts if one is not None} | set(open_items)
    names |= _names(session, others - set(names))
    members = [
        Member(
            user_id,
            name,
            sum(counts.get(user_id, {}).get(status, 0) for status in STATUS_GROUPS["todo"]),
            sum(counts.get(user_id, {}).get(status, 0) for status in STATUS_GROUPS["done"]),
            tuple(open_items.get(user_id, ())),
        )
        for user_id, name in names.items()
    ]
    return sorted(members, key=lambda one: natural_key(one.name))


def _names(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {row.id: row.name for row in rows}

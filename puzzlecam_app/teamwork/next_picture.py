"""The next picture for a person: one that nobody else works on."""

from __future__ import annotations

from dataclasses import replace

from db.engine import Database
from db.leases import Held, free_others, holds_others, leases_in, take
from db.queue import is_in_queue, list_items
from db.queue_filter import QueueFilter

_PAGE = 50


def take_next(
    database: Database,
    dataset_id: int,
    user_id: int,
    holder: str,
    kept: QueueFilter,
    *,
    order: str = "name",
    seed: int = 0,
) -> Held | None:
    """Lease the first free picture of the queue; None if others have all that are left.

    Pictures that were returned to the person come first, then their other pictures, then those that are
    nobody's. What is assigned to others is left to them. What the tab had before is given back. Each picture
    is tried in a transaction of its own, so no two people get the same one.
    """
    returned = (replace(kept, assigned_to=user_id, status="returned"),) if kept.status == "todo" else ()
    for own in (*returned, replace(kept, assigned_to=user_id), replace(kept, is_unassigned=True)):
        held = _take_first(database, dataset_id, user_id, holder, own, order=order, seed=seed)
        if held is not None:
            return held
    return None


def _take_first(
    database: Database,
    dataset_id: int,
    user_id: int,
    holder: str,
    kept: QueueFilter,
    *,
    order: str,
    seed: int,
) -> Held | None:
    after: str | None = None
    while True:
        with database.read() as session:
            page = list_items(session, dataset_id, kept, order=order, seed=seed, after=after, limit=_PAGE)
            taken = {lease.item_id for lease in leases_in(session, dataset_id) if lease.user_id != user_id}
        for entry in page.items:
            if entry.item.id in taken:
                continue
            held = hold(database, entry.item.id, user_id, holder, take_over=True)
            # Somebody may have finished it, and given it back, since the page was read.
            with database.read() as session:
                is_left = is_in_queue(session, dataset_id, held.item_id, kept)
            if held.is_own and is_left:
                return held
        if page.next is None:
            return None
        after = page.next


def hold(database: Database, item_id: int, user_id: int, holder: str, *, take_over: bool = False) -> Held:
    """Take or renew a lease as `db.leases.take` does; what the tab had before is given back."""
    with database.write() as session:
        held = take(session, item_id, user_id, holder, take_over=take_over)
    with database.read() as session:
        has_others = holds_others(session, item_id, holder)
    if has_others:  # mostly not, and each transaction waits for the disk
        # A transaction of its own: two people who exchange pictures must not wait for each other.
        with database.write() as session:
            free_others(session, item_id, holder)
    return held

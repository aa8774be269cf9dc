"""The review queue: which pictures a labeler sees, in which order, a page at a time.

A page begins after a key (the sort key and id of the last entry), not at an offset: while people decide on
pictures, later pages neither repeat nor skip one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError
from db.hidden_copies import WITH_COPIES, seen_by
from db.items import tags_of
from db.large_counts import reused
from db.models import Item, User
from db.queue_filter import QueueFilter, conditions_of
from db.queue_orders import runs_of
from db.queue_parts import SHORT, Parts, count_of, first_of, parts_of
from db.status import STATUSES, Status, statuses_named
from db.team_models import Assignment

MAX_PAGE: Final = 500
MAX_IDS_PAGE: Final = 20_000


@dataclass(frozen=True)
class QueueEntry:
    """An item with what the queue shows about it. `tags` are class indices; `cursor` continues after it.

    The cursor is empty where the item is not from a page.
    """

    item: Item
    status: Status
    revision_id: int | None
    author: str | None
    tags: tuple[int, ...]
    cursor: str = ""


@dataclass(frozen=True)
class Page:
    """One page. `next` is the cursor of the page that follows, None on the last; `total` counts all pages.

    In the order of doubt, `doubt_unknown` counts the items of all pages that no model has processed.
    """

    items: tuple[QueueEntry, ...]
    next: str | None
    total: int
    doubt_unknown: int | None = None


def list_items(
    session: Session,
    dataset_id: int,
    kept: QueueFilter | None = None,
    *,
    order: str = "name",
    seed: int = 0,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """A page of the queue.

    `kept` chooses the items; missing ones are in no queue. `order` is ``name`` (img2 before img10), ``doubt``
    or ``disagreement`` (largest first, unknown last), or ``random`` (a fixed order for each `seed`).
    `after` is a cursor of an entry or a page in the same order; `limit` is 1 to 500. Raises
    InvalidInputError for anything else.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInputError(f"A page holds 1 to {MAX_PAGE} pictures, not {limit}.")
    kept = kept or QueueFilter()
    runs, begin = runs_of(order, seed), None if after is None else _decode_cursor(after, order)
    parts = parts_of(session, dataset_id, kept)
    total = _count(session, (dataset_id, kept), parts)
    unknown = None
    if order == "doubt":
        unknown = _count(session, (dataset_id, kept, "unknown"), parts, Item.doubt_rank > 0)
    found = first_of(session, parts, runs, begin, limit + 1, is_short=total <= SHORT)
    entries = _entries(session, [item_id for item_id, _ in found[:limit]])
    page = tuple(
        replace(entry, cursor=_encode_cursor(order, found_key, entry.item.id))
        for entry, (_, found_key) in zip(entries, found, strict=False)
    )
    return Page(page, page[-1].cursor if len(found) > limit else None, total, unknown)


def list_ids(
    session: Session,
    dataset_id: int,
    kept: QueueFilter,
    *,
    order: str = "name",
    seed: int = 0,
    after: str | None = None,
    limit: int = MAX_IDS_PAGE,
) -> tuple[list[int], str | None]:
    """The ids alone of a page as `list_items` describes it, and the cursor that continues after it.

    The cursor is None after the last page. A page holds 1 to 20,000 ids.
    """
    if not 1 <= limit <= MAX_IDS_PAGE:
        raise InvalidInputError(f"A page holds 1 to {MAX_IDS_PAGE} ids, not {limit}.")
    runs, begin = runs_of(order, seed), None if after is None else _decode_cursor(after, order)
    found = first_of(session, parts_of(session, dataset_id, kept), runs, begin, limit + 1)
    ids = [item_id for item_id, _ in found[:limit]]
    return ids, _encode_cursor(order, found[limit - 1][1], ids[-1]) if len(found) > limit else None


def count_items(session: Session, dataset_id: int, kept: QueueFilter) -> int:
    """How many items the queue that `kept` chooses contains; a large count may be some seconds old."""
    return _count(session, (dataset_id, kept), parts_of(session, dataset_id, kept))


def _count(session: Session, key: Hashable, parts: Parts, *further: ColumnElement[bool]) -> int:
    return reused(session, key, lambda: count_of(session, parts, *further), int)


def entries_of(
    session: Session, dataset_id: int, ids: Sequence[int], viewer: int | None = None
) -> tuple[QueueEntry, ...]:
    """What the queue shows about at most 500 items of a dataset, in the order of `ids`.

    Unknown and missing ones are left out, and those that `viewer` does not see (see `QueueFilter`).
    """
    if len(ids) > MAX_PAGE:
        raise InvalidInputError(f"Ask for at most {MAX_PAGE} pictures at once, not {len(ids)}.")
    seen = select(Item.id).where(Item.id.in_(ids), *conditions_of(dataset_id, QueueFilter(viewer=viewer)))
    found = set(session.scalars(seen, execution_options=WITH_COPIES))
    return tuple(_entries(session, [item_id for item_id in ids if item_id in found]))


def _entries(session: Session, ids: Sequence[int]) -> list[QueueEntry]:
    """Entries of items that exist, in the order of `ids`."""
    rows = select(Item, Item.latest_id, Item.status, User.name)
    rows = rows.outerjoin(User, User.id == Item.latest_author_id).where(Item.id.in_(ids))
    found = {row[0].id: row for row in session.execute(rows, execution_options=WITH_COPIES)}
    tags = tags_of(session, ids)
    return [
        QueueEntry(item, statuses_named(status)[0], revision_id, author, tags[item.id])
        for item, revision_id, status, author in (found[item_id] for item_id in ids)
    ]


def is_in_queue(session: Session, dataset_id: int, item_id: int, kept: QueueFilter) -> bool:
    """Whether the queue that `kept` chooses holds the item now."""
    found = select(Item.id).where(Item.id == item_id, *conditions_of(dataset_id, kept))
    return session.scalar(found, execution_options=WITH_COPIES) is not None


def counts_by_status(session: Session, dataset_id: int) -> dict[Status, int]:
    """How many items of the dataset have each status; all are there, in the order of `STATUSES`.

    Missing items are not counted. Large counts may be some seconds old.
    """
    counts = reused(
        session,
        (dataset_id, "statuses"),
        lambda: counts_by_dataset(session, [dataset_id])[dataset_id],
        lambda found: sum(found.values()),
    )
    return dict(counts)


def counts_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, dict[Status, int]]:
    """`counts_by_status` of many datasets, by their ids, in one query."""
    rows = select(Item.dataset_id, Item.status, func.count(Item.id).label("items")).where(
        Item.dataset_id.in_(dataset_ids), Item.missing_since.is_(None), seen_by(None)
    )
    counts: dict[int, dict[Status, int]] = {one: dict.fromkeys(STATUSES, 0) for one in dataset_ids}
    for row in session.execute(rows.group_by(Item.dataset_id, Item.status)):
        counts[row.dataset_id][row.status] = row.items
    return counts


def counts_by_owner(session: Session, dataset_id: int) -> dict[int | None, dict[Status, int]]:
    """How many items of each status every person (users.id) has; those that are nobody's are under None.

    Missing items are not counted; copies are their person's.
    """
    rows = select(Assignment.user_id, Item.status, func.count(Item.id).label("items")).select_from(Item)
    rows = rows.outerjoin(Assignment, Assignment.item_id == Item.id)
    rows = rows.where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
    rows = rows.where(or_(Item.is_copy == false(), Assignment.user_id.is_not(None)))
    rows = rows.group_by(Assignment.user_id, Item.status)
    found: dict[int | None, dict[Status, int]] = {}
    for row in session.execute(rows, execution_options=WITH_COPIES):
        found.setdefault(row.user_id, {})[row.status] = row.items
    return found


def _encode_cursor(order: str, key: Any, item_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([order, key, item_id]).encode()).decode()


def _is_sortable(key: object, order: str) -> bool:
    """Whether a value from a cursor can be compared with the sort key of `order` in the database."""
    if order == "name":
        return isinstance(key, str) and key.encode("utf-8", "replace").decode() == key
    return isinstance(key, int | float) and not isinstance(key, bool) and abs(key) < 2**63


def _decode_cursor(cursor: str, order: str) -> tuple[Any, int]:
    try:
        made_for, key, item_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidInputError("The page cursor cannot be read; start again from the first page.") from error
    is_id = type(item_id) is int and abs(item_id) < 2**63
    if made_for != order or not _is_sortable(key, order) or not is_id:
        raise InvalidInputError(
            f"The page cursor belongs to another order than {order!r}; start again from the first page."
        )
    return key, item_id

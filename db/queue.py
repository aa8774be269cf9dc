"""The review queue: which pictures a labeler sees, in which order, a page at a time.

A page begins after a key (the sort key and id of the last entry), not at an offset: while people decide on
pictures, later pages neither repeat nor skip one.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from db.errors import InvalidInputError
from db.hidden_copies import WITH_COPIES, seen_by
from db.items import tags_of
from db.labeler_models import Bookmark
from db.models import Item, ItemTag, Revision, TagSuggestion, User
from db.status import STATUS_GROUPS, STATUSES, Status, status_of, statuses_named
from db.team_models import Assignment, SecondLook

Order = Literal["name", "doubt", "disagreement", "random"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
MAX_PAGE: Final = 500
MAX_IDS_PAGE: Final = 20_000
_PRIME: Final = 2_147_483_647

_latest = aliased(Revision, name="latest")


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
class SecondLookFilter:
    """Finished pictures that were approved, or (``waiting``) that a second look is to be taken at.

    Those that wait are chosen by `rule` and `number` (see `db.team_models.SecondLookRule`), and are not the
    work of `viewer` (users.id). `doubt_rank` is the largest one that the rule ``doubt`` keeps.
    """

    state: Literal["waiting", "approved"]
    rule: str = "off"
    number: int = 1
    viewer: int | None = None
    doubt_rank: float | None = None


@dataclass(frozen=True)
class QueueFilter:
    """Which items of a dataset the queue holds; None keeps all.

    `status` is a status or a group (``todo``, ``done``). `class_index` keeps items tagged with that class,
    `author` (users.id) those whose newest revision is that person's. `tags_in_doubt` keeps unfinished items
    with a suggested or a doubtful tag, `name` those whose names contain it, in upper or lower case.
    `assigned_to` (users.id) keeps that person's pictures, `is_unassigned` those that are nobody's.
    `second_look` keeps finished pictures by what a reviewer said about their newest mask, `bookmarked_by`
    (users.id) those that this person has bookmarked.
    `viewer` (users.id) sees their copies in the place of the pictures themselves; nobody else sees them.
    """

    status: str | None = None
    class_index: int | None = None
    split: str | None = None
    author: int | None = None
    tags_in_doubt: bool | None = None
    name: str | None = None
    assigned_to: int | None = None
    is_unassigned: bool | None = None
    second_look: SecondLookFilter | None = None
    viewer: int | None = None
    bookmarked_by: int | None = None


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
    or ``disagreement`` (largest first, unknown last), or ``random`` (a fixed shuffle for each `seed`).
    `after` is a cursor of an entry or a page in the same order; `limit` is 1 to 500. Raises
    InvalidInputError for anything else.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInputError(f"A page holds 1 to {MAX_PAGE} pictures, not {limit}.")
    conditions = _conditions(dataset_id, kept or QueueFilter())
    counted = _with_latest(select(func.count(Item.id))).where(*conditions)
    total = session.scalar(counted) or 0
    unknown = session.scalar(counted.where(Item.doubt_rank > 0)) or 0 if order == "doubt" else None

    rows = _in_order(select(Item, _latest.id, _latest.action, User.name), order, seed, after)
    rows = rows.outerjoin(User, User.id == _latest.author_id).where(*conditions)
    found = session.execute(rows.limit(limit + 1)).all()
    entries = _entries(session, [row[:4] for row in found[:limit]])
    entries = tuple(
        replace(entry, cursor=_encode_cursor(order, row[4], entry.item.id))
        for entry, row in zip(entries, found, strict=False)
    )
    return Page(entries, entries[-1].cursor if len(found) > limit else None, total, unknown)


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
    rows = _in_order(select(Item.id), order, seed, after)
    found = session.execute(rows.where(*_conditions(dataset_id, kept)).limit(limit + 1)).all()
    ids = [row[0] for row in found[:limit]]
    return ids, _encode_cursor(order, found[limit - 1][1], ids[-1]) if len(found) > limit else None


def count_items(session: Session, dataset_id: int, kept: QueueFilter) -> int:
    """How many items the queue that `kept` chooses contains."""
    return (
        session.scalar(_with_latest(select(func.count(Item.id))).where(*_conditions(dataset_id, kept))) or 0
    )


def entries_of(
    session: Session, dataset_id: int, ids: Sequence[int], viewer: int | None = None
) -> tuple[QueueEntry, ...]:
    """What the queue shows about at most 500 items of a dataset, in the order of `ids`.

    Unknown and missing ones are left out, and those that `viewer` does not see (see `QueueFilter`).
    """
    if len(ids) > MAX_PAGE:
        raise InvalidInputError(f"Ask for at most {MAX_PAGE} pictures at once, not {len(ids)}.")
    rows = _with_latest(select(Item, _latest.id, _latest.action, User.name))
    rows = rows.outerjoin(User, User.id == _latest.author_id)
    found = session.execute(
        rows.where(Item.id.in_(ids), *_conditions(dataset_id, QueueFilter(viewer=viewer)))
    ).all()
    place = {item_id: number for number, item_id in enumerate(ids)}
    return _entries(session, sorted(found, key=lambda row: place[row[0].id]))


def _in_order(
    statement: Select[*tuple[Any, ...]], order: str, seed: int, after: str | None
) -> Select[*tuple[Any, ...]]:
    """`statement` from items in an order, after a cursor, with the sort key as its last column."""
    key, descending = _sort_key(order, seed)
    rows = _with_latest(statement.add_columns(key))
    if after is not None:
        last_key, last_id = _decode_cursor(after, order)
        further = key < last_key if descending else key > last_key
        rows = rows.where(or_(further, and_(key == last_key, Item.id > last_id)))
        # Redundant, but lets an index begin where the previous page ended.
        rows = rows.where(key <= last_key if descending else key >= last_key)
    return rows.order_by(key.desc() if descending else key.asc(), Item.id)


def _entries(session: Session, rows: Sequence[Sequence[Any]]) -> tuple[QueueEntry, ...]:
    """Entries of rows with item, revision id, action and author."""
    tags = tags_of(session, [item.id for item, *_ in rows])
    return tuple(
        QueueEntry(item, status_of(action), revision_id, author, tags[item.id])
        for item, revision_id, action, author in rows
    )


def is_in_queue(session: Session, dataset_id: int, item_id: int, kept: QueueFilter) -> bool:
    """Whether the queue that `kept` chooses holds the item now."""
    found = _with_latest(select(Item.id)).where(Item.id == item_id, *_conditions(dataset_id, kept))
    return session.scalar(found) is not None


def counts_by_status(session: Session, dataset_id: int) -> dict[Status, int]:
    """How many items of the dataset have each status; all are there, in the order of `STATUSES`.

    Missing items are not counted.
    """
    return counts_by_dataset(session, [dataset_id])[dataset_id]


def counts_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, dict[Status, int]]:
    """`counts_by_status` of many datasets, by their ids, in one query."""
    status = _status_expression().label("status")
    rows = _with_latest(select(Item.dataset_id, status, func.count(Item.id).label("items"))).where(
        Item.dataset_id.in_(dataset_ids), Item.missing_since.is_(None), seen_by(None)
    )
    counts: dict[int, dict[Status, int]] = {one: dict.fromkeys(STATUSES, 0) for one in dataset_ids}
    for row in session.execute(rows.group_by(Item.dataset_id, status)):
        counts[row.dataset_id][row.status] = row.items
    return counts


def counts_by_owner(session: Session, dataset_id: int) -> dict[int | None, dict[Status, int]]:
    """How many items of each status every person (users.id) has; those that are nobody's are under None.

    Missing items are not counted; copies are their person's.
    """
    status = _status_expression().label("status")
    rows = _with_latest(select(Assignment.user_id, status, func.count(Item.id).label("items")))
    rows = rows.outerjoin(Assignment, Assignment.item_id == Item.id)
    rows = rows.where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
    rows = rows.where(or_(Item.is_copy == false(), Assignment.user_id.is_not(None)))
    found: dict[int | None, dict[Status, int]] = {}
    for row in session.execute(rows.group_by(Assignment.user_id, status)):
        found.setdefault(row.user_id, {})[row.status] = row.items
    return found


def _with_latest(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """`statement` from items and copies with the newest revision of each, from unique(item_id, sequence)."""
    other = aliased(Revision)
    newest = select(func.max(other.sequence)).where(other.item_id == Item.id).scalar_subquery()
    joined = statement.select_from(Item).outerjoin(
        _latest, and_(_latest.item_id == Item.id, _latest.sequence == newest)
    )
    return joined.execution_options(**WITH_COPIES)


def _status_expression() -> ColumnElement[str]:
    return case(
        (_latest.action.is_(None), literal("new")),
        (_latest.action == "withdrawn", literal("new")),
        (_latest.action == "reverted", literal("proposed")),
        else_=_latest.action,
    )


def _conditions(dataset_id: int, kept: QueueFilter) -> list[ColumnElement[bool]]:
    conditions = [Item.dataset_id == dataset_id, Item.missing_since.is_(None), seen_by(kept.viewer)]
    if kept.status is not None:
        conditions.append(_status_expression().in_(statuses_named(kept.status)))
    if kept.class_index is not None:
        tagged = exists().where(ItemTag.item_id == Item.id, ItemTag.class_index == kept.class_index)
        conditions.append(tagged)
    if kept.split is not None:
        conditions.append(Item.split == kept.split)
    if kept.author is not None:
        conditions.append(_latest.author_id == kept.author)
    if kept.name:
        conditions.append(Item.name.icontains(kept.name, autoescape=True))
    if kept.tags_in_doubt:
        conditions.append(exists().where(TagSuggestion.item_id == Item.id))
        conditions.append(_status_expression().not_in((*STATUS_GROUPS["done"], "rejected")))
    assigned = exists().where(Assignment.item_id == Item.id)
    if kept.assigned_to is not None:
        conditions.append(assigned.where(Assignment.user_id == kept.assigned_to))
    if kept.is_unassigned:
        conditions.append(~assigned)
    if kept.bookmarked_by is not None:
        marked = Bookmark.user_id == kept.bookmarked_by
        conditions.append(exists().where(Bookmark.item_id == Item.id, marked))
    if kept.second_look is not None:
        conditions += _second_look_conditions(dataset_id, kept.second_look)
    return conditions


def _second_look_conditions(dataset_id: int, kept: SecondLookFilter) -> list[ColumnElement[bool]]:
    approved = exists().where(SecondLook.revision_id == _latest.id, SecondLook.verdict == "approved")
    conditions = [_latest.action.in_(STATUS_GROUPS["done"]), Item.is_copy == false()]
    if kept.state == "approved":
        return [*conditions, approved]
    conditions.append(~approved)
    if kept.viewer is not None:
        conditions.append(_latest.author_id != kept.viewer)
    if kept.rule == "off":
        conditions.append(false())
    elif kept.rule == "nth":
        conditions.append(Item.id % kept.number == 0)
    elif kept.rule == "doubt":
        conditions.append(Item.doubt_rank <= (kept.doubt_rank if kept.doubt_rank is not None else -2.0))
    elif kept.rule == "beginner":
        earlier, place = aliased(Revision), aliased(Item)
        before = (
            select(func.count(earlier.item_id.distinct()))
            .join(place, place.id == earlier.item_id)
            .where(
                earlier.author_id == _latest.author_id,
                earlier.action.in_(STATUS_GROUPS["done"]),
                earlier.id < _latest.id,
                earlier.item_id != Item.id,
                place.dataset_id == dataset_id,
                place.is_copy == false(),
            )
            .scalar_subquery()
        )
        conditions.append(before < kept.number)
    return conditions


def _sort_key(order: str, seed: int) -> tuple[ColumnElement[Any], bool]:
    if order == "name":
        return Item.sort_name.expression, False
    if order == "doubt":
        return Item.doubt_rank.expression, False
    if order == "disagreement":
        return func.coalesce(Item.disagreement, -1.0), True
    if order == "random":
        # Squares of a linear sequence modulo a prime: the same shuffle on every database, and no state.
        # All products stay under 2^63.
        drawn = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
        factor, shift = drawn.randrange(2**20, _PRIME), drawn.randrange(_PRIME)
        mixed = (
            cast(Item.id, BigInteger) * literal(factor, BigInteger) + literal(shift, BigInteger)
        ) % _PRIME
        return (mixed * mixed) % literal(_PRIME, Integer), False
    raise InvalidInputError(f"There is no order {order!r}; choose one of {', '.join(ORDERS)}.")


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

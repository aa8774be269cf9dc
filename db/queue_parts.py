"""Finds the first items of a queue with very many items, and counts them.

A queue is the union of parts, one for each status: an index gives each part in its order, so the first items
of all parts are merged without reading the others. A person's copies are a part of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from db.hidden_copies import WITH_COPIES, has_copies, seen_by
from db.models import Item
from db.name_search import contains, contains_by_index, ids_named
from db.queue_filter import QueueFilter, conditions_of, further_conditions_of
from db.queue_orders import Run
from db.status import STATUSES, statuses_named

SHORT: Final = 2000
"""Queues with at most so many items are found by their filter and then sorted."""


@dataclass(frozen=True)
class Parts:
    """What an item fulfils if it is in one of the parts of a queue, which have no item in common.

    Attributes:
        walked: written for reading the first items in an order that an index gives.
        searched: written for finding all of them.
    """

    walked: Sequence[Sequence[ColumnElement[bool]]]
    searched: Sequence[Sequence[ColumnElement[bool]]]


def parts_of(session: Session, dataset_id: int, kept: QueueFilter) -> Parts:
    """The parts of the queue that `kept` chooses."""
    checked: list[ColumnElement[bool]] = []
    found: list[ColumnElement[bool]] = []
    if kept.name:
        ids = ids_named(session, dataset_id, kept.name, SHORT + 1)
        is_rare = len(ids) <= SHORT
        checked = [Item.id.in_(ids) if is_rare else contains(kept.name)]
        found = checked if is_rare else contains_by_index(session, kept.name)
        kept = replace(kept, name=None)
    if kept.viewer is not None and has_copies(session, dataset_id, kept.viewer):
        whole = conditions_of(dataset_id, kept)
        return Parts([whole + checked], [whole + found])
    kept = replace(kept, viewer=None)
    shown = [Item.dataset_id == dataset_id, Item.missing_since.is_(None), seen_by(None)]
    statuses = STATUSES if kept.status is None else statuses_named(kept.status)
    walked, searched = (
        named + further_conditions_of(dataset_id, kept, is_searched=is_searched)
        for named, is_searched in ((checked, False), (found, True))
    )
    if kept.author is not None:  # an index finds the items of a person
        return Parts(*([[*shown, Item.status.in_(statuses), *one]] for one in (walked, searched)))
    return Parts(
        [[*shown, Item.status == status, *walked] for status in statuses],
        [[*shown, Item.status.in_(statuses), *searched]],
    )


def count_of(session: Session, parts: Parts, *further: ColumnElement[bool]) -> int:
    """How many items all parts have."""
    return sum(
        session.scalar(select(func.count(Item.id)).where(*one, *further), execution_options=WITH_COPIES) or 0
        for one in parts.searched
    )


def first_of(
    session: Session,
    parts: Parts,
    runs: Sequence[Run],
    after: tuple[Any, int] | None,
    limit: int,
    *,
    is_short: bool = False,
) -> list[tuple[int, Any]]:
    """Id and key of the first items by the key of an order and then id, after a key and id.

    `is_short` says that all parts together have few items.
    """
    chosen = [
        _first_of_run(one, run, after, limit, is_short=is_short)
        for one in (parts.searched if is_short else parts.walked)
        for run in runs
    ]
    if len(chosen) == 1:
        rows = session.execute(chosen[0], execution_options=WITH_COPIES)
    else:
        firsts = [select(one.subquery()) for one in chosen]
        merged = union_all(*firsts).order_by("key", "id").limit(limit)
        rows = session.execute(merged, execution_options=WITH_COPIES)
    return [(row.id, row.key) for row in rows]


def _first_of_run(
    part: Sequence[ColumnElement[bool]],
    run: Run,
    after: tuple[Any, int] | None,
    limit: int,
    *,
    is_short: bool,
) -> Select[tuple[int, Any]]:
    column = run.column
    # An expression, which no index gives, makes the database find the items first and then sort them.
    sorted_by = func.coalesce(column, column) if is_short else column
    rows = select(Item.id.label("id"), run.key.label("key")).where(*part, *run.conditions)
    if after is not None:
        last, last_id = run.place_of(after[0]), after[1]
        # The first condition lets an index begin where the previous page ended.
        rows = rows.where(column >= last, or_(column > last, and_(column == last, Item.id > last_id)))
    return rows.order_by(sorted_by, Item.id).limit(limit)

"""Whose picture it is: assigned by a lead, or taken by the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.hidden_copies import WITH_COPIES
from db.models import Item
from db.team_models import Assignment

_ITEMS_A_STATEMENT = 500


def assign(
    session: Session, items_by_user: Mapping[int, Sequence[int]], *, assigned_by: int | None = None
) -> None:
    """Make pictures the work of people: item ids by users.id. Earlier assignments of them are replaced."""
    owners = {item_id: user_id for user_id, items in items_by_user.items() for item_id in items}
    item_ids = sorted(owners)
    for start in range(0, len(item_ids), _ITEMS_A_STATEMENT):
        batch = item_ids[start : start + _ITEMS_A_STATEMENT]
        session.execute(delete(Assignment).where(Assignment.item_id.in_(batch)))
        session.execute(
            insert(Assignment),
            [
                {"item_id": item_id, "user_id": owners[item_id], "assigned_by_id": assigned_by}
                for item_id in batch
            ],
        )


def take_back(session: Session, item_ids: Sequence[int]) -> None:
    """Make pictures nobody's again."""
    for start in range(0, len(item_ids), _ITEMS_A_STATEMENT):
        batch = item_ids[start : start + _ITEMS_A_STATEMENT]
        session.execute(delete(Assignment).where(Assignment.item_id.in_(batch)))


def owners_in(session: Session, dataset_id: int) -> dict[int, int]:
    """Whose pictures they are: users.id by item id, for the assigned pictures and copies of a dataset."""
    rows = (
        select(Assignment.item_id, Assignment.user_id)
        .join(Item, Item.id == Assignment.item_id)
        .where(Item.dataset_id == dataset_id)
    )
    return {row.item_id: row.user_id for row in session.execute(rows, execution_options=WITH_COPIES)}


def assigned_counts(session: Session, dataset_id: int) -> dict[int, int]:
    """How many pictures and copies of a dataset are assigned to each person, by users.id; none are 0."""
    return assigned_by_dataset(session, [dataset_id])[dataset_id]


def assigned_by_dataset(session: Session, dataset_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """`assigned_counts` of many datasets, by their ids, in one query."""
    rows = (
        select(Item.dataset_id, Assignment.user_id, func.count().label("items"))
        .join(Item, Item.id == Assignment.item_id)
        .where(Item.dataset_id.in_(dataset_ids))
        .group_by(Item.dataset_id, Assignment.user_id)
    )
    counts: dict[int, dict[int, int]] = {one: {} for one in dataset_ids}
    for row in session.execute(rows, execution_options=WITH_COPIES):
        counts[row.dataset_id][row.user_id] = row.items
    return counts

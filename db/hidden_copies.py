"""Copies of pictures are hidden: a query that does not ask for them does not find them.

Two people who label the same picture must not see each other's masks, so leaving copies out is the default.
A query asks for them with `WITH_COPIES` as its execution options, and then says itself whose copies it keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, and_, event, false, or_, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from db.models import Item
from db.team_models import Copy

WITH_COPIES: Final[Mapping[str, bool]] = MappingProxyType({"with_copies": True})
"""Execution options of a query that finds copies too."""


class StudioSession(Session):
    """A session whose queries leave copies out."""


@event.listens_for(StudioSession, "do_orm_execute")
def _leave_copies_out(state: ORMExecuteState) -> None:
    if state.is_select and not state.execution_options.get("with_copies"):
        originals = with_loader_criteria(Item, Item.is_copy == false(), include_aliases=True)
        state.statement = state.statement.options(originals)


def seen_by(viewer: int | None) -> ColumnElement[bool]:
    """Keep the items that a person (users.id) sees: their copies, in the place of the pictures themselves.

    Without a person, no copies are kept.
    """
    if viewer is None:
        return Item.is_copy == false()
    own = select(Copy).where(Copy.user_id == viewer, Copy.withdrawn_at.is_(None))
    return or_(
        and_(Item.is_copy == false(), Item.id.not_in(own.with_only_columns(Copy.of_item_id))),
        and_(Item.is_copy, Item.id.in_(own.with_only_columns(Copy.item_id))),
    )


def has_copies(session: Session, dataset_id: int, viewer: int) -> bool:
    """Whether a person (users.id) sees copies in the place of pictures of the dataset."""
    own = select(Copy.item_id).join(Item, Item.id == Copy.of_item_id)
    own = own.where(Copy.user_id == viewer, Copy.withdrawn_at.is_(None), Item.dataset_id == dataset_id)
    return session.scalar(own.limit(1)) is not None


def hidden_from(
    session: Session, item_ids: Collection[int], viewer: int | None, *, is_lead: bool = False
) -> set[int]:
    """Those of some items that a person (users.id) may not open.

    These are copies of others, and pictures that they have a copy of.
    Somebody who leads the dataset may open every picture itself, but no copies of others.
    """
    rows = select(Copy.item_id, Copy.of_item_id, Copy.user_id, Copy.withdrawn_at)
    rows = rows.where(or_(Copy.item_id.in_(item_ids), Copy.of_item_id.in_(item_ids)))
    hidden: set[int] = set()
    for row in session.execute(rows):
        is_own = row.user_id == viewer
        if not is_own:
            hidden.add(row.item_id)
        elif row.withdrawn_at is None and not is_lead:
            hidden.add(row.of_item_id)
    return hidden & set(item_ids)

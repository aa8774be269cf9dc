"""Finds pictures by a part of their name among very many, with an index of three-letter parts.

On SQLite that is a table of FTS5, which triggers keep as the names are; on PostgreSQL an index of pg_trgm.
Where the database offers neither, names are read one after the other, which gives the same answer.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, column, literal, literal_column, select, table
from sqlalchemy.orm import Session

from db.hidden_copies import WITH_COPIES
from db.models import Item

NAME_TABLE: Final = "item_names"
NAME_INDEX: Final = "ix_items_name_parts"
_SHORTEST: Final = 3
"""Shorter parts are in no index."""
_NAMES: Final = table(NAME_TABLE, column("rowid"))


def ids_named(session: Session, dataset_id: int, part: str, limit: int) -> list[int]:
    """Ids of at most `limit` items and copies of a dataset whose names contain a text."""
    rows = select(Item.id).where(Item.dataset_id == dataset_id, contains(part))
    if _is_in_table(session, part):
        rows = rows.join(_NAMES, _NAMES.c.rowid == Item.id).where(_matches(part))
    return list(session.scalars(rows.limit(limit), execution_options=WITH_COPIES))


def contains(part: str) -> ColumnElement[bool]:
    """Whether the name of an item contains a text, in upper or lower case; checked item by item."""
    return Item.name.icontains(part, autoescape=True)


def contains_by_index(session: Session, part: str) -> list[ColumnElement[bool]]:
    """The same as `contains`, written so that all such items are found quickly."""
    if not _is_in_table(session, part):
        return [contains(part)]
    found = Item.id.in_(select(_NAMES.c.rowid).where(_matches(part)))
    # SQLite knows the two cases of ASCII letters alone, the table those of all letters.
    return [found] if part.isascii() else [found, contains(part)]


def is_of_search(name: str | None) -> bool:
    """Return whether a table or index of this name is part of the search, and not of the models."""
    return name == NAME_INDEX or (name or "").startswith(NAME_TABLE)


def _is_in_table(session: Session, part: str) -> bool:
    return len(part) >= _SHORTEST and part.isprintable() and _has_table(session)


def _matches(part: str) -> ColumnElement[bool]:
    quoted = '"' + part.replace('"', '""') + '"'
    return literal_column(NAME_TABLE).bool_op("MATCH")(quoted)


def _has_table(session: Session) -> bool:
    if session.get_bind().dialect.name != "sqlite":
        return False
    found = (
        select(literal(1))
        .select_from(table("sqlite_master", column("name")))
        .where(column("name") == NAME_TABLE)
    )
    return session.scalar(found) is not None

"""Which picture an item is: its content decides, not the name of its file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.models import Item, Revision, utc_now


@dataclass(frozen=True)
class KnownPicture:
    """An item as a search for its file needs it. `has_work` is whether a person has ever changed its mask."""

    id: int
    name: str
    path: str
    sha256: str
    is_missing: bool
    has_work: bool


@dataclass(frozen=True)
class Place:
    """Where the file of an item is now, and the item's name there."""

    name: str
    path: str


def known_pictures(session: Session, dataset_id: int) -> list[KnownPicture]:
    """All items of the dataset, missing ones included, by id."""
    by_hand = select(Revision.item_id).distinct().join(Item, Item.id == Revision.item_id)
    by_hand = by_hand.where(Item.dataset_id == dataset_id, Revision.author_id.is_not(None))
    worked_on = set(session.scalars(by_hand))
    items = select(Item).where(Item.dataset_id == dataset_id).order_by(Item.id)
    return [
        KnownPicture(
            item.id,
            item.name,
            item.path,
            item.sha256,
            item.missing_since is not None,
            item.id in worked_on,
        )
        for item in session.scalars(items)
    ]


def move_items(session: Session, places: Mapping[int, Place]) -> None:
    """Give items other names and paths, by item id. Names may be exchanged; they must differ at the end."""
    items = [session.get_one(Item, item_id) for item_id in places]
    for item in items:
        # No file has such a name, and no two items share one while names are exchanged.
        item.name = f"\x01{item.id}"
    session.flush()
    for item in items:
        item.name, item.path = places[item.id].name, places[item.id].path
    session.flush()


def set_found(session: Session, item_ids: Iterable[int]) -> None:
    """Say that the files of items are where they should be."""
    for item_id in item_ids:
        item = update(Item).where(Item.id == item_id, Item.missing_since.is_not(None))
        session.execute(item.values(missing_since=None))


def set_missing(session: Session, item_ids: Iterable[int]) -> None:
    """Say that the files of items are missing from now on; those missing before keep their time."""
    for item_id in item_ids:
        item = update(Item).where(Item.id == item_id, Item.missing_since.is_(None))
        session.execute(item.values(missing_since=utc_now()))

"""What imports keep beside masks, so that the same objects and class numbers can go out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Item
from db.object_models import ItemObjects, SourceClass


def keep_objects(session: Session, item_id: int, mask_hash: str, objects: list[dict[str, Any]]) -> None:
    """Store the objects that made the mask `mask_hash` of an item; earlier ones are replaced."""
    known = session.get(ItemObjects, item_id)
    if known is None:
        session.add(ItemObjects(item_id=item_id, mask_hash=mask_hash, objects=objects))
    elif (known.mask_hash, known.objects) != (mask_hash, objects):
        known.mask_hash, known.objects = mask_hash, objects


def objects_of(session: Session, item_id: int) -> tuple[str, list[dict[str, Any]]] | None:
    """Hash of the mask that an item's objects made, and the objects; None if it has none."""
    known = session.get(ItemObjects, item_id)
    return None if known is None else (known.mask_hash, known.objects)


def items_with_objects(session: Session, dataset_id: int) -> frozenset[int]:
    """The items of a dataset that have objects."""
    found = select(ItemObjects.item_id).join(Item).where(Item.dataset_id == dataset_id)
    return frozenset(session.scalars(found))


def keep_source_ids(session: Session, dataset_id: int, source_ids: Mapping[str, int]) -> None:
    """Store the numbers of classes, by name; those of other classes are kept."""
    known = {row.name: row for row in _rows(session, dataset_id)}
    for name, source_id in source_ids.items():
        if name in known:
            known[name].source_id = source_id
        else:
            session.add(SourceClass(dataset_id=dataset_id, name=name, source_id=source_id))


def source_ids_of(session: Session, dataset_id: int) -> dict[str, int]:
    """The numbers of a dataset's classes, by name."""
    return {row.name: row.source_id for row in _rows(session, dataset_id)}


def _rows(session: Session, dataset_id: int) -> list[SourceClass]:
    return list(session.scalars(select(SourceClass).where(SourceClass.dataset_id == dataset_id)))

"""The name of a picture's files in every export: given once, kept for ever."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from db.items import all_items
from db.models import Item
from puzzlecam_app.interchange.safe_names import safe_names, without_suffix


def export_names(items: Sequence[Item]) -> dict[int, str]:
    """Export name of all pictures of a dataset, by item id: the one that a picture has, else a new one."""
    names = {item.id: item.export_name for item in items if item.export_name is not None}
    by_stem: dict[str, list[int]] = {}
    for item in items:
        if item.export_name is None:
            by_stem.setdefault(without_suffix(item.name, item.path), []).append(item.id)
    for stem, name in safe_names(by_stem, names.values()).items():
        names[by_stem[stem][0]] = name
    for stem, ids in by_stem.items():
        for item_id in ids[1:]:  # a.jpg beside a.png
            (names[item_id],) = safe_names([stem], names.values()).values()
    return names


def give_export_names(session: Session, dataset_id: int) -> None:
    """Store a name for every picture of the dataset that has none yet."""
    items = all_items(session, dataset_id)
    names = export_names(items)
    for item in items:
        if item.export_name is None:
            item.export_name = names[item.id]

"""Pictures of a dataset and their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.errors import InvalidInputError, NotFoundError
from db.hidden_copies import WITH_COPIES
from db.labels import latest_label_set
from db.models import Item, ItemTag

_T = TypeVar("_T")
_IDS_A_QUERY = 500


@dataclass(frozen=True)
class ItemSpec:
    """What an import knows about a picture. The fields mean the same as in `db.models.Item`."""

    name: str
    path: str
    sha256: str
    width: int
    height: int
    orientation: int
    media_type: str
    split: str | None = None
    ground_truth: str | None = None


@dataclass(frozen=True)
class Upserted:
    """The result of a batch: ids by item name, and the names that were added and changed."""

    ids: Mapping[str, int]
    added: tuple[str, ...]
    changed: tuple[str, ...]


def get_item(session: Session, item_id: int) -> Item:
    """The item with that id, which may be a copy; raises NotFoundError."""
    item = session.get(Item, item_id, execution_options=WITH_COPIES)
    if item is None:
        raise NotFoundError(f"There is no picture with id {item_id}.")
    return item


def find_item(session: Session, dataset_id: int, name: str) -> Item | None:
    """The item of that name in the dataset, if there is one."""
    return session.scalar(select(Item).where(Item.dataset_id == dataset_id, Item.name == name))


def all_items(session: Session, dataset_id: int) -> list[Item]:
    """Every item of the dataset, by name, missing ones included."""
    items = select(Item).where(Item.dataset_id == dataset_id)
    return list(session.scalars(items.order_by(Item.sort_name, Item.name)))


def present_items(session: Session, dataset_id: int) -> list[Item]:
    """The items of the dataset whose files are not missing, by name."""
    return [item for item in all_items(session, dataset_id) if item.missing_since is None]


def sha256_by_name(session: Session, dataset_id: int) -> dict[str, str]:
    """Content hash of every picture of the dataset."""
    rows = session.execute(select(Item.name, Item.sha256).where(Item.dataset_id == dataset_id))
    return {row.name: row.sha256 for row in rows}


def upsert_items(session: Session, dataset_id: int, specs: Sequence[ItemSpec]) -> Upserted:
    """Add the items whose names are new and update the others; unchanged ones are not written.

    An item that was missing is there again.
    """
    ids: dict[str, int] = {}
    added: list[str] = []
    changed: list[str] = []
    for batch in _batches(specs):
        names = [spec.name for spec in batch]
        rows = session.scalars(select(Item).where(Item.dataset_id == dataset_id, Item.name.in_(names)))
        known = {item.name: item for item in rows}
        for spec in batch:
            fields = asdict(spec) | {"missing_since": None}
            item = known.get(spec.name)
            if item is None:
                known[spec.name] = item = Item(dataset_id=dataset_id, **fields)
                session.add(item)
                added.append(spec.name)
                continue
            for field in ("ground_truth", "split"):
                if fields[field] is None:  # a later import without masks or splits keeps them
                    del fields[field]
            if any(getattr(item, field) != value for field, value in fields.items()):
                for field, value in fields.items():
                    setattr(item, field, value)
                changed.append(spec.name)
        session.flush()
        ids |= {name: known[name].id for name in names}
    return Upserted(ids, tuple(added), tuple(changed))


def tags_of(session: Session, item_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Class indices of each item in rising order; an item without tags has an empty tuple."""
    tags: dict[int, list[int]] = {item_id: [] for item_id in item_ids}
    for batch in _batches(list(tags)):
        rows = select(ItemTag.item_id, ItemTag.class_index).where(ItemTag.item_id.in_(batch))
        for item_id, class_index in session.execute(rows.order_by(ItemTag.class_index)):
            tags[item_id].append(class_index)
    return {item_id: tuple(indices) for item_id, indices in tags.items()}


def replace_tags(session: Session, dataset_id: int, tags: Mapping[int, Iterable[int]]) -> set[int]:
    """Make `tags` (item id to class indices) the tags of these items; returns the ids that changed.

    Raises InvalidInputError for an index that is not in the dataset's class list.
    """
    classes = {row.index for row in latest_label_set(session, dataset_id).classes}
    wanted = {item_id: tuple(sorted(set(indices))) for item_id, indices in tags.items()}
    unknown = {index for indices in wanted.values() for index in indices} - classes
    if unknown:
        raise InvalidInputError(f"The class list has no class with index {min(unknown)}.")
    now = tags_of(session, wanted)
    different = [item_id for item_id, indices in wanted.items() if now[item_id] != indices]
    for batch in _batches(different):
        session.execute(delete(ItemTag).where(ItemTag.item_id.in_(batch)))
    rows = [
        {"item_id": item_id, "class_index": class_index}
        for item_id in different
        for class_index in wanted[item_id]
    ]
    if rows:
        session.execute(insert(ItemTag), rows)
    return set(different)


def set_disagreement(session: Session, item_id: int, disagreement: float | None) -> None:
    """Store how much the whole and the tiled CAM of an item disagree, for the order of review.

    `disagreement` is the largest, over the tags, of one minus the soft IoU of the two maps: 0 if they are
    equal, 1 if they do not overlap; None if it is unknown.
    """
    rank = 1.0 if disagreement is None else -disagreement
    values = {"disagreement": disagreement, "disagreement_rank": rank}
    session.execute(update(Item).where(Item.id == item_id).values(**values))


def set_doubt(session: Session, doubts: Mapping[int, float | None]) -> None:
    """Store the doubt of the latest proposals (item id to 0..1, None if unknown), for the order of review."""
    for item_id, doubt in doubts.items():
        rank = 1.0 if doubt is None else -min(1.0, max(0.0, doubt))
        session.execute(update(Item).where(Item.id == item_id).values(doubt_rank=rank))


def _batches(values: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(values), _IDS_A_QUERY):
        yield values[start : start + _IDS_A_QUERY]

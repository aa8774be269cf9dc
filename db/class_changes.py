"""Classes that are merged into others or removed, and taken back: the class list, and the tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.class_models import ClassChange, ClassChangeItem
from db.datasets import get_dataset
from db.errors import InvalidInputError, NotFoundError, StaleClassListError
from db.hidden_copies import WITH_COPIES
from db.labels import ClassSpec, add_label_set, latest_label_set
from db.models import Item, ItemTag, LabelSet
from db.palette import BACKGROUND, VOID

_IDS_A_QUERY = 500
_PENDING = ("applying", "undoing")


def edit_class_list(
    session: Session, dataset_id: int, specs: Sequence[ClassSpec], *, expected_revision: int
) -> LabelSet:
    """Store the classes that are shown, in the order in which they are shown.

    Args:
        session: Of a write.
        dataset_id: The dataset.
        specs: Every class that is not retired, and new ones with the index 0, which get the next free index.
        expected_revision: Of the class list that the caller has seen.

    Raises:
        StaleClassListError: Somebody has changed the list since.
        InvalidInputError: A class is missing, or unknown, or as `add_label_set`.
    """
    now = latest_label_set(session, dataset_id)
    if now.revision != expected_revision:
        raise StaleClassListError
    shown = {row.index for row in now.classes if row.retired_to is None}
    given = [spec.index for spec in specs if spec.index]
    if set(given) != shown or len(given) != len(shown):
        raise InvalidInputError("Give every class of the list once; merge or remove a class to take it away.")
    following = len(now.classes)
    edited = []
    for position, spec in enumerate(specs):
        index = spec.index
        if not index:
            following += 1
            index = following
        edited.append(replace(spec, index=index, position=position, retired_to=None))
    retired = [ClassSpec.of(row) for row in now.classes if row.retired_to is not None]
    return add_label_set(session, dataset_id, [*edited, *retired])


def begin_change(
    session: Session, dataset_id: int, class_index: int, target: int, *, author: int | None
) -> ClassChange:
    """Take a class out of the list; its tags become those of `target`, its pixels are left to the caller.

    Args:
        session: Of a write.
        dataset_id: The dataset.
        class_index: The class.
        target: What its pixels become: another class of the list, 0 for background, 255 for void.
        author: Who does it, a users.id.

    Raises:
        InvalidInputError: There is no such class, or an earlier change is not finished.
    """
    label_set = latest_label_set(session, dataset_id)
    shown = {row.index for row in label_set.classes if row.retired_to is None}
    if class_index not in shown:
        raise InvalidInputError(f"The class list has no class with index {class_index}.")
    if target == class_index or target not in {BACKGROUND, VOID, *shown}:
        raise InvalidInputError(
            f"Class {class_index} cannot become {target}; choose another class of the list."
        )
    _check_nothing_pending(session, dataset_id)
    specs = [ClassSpec.of(row) for row in label_set.classes]
    add_label_set(
        session,
        dataset_id,
        [
            replace(spec, retired_to=target, hotkey=None) if spec.index == class_index else spec
            for spec in specs
        ],
    )
    change = ClassChange(
        dataset_id=dataset_id,
        class_index=class_index,
        target_index=target,
        state="applying",
        author_id=author,
    )
    session.add(change)
    session.flush()
    _move_tags(session, change)
    return change


def begin_undo(session: Session, change_id: int) -> ClassChange:
    """Put the class back into the list, and its tags back; the masks are left to the caller.

    Raises:
        InvalidInputError: It is not the newest change of its dataset that stands, or it is not finished.
    """
    change = get_change(session, change_id)
    _check_nothing_pending(session, change.dataset_id)
    newest = select(ClassChange.id).where(
        ClassChange.dataset_id == change.dataset_id, ClassChange.state == "applied"
    )
    if session.scalar(newest.order_by(ClassChange.id.desc()).limit(1)) != change.id:
        raise InvalidInputError(
            "Only the newest change of a class list can be undone; undo the later ones first."
        )
    specs = [ClassSpec.of(row) for row in latest_label_set(session, change.dataset_id).classes]
    add_label_set(
        session,
        change.dataset_id,
        [replace(spec, retired_to=None) if spec.index == change.class_index else spec for spec in specs],
    )
    change.state = "undoing"
    rows = session.scalars(select(ClassChangeItem).where(ClassChangeItem.change_id == change.id))
    for row in rows:
        if not row.had_tag:
            continue
        if not row.had_target_tag:
            session.execute(
                delete(ItemTag).where(
                    ItemTag.item_id == row.item_id, ItemTag.class_index == change.target_index
                )
            )
        if session.get(ItemTag, (row.item_id, change.class_index)) is None:
            session.add(ItemTag(item_id=row.item_id, class_index=change.class_index))
    session.flush()
    return change


def get_change(session: Session, change_id: int) -> ClassChange:
    """A change by id; raises NotFoundError."""
    change = session.get(ClassChange, change_id)
    if change is None:
        raise NotFoundError(f"There is no change of a class list with id {change_id}.")
    return change


def list_changes(session: Session, dataset_id: int) -> list[ClassChange]:
    """All changes of a dataset, the newest first; raises NotFoundError for an unknown dataset."""
    get_dataset(session, dataset_id)
    changes = select(ClassChange).where(ClassChange.dataset_id == dataset_id)
    return list(session.scalars(changes.order_by(ClassChange.id.desc())))


def pending_change(session: Session, dataset_id: int) -> ClassChange | None:
    """The change whose masks do not all follow yet; None if there is none."""
    changes = select(ClassChange).where(ClassChange.dataset_id == dataset_id, ClassChange.state.in_(_PENDING))
    return session.scalar(changes.limit(1))


def change_items(session: Session, change_id: int) -> list[ClassChangeItem]:
    """What a change did to each picture."""
    rows = select(ClassChangeItem).where(ClassChangeItem.change_id == change_id)
    return list(session.scalars(rows.order_by(ClassChangeItem.item_id)))


def change_item(session: Session, change: ClassChange, item_id: int) -> ClassChangeItem:
    """The row of a picture in a change, made if it is not there."""
    row = session.get(ClassChangeItem, (change.id, item_id))
    if row is None:
        row = ClassChangeItem(change_id=change.id, item_id=item_id, had_tag=False, had_target_tag=False)
        session.add(row)
    return row


def finish_change(session: Session, change_id: int) -> None:
    """Record that all masks follow a change, or its undoing."""
    for before, after in (("applying", "applied"), ("undoing", "undone")):
        session.execute(
            update(ClassChange)
            .where(ClassChange.id == change_id, ClassChange.state == before)
            .values(state=after)
        )


def item_ids_of(session: Session, dataset_id: int) -> list[int]:
    """Ids of all pictures of a dataset and their copies, those that are missing at the moment too."""
    ids = select(Item.id).where(Item.dataset_id == dataset_id).order_by(Item.id)
    return list(session.scalars(ids, execution_options=WITH_COPIES))


def _check_nothing_pending(session: Session, dataset_id: int) -> None:
    if pending_change(session, dataset_id) is not None:
        raise InvalidInputError("An earlier change of the class list is not finished; wait until it is.")


def _move_tags(session: Session, change: ClassChange) -> None:
    ids = select(ItemTag.item_id).join(Item, Item.id == ItemTag.item_id)
    ids = ids.where(Item.dataset_id == change.dataset_id)
    ids = ids.execution_options(**WITH_COPIES)
    tagged = list(session.scalars(ids.where(ItemTag.class_index == change.class_index)))
    has_target = set(session.scalars(ids.where(ItemTag.class_index == change.target_index)))
    rows = [
        {
            "change_id": change.id,
            "item_id": item_id,
            "had_tag": True,
            "had_target_tag": item_id in has_target,
            "kept": False,
        }
        for item_id in tagged
    ]
    if not rows:
        return
    session.execute(insert(ClassChangeItem), rows)
    for start in range(0, len(tagged), _IDS_A_QUERY):
        batch = tagged[start : start + _IDS_A_QUERY]
        session.execute(
            delete(ItemTag).where(ItemTag.item_id.in_(batch), ItemTag.class_index == change.class_index)
        )
    if change.target_index in (BACKGROUND, VOID):
        return
    new = [
        {"item_id": item_id, "class_index": change.target_index}
        for item_id in tagged
        if item_id not in has_target
    ]
    if new:
        session.execute(insert(ItemTag), new)

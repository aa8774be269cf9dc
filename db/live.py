"""What the live model of a dataset learns from: the newest masks of people, and what people told it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.datasets import get_dataset
from db.errors import InvalidInputError
from db.items import get_item, tags_of
from db.live_actions import LiveAction
from db.live_models import LiveChange
from db.models import Item, Revision, utc_now
from db.status import STATUS_GROUPS

_IDS_A_QUERY = 500


@dataclass(frozen=True)
class LiveRules:
    """What people told the live model of a dataset.

    Attributes:
        is_paused: it neither learns nor makes proposals.
        after_revision_id: it learns only from revisions with a larger id; 0 if it was never reset.
        reset_at: when it was last reset.
        ignored: ids of pictures that it does not learn from.
    """

    is_paused: bool = False
    after_revision_id: int = 0
    reset_at: datetime | None = None
    ignored: frozenset[int] = frozenset()


@dataclass(frozen=True)
class TaughtMask:
    """The mask of a person that a picture teaches: its revision, and the picture's tags at the moment."""

    revision_id: int
    mask_hash: str
    tags: tuple[int, ...]


def live_rules(session: Session, dataset_id: int) -> LiveRules:
    """What people told the live model of the dataset until now."""
    is_paused, after, reset_at, ignored = False, 0, None, set[int]()
    changes = select(LiveChange).where(LiveChange.dataset_id == dataset_id).order_by(LiveChange.id)
    for change in session.scalars(changes):
        if change.action in ("paused", "resumed"):
            is_paused = change.action == "paused"
        elif change.action == "reset":
            after, reset_at = change.after_revision_id or 0, change.created_at
        elif change.item_id is not None:
            (ignored.add if change.action == "ignored" else ignored.discard)(change.item_id)
    return LiveRules(is_paused, after, reset_at, frozenset(ignored))


def record_live_change(
    session: Session, dataset_id: int, action: LiveAction, *, author: int | None, item_id: int | None = None
) -> None:
    """Add what somebody told the live model; nothing is added if it is so already.

    Raises NotFoundError for an unknown dataset or picture, and InvalidInputError for a picture of another
    dataset.
    """
    get_dataset(session, dataset_id)
    rules = live_rules(session, dataset_id)
    if (action in ("ignored", "unignored")) != (item_id is not None):
        raise InvalidInputError("Only 'ignored' and 'unignored' name a picture, and they must name one.")
    if item_id is not None:
        if get_item(session, item_id).dataset_id != dataset_id:
            raise InvalidInputError(f"The picture {item_id} belongs to another dataset.")
        if (item_id in rules.ignored) == (action == "ignored"):
            return
    if action in ("paused", "resumed") and rules.is_paused == (action == "paused"):
        return
    session.add(
        LiveChange(
            dataset_id=dataset_id,
            action=action,
            item_id=item_id,
            after_revision_id=newest_revision_id(session) if action == "reset" else None,
            author_id=author,
            created_at=utc_now(),
        )
    )
    session.flush()


def newest_revision_id(session: Session) -> int:
    """The largest id of a revision of any dataset; 0 if there is none."""
    return session.scalar(select(func.max(Revision.id))) or 0


def items_changed_after(session: Session, dataset_id: int, revision_id: int) -> set[int]:
    """Ids of the dataset's items that have a revision with a larger id."""
    rows = select(Revision.item_id).join(Item, Item.id == Revision.item_id)
    return set(session.scalars(rows.where(Revision.id > revision_id, Item.dataset_id == dataset_id)))


def taught_masks(
    session: Session, dataset_id: int, rules: LiveRules, item_ids: Collection[int] | None = None
) -> dict[int, TaughtMask]:
    """The accepted or corrected masks that are the newest revisions of their items, by item id.

    Missing and ignored items, and revisions from before a reset, are left out. `item_ids` limits the answer
    to these items.
    """
    if item_ids is None:
        return _taught(session, dataset_id, rules, None)
    ids = sorted(item_ids)
    taught: dict[int, TaughtMask] = {}
    for start in range(0, len(ids), _IDS_A_QUERY):
        taught |= _taught(session, dataset_id, rules, ids[start : start + _IDS_A_QUERY])
    return taught


def _taught(
    session: Session, dataset_id: int, rules: LiveRules, item_ids: list[int] | None
) -> dict[int, TaughtMask]:
    rows = (
        select(Revision.item_id, Revision.id, Revision.mask_hash)
        .join(Item, Item.latest_id == Revision.id)
        .where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
        .where(Item.status.in_(STATUS_GROUPS["done"]), Item.latest_id > rules.after_revision_id)
    )
    if item_ids is not None:
        rows = rows.where(Item.id.in_(item_ids))
    found = [row for row in session.execute(rows) if row.item_id not in rules.ignored]
    tags = tags_of(session, [row.item_id for row in found])
    return {
        row.item_id: TaughtMask(row.id, row.mask_hash, tags[row.item_id])
        for row in found
        if row.mask_hash is not None
    }

"""Gold pictures: their masks are known to be right, and score people who label copies of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.annotations import latest_revision
from db.errors import NothingToDecideError
from db.items import get_item
from db.models import Item
from db.status import STATUS_GROUPS
from db.team_models import GoldPicture


def gold_pictures(session: Session, dataset_id: int) -> list[GoldPicture]:
    """The gold pictures of a dataset, in the order of their ids."""
    rows = select(GoldPicture).join(Item, Item.id == GoldPicture.item_id)
    return list(session.scalars(rows.where(Item.dataset_id == dataset_id).order_by(GoldPicture.item_id)))


def mark_gold(session: Session, item_id: int, *, by: int | None) -> bool:
    """Make the finished mask of a picture gold, or its ground truth; returns whether it was not gold before.

    Raises:
        NothingToDecideError: the picture has neither.
    """
    item = get_item(session, item_id)
    newest = latest_revision(session, item_id)
    is_done = newest is not None and newest.action in STATUS_GROUPS["done"]
    mask_hash = newest.mask_hash if newest is not None and is_done else item.ground_truth
    if mask_hash is None:
        raise NothingToDecideError(
            f"The picture {item.name} is neither finished nor has it ground truth, so it cannot be gold."
        )
    row = session.get(GoldPicture, item_id)
    if row is not None:
        row.mask_hash = mask_hash
        return False
    session.add(GoldPicture(item_id=item_id, mask_hash=mask_hash, marked_by_id=by))
    session.flush()
    return True


def with_ground_truth(session: Session, dataset_id: int) -> Sequence[int]:
    """Ids of the pictures of a dataset that have ground truth and are not missing."""
    rows = select(Item.id).where(
        Item.dataset_id == dataset_id, Item.ground_truth.is_not(None), Item.missing_since.is_(None)
    )
    return session.scalars(rows.order_by(Item.id)).all()


def unmark_gold(session: Session, item_id: int) -> None:
    """Make a picture an ordinary one again; its copies and their masks stay."""
    session.execute(delete(GoldPicture).where(GoldPicture.item_id == item_id))

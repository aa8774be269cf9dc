"""What removed datasets leave behind: masks and copied pictures that no other dataset needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.datasets import is_copied
from db.hidden_copies import WITH_COPIES
from db.models import Dataset, Item, Revision, utc_now
from db.object_models import ItemObjects
from db.team_models import GoldPicture


def expired(session: Session, before: datetime) -> list[Dataset]:
    """The datasets that were removed before a time and still have their masks."""
    rows = select(Dataset).where(Dataset.removed_at < before, Dataset.emptied_at.is_(None))
    return list(session.scalars(rows.order_by(Dataset.id)))


def empty(session: Session, dataset: Dataset) -> None:
    """Note that the masks of a removed dataset are being deleted: it can no longer come back."""
    dataset.emptied_at = utc_now()
    session.flush()


def unused_masks(session: Session, dataset_id: int) -> set[str]:
    """Hashes of the masks of a dataset that no dataset needs which still has its masks."""
    others = Item.dataset_id.in_(select(Dataset.id).where(Dataset.emptied_at.is_(None)))
    return _masks(session, Item.dataset_id == dataset_id) - _masks(session, others)


def unused_copies(session: Session, dataset_id: int) -> set[str]:
    """Paths below the folder of copied pictures that no dataset needs which still has its pictures."""
    dataset = session.get(Dataset, dataset_id)
    if dataset is None or not is_copied(dataset):
        return set()
    own = select(Item.path).where(Item.dataset_id == dataset_id)
    others = select(Item.path).join(Dataset).where(Dataset.root == dataset.root, Dataset.emptied_at.is_(None))
    return set(session.scalars(own)).difference(session.scalars(others))


def _masks(session: Session, wanted: ColumnElement[bool]) -> set[str]:
    """Hashes of all masks that history, ground truth, objects and gold pictures of some items name."""
    found: set[str] = set()
    for hashes in (
        select(Item.ground_truth).where(Item.ground_truth.is_not(None)),
        select(Revision.mask_hash)
        .join(Item, Item.id == Revision.item_id)
        .where(Revision.mask_hash.is_not(None)),
        select(ItemObjects.mask_hash).join(Item, Item.id == ItemObjects.item_id),
        select(GoldPicture.mask_hash).join(Item, Item.id == GoldPicture.item_id),
    ):
        rows = session.scalars(hashes.where(wanted).distinct(), execution_options=WITH_COPIES)
        found.update(one for one in rows if one is not None)
    return found

"""How many masks people have accepted or corrected, so that a run can learn from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.large_counts import reused
from db.models import Item, ItemTag, Revision
from db.status import STATUS_GROUPS


@dataclass(frozen=True)
class DoneCount:
    """Tagged pictures of a dataset, and how many of them people have accepted or corrected the mask of."""

    done: int
    tagged: int


def count_done(session: Session, dataset_id: int, *, after: datetime | None = None) -> DoneCount:
    """Count both, without missing pictures.

    With `after`, only pictures whose newest revision is later than that count as done. Counts of many
    pictures may be some seconds old.
    """
    return reused(
        session,
        (dataset_id, "done", after),
        lambda: _count_done(session, dataset_id, after),
        lambda count: count.tagged,
    )


def _count_done(session: Session, dataset_id: int, after: datetime | None) -> DoneCount:
    is_tagged = select(ItemTag.item_id).where(ItemTag.item_id == Item.id).exists()
    tagged = select(func.count(Item.id)).where(
        Item.dataset_id == dataset_id, Item.missing_since.is_(None), is_tagged
    )
    done = tagged.where(Item.status.in_(STATUS_GROUPS["done"]))
    if after is not None:
        done = done.join(Revision, Revision.id == Item.latest_id).where(Revision.created_at > after)
    return DoneCount(session.scalar(done) or 0, session.scalar(tagged) or 0)

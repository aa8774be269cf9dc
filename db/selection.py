"""Many pictures at once: those that somebody selected, with the revisions that they were shown at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.hidden_copies import WITH_COPIES, seen_by
from db.models import Item, Revision

MAX_SELECTED: Final = 100_000
_IDS_A_STATEMENT: Final = 500


@dataclass(frozen=True)
class Selection:
    """Pictures that something is done to.

    Attributes:
        ids: of the pictures.
        listed_at: the newest revision of the database when the pictures were listed.
        shown: the revision that a picture was shown at, 0 for none, by id of the picture. For pictures that
            are not in it, that is what was newest when they were listed.
    """

    ids: Sequence[int]
    listed_at: int
    shown: Mapping[int, int] = field(default_factory=dict)


def newest_revision_id(session: Session) -> int:
    """The id of the newest revision of the whole database; 0 if there is none."""
    return session.scalar(select(func.max(Revision.id))) or 0


def present_ids(
    session: Session, dataset_id: int, ids: Sequence[int], viewer: int | None = None
) -> list[int]:
    """Those of `ids` that are pictures of the dataset and not missing, in the same order.

    A `viewer` (users.id) sees their copies in the place of the pictures themselves.
    """
    rows = select(Item.id).where(Item.dataset_id == dataset_id, Item.missing_since.is_(None), seen_by(viewer))
    known: set[int] = set()
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        batch = rows.where(Item.id.in_(ids[start : start + _IDS_A_STATEMENT]))
        known.update(session.scalars(batch, execution_options=WITH_COPIES))
    return [item_id for item_id in ids if item_id in known]


def set_split(session: Session, item_ids: Sequence[int], split: str | None) -> int:
    """Put pictures into a split; None takes them out of theirs. Returns how many changed."""
    changed = 0
    for start in range(0, len(item_ids), _IDS_A_STATEMENT):
        batch = item_ids[start : start + _IDS_A_STATEMENT]
        rows = update(Item).where(Item.id.in_(batch), Item.split.is_distinct_from(split))
        changed += len(session.scalars(rows.values(split=split).returning(Item.id)).all())
    return changed


def seen_revision_id(session: Session, item_id: int, selection: Selection) -> int | None:
    """The id of the revision of a picture that the person has seen; None if it had none then."""
    if item_id in selection.shown:
        return selection.shown[item_id] or None
    revisions = select(Revision.id).where(Revision.item_id == item_id, Revision.id <= selection.listed_at)
    return session.scalar(revisions.order_by(Revision.sequence.desc()).limit(1))

"""The accepted masks that a mask is compared with, and the hints about masks that people have confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, get_args

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError
from db.items import get_item
from db.labeler_models import ConfirmedHint
from db.models import Item, Revision
from db.status import STATUS_GROUPS

HintKind = Literal["empty", "untagged", "absent", "specks", "size", "place"]
HINT_KINDS: Final[tuple[HintKind, ...]] = get_args(HintKind)


def newest_done_masks(session: Session, dataset_id: int, limit: int) -> dict[int, str]:
    """Hashes of the newest `limit` masks that people have accepted or corrected, by picture, newest first.

    Missing pictures and copies are left out.
    """
    rows = (
        select(Revision.item_id, Revision.mask_hash)
        .join(Item, Item.latest_id == Revision.id)
        .where(Item.dataset_id == dataset_id, Item.missing_since.is_(None), Item.is_copy == false())
        .where(Item.status.in_(STATUS_GROUPS["done"]), Revision.mask_hash.is_not(None))
        .order_by(Revision.id.desc())
        .limit(limit)
    )
    return {row.item_id: row.mask_hash for row in session.execute(rows)}


def confirm_hints(session: Session, item_id: int, user_id: int, hints: Iterable[tuple[int, str]]) -> None:
    """Remember that somebody finds right what these hints (class index, kind) point out about a picture."""
    get_item(session, item_id)
    known = set(confirmed_hints(session, item_id))
    for class_index, kind in hints:
        if kind not in HINT_KINDS:
            raise InvalidInputError(
                f"There is no hint of the kind {kind!r}; choose one of {', '.join(HINT_KINDS)}."
            )
        if (class_index, kind) in known:
            continue
        known.add((class_index, kind))
        session.add(ConfirmedHint(item_id=item_id, class_index=class_index, kind=kind, user_id=user_id))
    session.flush()


def confirmed_hints(session: Session, item_id: int) -> list[tuple[int, str]]:
    """Class index and kind of the hints about a picture that somebody has confirmed."""
    rows = select(ConfirmedHint.class_index, ConfirmedHint.kind).where(ConfirmedHint.item_id == item_id)
    return [(index, kind) for index, kind in session.execute(rows.order_by(ConfirmedHint.created_at))]

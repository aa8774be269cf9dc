"""Reference masks: what a picture's mask is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from db.annotations import latest_revision
from db.items import get_item
from db.status import STATUS_GROUPS


@dataclass(frozen=True)
class Reference:
    """A reference mask; `mask_hash` is its key in the mask store."""

    kind: Literal["ground-truth", "accepted"]
    title: str
    mask_hash: str


def references_of(session: Session, item_id: int) -> list[Reference]:
    """The reference masks of a picture: its ground truth first, then its accepted mask, if it has them.

    Raises:
        NotFoundError: There is no such picture.
    """
    found = []
    truth = get_item(session, item_id).ground_truth
    if truth is not None:
        found.append(Reference("ground-truth", "ground truth", truth))
    newest = latest_revision(session, item_id)
    if newest is not None and newest.action in STATUS_GROUPS["done"] and newest.mask_hash is not None:
        author = newest.author.name if newest.author else "somebody"
        found.append(Reference("accepted", f"{newest.action} by {author}", newest.mask_hash))
    return found

"""Bookmarks: pictures that a person wants to find again. Nobody else sees them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.items import get_item
from db.labeler_models import Bookmark


def set_bookmark(session: Session, user_id: int, item_id: int, *, is_set: bool) -> None:
    """Bookmark a picture for a person, or take the bookmark away.

    Raises NotFoundError for an unknown picture.
    """
    get_item(session, item_id)
    if not is_set:
        session.execute(delete(Bookmark).where(Bookmark.user_id == user_id, Bookmark.item_id == item_id))
    elif session.get(Bookmark, (user_id, item_id)) is None:
        session.add(Bookmark(user_id=user_id, item_id=item_id))
        session.flush()


def bookmarked(session: Session, user_id: int, item_ids: Sequence[int]) -> set[int]:
    """Which of at most some hundred pictures a person has bookmarked."""
    rows = select(Bookmark.item_id).where(Bookmark.user_id == user_id, Bookmark.item_id.in_(item_ids))
    return set(session.scalars(rows))

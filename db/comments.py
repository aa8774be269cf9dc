"""Comments: remarks of people at places of a picture."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import InvalidInputError, NotFoundError
from db.items import get_item
from db.models import utc_now
from db.team_models import Comment

MAX_LENGTH: Final = 2000


def add_comment(session: Session, item_id: int, *, author: int, x: float, y: float, text: str) -> Comment:
    """Pin a comment to a place: pixels of the upright picture, from its top left."""
    item = get_item(session, item_id)
    text = text.strip()
    if not 1 <= len(text) <= MAX_LENGTH:
        raise InvalidInputError(f"A comment has 1 to {MAX_LENGTH} characters.")
    if not (0 <= x <= item.width and 0 <= y <= item.height):
        raise InvalidInputError(f"The place {x:g}, {y:g} is outside of the picture.")
    comment = Comment(item_id=item_id, author_id=author, x=x, y=y, text=text)
    session.add(comment)
    session.flush()
    return comment


def comments_on(session: Session, item_id: int) -> list[Comment]:
    """The comments on a picture, the oldest first."""
    rows = select(Comment).where(Comment.item_id == item_id).order_by(Comment.id)
    return list(session.scalars(rows))


def resolve_comment(session: Session, item_id: int, comment_id: int) -> Comment:
    """Mark a comment as done with; it stays."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.item_id != item_id:
        raise NotFoundError(f"The picture has no comment {comment_id}.")
    comment.resolved_at = comment.resolved_at or utc_now()
    session.flush()
    return comment

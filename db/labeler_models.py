"""The tables of a labeler's own things: settings, bookmarks, confirmed hints. `db.models` has the others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models import Base, utc_now


class Preference(Base):
    """How a person has set the pages. `document` is a JSON object; the app knows its fields."""

    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    document: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)


class Bookmark(Base):
    """A picture that a person wants to find again."""

    __tablename__ = "bookmarks"
    __table_args__ = (Index("ix_bookmarks_item_id", "item_id"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ConfirmedHint(Base):
    """Somebody has said that what a hint points out about a mask is right. The hint is not shown again.

    `class_index` is 0 for a hint about the whole mask.
    """

    __tablename__ = "confirmed_hints"
    __table_args__ = (CheckConstraint("class_index >= 0 AND class_index <= 254", name="class_index"),)

    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    class_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

"""Tables of changes of class lists that change masks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models import Base, utc_now

CHANGE_STATES = ("applying", "applied", "undoing", "undone")


class ClassChange(Base):
    """A class that was merged into another one or removed: its pixels became `target_index`.

    `state` says how far the masks follow; work that was cut off goes on from there.
    """

    __tablename__ = "class_changes"
    __table_args__ = (
        CheckConstraint("state IN ('applying', 'applied', 'undoing', 'undone')", name="state"),
        Index("ix_class_changes_dataset_id", "dataset_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"))
    class_index: Mapped[int]
    target_index: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ClassChangeItem(Base):
    """What a change did to one picture, so that it can be undone.

    Attributes:
        before_id: the newest revision before; None if no mask of the history changed.
        after_id: the newest revision after.
        had_tag: the picture had the class as a tag.
        had_target_tag: it had the target as a tag already.
        truth_before: hash of the ground truth before; None if that did not change.
        truth_after: the same after.
        kept: the change was undone, but somebody had worked on the picture since, so its masks stayed.
    """

    __tablename__ = "class_change_items"

    change_id: Mapped[int] = mapped_column(
        ForeignKey("class_changes.id", ondelete="RESTRICT"), primary_key=True
    )
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"), primary_key=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    had_tag: Mapped[bool]
    had_target_tag: Mapped[bool]
    truth_before: Mapped[str | None] = mapped_column(String(64))
    truth_after: Mapped[str | None] = mapped_column(String(64))
    kept: Mapped[bool] = mapped_column(default=False)

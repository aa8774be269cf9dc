"""The tables of shared work: leases, assignments, copies, second looks, comments."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models import Base, utc_now


class Lease(Base):
    """A person has a picture open and works on it. After `until` anybody can have it.

    `holder` names the browser tab. There is at most one row for each picture.
    """

    __tablename__ = "leases"
    __table_args__ = (Index("ix_leases_holder", "holder"),)

    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    holder: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(default=utc_now)
    until: Mapped[datetime]


class Assignment(Base):
    """A picture is one person's to label. `assigned_by_id` is None if the person took it."""

    __tablename__ = "assignments"
    __table_args__ = (Index("ix_assignments_user_id", "user_id", "item_id"),)

    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    assigned_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime] = mapped_column(default=utc_now)


class Copy(Base):
    """A picture that a person labels once more without knowing it: another item with a history of its own.

    To that person the copy stands in the place of the picture; nobody else sees the copy.

    Attributes:
        of_item_id: the picture.
        user_id: who labels the copy.
        is_gold: whether its mask is compared with a gold mask, not with those of other people.
        withdrawn_at: when an unfinished copy was taken back; the person sees the picture itself again.
    """

    __tablename__ = "copies"
    __table_args__ = (
        UniqueConstraint("of_item_id", "user_id"),
        Index("ix_copies_user_id", "user_id", "of_item_id"),
    )

    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    of_item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    is_gold: Mapped[bool] = mapped_column(default=False)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]


class GoldPicture(Base):
    """A picture whose mask is known to be right. It scores people who label a copy of the picture."""

    __tablename__ = "gold_pictures"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("items.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    mask_hash: Mapped[str] = mapped_column(ForeignKey("masks.hash", ondelete="RESTRICT"))
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    marked_at: Mapped[datetime] = mapped_column(default=utc_now)


RuleName = Literal["off", "all", "nth", "doubt", "beginner"]
RULE_NAMES: Final[tuple[RuleName, ...]] = get_args(RuleName)


class SecondLook(Base):
    """What a reviewer said about a finished mask. Never changed: the newest one of a revision counts.

    Attributes:
        revision_id: the mask that was looked at.
        changed_from_id: the labeler's mask, if the reviewer changed it before they approved it.
        labeler_id: whose work it is.
    """

    __tablename__ = "second_looks"
    __table_args__ = (
        CheckConstraint("verdict IN ('approved', 'returned')", name="verdict"),
        Index("ix_second_looks_item_id", "item_id", "id"),
        Index("ix_second_looks_revision_id", "revision_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    changed_from_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    labeler_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    verdict: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SecondLookRule(Base):
    """Which finished pictures of a dataset get a second look. A dataset without a row has none.

    `number` is n: every n-th picture (`nth`), the n per cent that are most doubtful (`doubt`), or the first
    n pictures of each person (`beginner`).
    """

    __tablename__ = "second_look_rules"
    __table_args__ = (
        CheckConstraint("rule IN ('off', 'all', 'nth', 'doubt', 'beginner')", name="rule"),
        CheckConstraint("number >= 1", name="number"),
    )

    dataset_id: Mapped[int] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    rule: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]


class Comment(Base):
    """A remark at a place of a picture. `x` and `y` are pixels of the upright picture, from its top left."""

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint("x >= 0 AND y >= 0", name="place"),
        Index("ix_comments_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    x: Mapped[float] = mapped_column(Double)
    y: Mapped[float] = mapped_column(Double)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    resolved_at: Mapped[datetime | None]

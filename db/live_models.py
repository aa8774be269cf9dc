"""The table of what people told the live models. `db.models` has the others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.live_actions import LIVE_ACTIONS
from db.models import Base, one_of, utc_now


class LiveChange(Base):
    """What somebody told the live model of a dataset. Rows are only added; the newest ones count.

    `item_id` is the picture that is ignored, or no longer. `after_revision_id` is set by a reset: the live
    model learns only from revisions with a larger id.
    """

    __tablename__ = "live_changes"
    __table_args__ = (
        CheckConstraint(one_of("action", LIVE_ACTIONS), name="action"),
        Index("ix_live_changes_dataset_id", "dataset_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"))
    action: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    after_revision_id: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

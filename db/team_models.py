"""The tables of work that people share: who has a picture open. `db.models` has the other tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
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

"""The tables of runs, their events, and what they published."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Double, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.models import Base, Dataset, User, one_of, utc_now
from db.run_status import ACTIVE, RUN_STATUSES


class Run(Base):
    """A training in the background. Its files are in the workspace under ``runs/<id>``.

    `recipe` is the whole recipe; `supervision` counts what the snapshot contains. `worker` holds the run
    until `lease_until`, in the device slot `slot`; `trainer_pid` and `trainer_started` (seconds since 1970)
    identify the trainer's process. `events_read` is how many bytes of the event log are in the tables.
    `attempts` counts starts since the run last got further, except those that were ended on purpose or by a
    restart of the machine. `problem` and `remedy` say why the run failed, and what to do.
    """

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint(one_of("status", RUN_STATUSES), name="status"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_runs_status_position", "status", "position"),
        Index(
            "uq_runs_slot_active",
            "slot",
            unique=True,
            sqlite_where=text(one_of("status", ACTIVE)),
            postgresql_where=text(one_of("status", ACTIVE)),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    cloned_from_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(128))
    recipe: Mapped[dict[str, Any]]
    split: Mapped[str] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(32))
    supervision: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    slot: Mapped[str | None] = mapped_column(String(160))
    worker: Mapped[str | None] = mapped_column(String(160))
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    trainer_pid: Mapped[int | None]
    trainer_started: Mapped[float | None] = mapped_column(Double)
    stop_asked_at: Mapped[datetime | None]
    stop_is_firm: Mapped[bool] = mapped_column(default=False)
    events_read: Mapped[int] = mapped_column(BigInteger, default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(Text)
    log_tail: Mapped[str | None] = mapped_column(Text)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    pruned_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    author: Mapped[User | None] = relationship(lazy="joined")
    dataset: Mapped[Dataset] = relationship(lazy="joined")


class RunEvent(Base):
    """One event of a run, as the trainer or the worker wrote it; `data` holds the fields of its kind."""

    __tablename__ = "run_events"
    __table_args__ = (Index("ix_run_events_run_id_kind", "run_id", "kind"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]


class Publication(Base):
    """A run's pseudo-labels made proposals. `finished_at` is None while this goes on or was interrupted."""

    __tablename__ = "publications"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="RESTRICT"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    author: Mapped[User | None] = relationship(lazy="joined", foreign_keys=[author_id])


class PublishedRevision(Base):
    """A revision that a publication appended, and the proposal that was newest before, if there was one.

    `previous_doubt_rank` is the earlier `Item.doubt_rank`; None in publications from before it was stored.
    """

    __tablename__ = "published_revisions"

    publication_id: Mapped[int] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True
    )
    revision_id: Mapped[int] = mapped_column(
        ForeignKey("revisions.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    previous_doubt_rank: Mapped[float | None] = mapped_column(Double)

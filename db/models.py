"""The tables. The schema can be read here in one place; migrations must arrive at exactly this."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from db.errors import HistoryIsAppendOnlyError
from db.palette import MAX_CLASS_INDEX
from db.status import ACTIONS, ACTIONS_WITHOUT_MASK


def utc_now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Moments in UTC. SQLite forgets time zones, so they are put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give moments in UTC.")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON, list[dict[str, Any]]: JSON}  # noqa: RUF012


class User(Base):
    """A person who reviews pictures."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Dataset(Base):
    """A set of pictures under one root folder. Removing one only sets `removed_at`: its history stays."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index(
            "uq_datasets_name_live",
            "name",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    root: Mapped[str] = mapped_column(Text)
    layout: Mapped[str] = mapped_column(String(32))
    cams_model: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    removed_at: Mapped[datetime | None]


class LabelSet(Base):
    """One revision of a dataset's class list. Changing the list adds a revision; old ones stay."""

    __tablename__ = "label_sets"
    __table_args__ = (UniqueConstraint("dataset_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"))
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    classes: Mapped[list[LabelClass]] = relationship(
        order_by="LabelClass.index", lazy="selectin", cascade="all, delete-orphan"
    )


class LabelClass(Base):
    """One class. Background (0) and void (255) are in every list and are not stored."""

    __tablename__ = "label_classes"
    __table_args__ = (
        UniqueConstraint("label_set_id", "name"),
        CheckConstraint(f'"index" BETWEEN 1 AND {MAX_CLASS_INDEX}', name="index"),
        CheckConstraint("color LIKE '#______'", name="color"),
    )

    label_set_id: Mapped[int] = mapped_column(
        ForeignKey("label_sets.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(128))
    color: Mapped[str] = mapped_column(String(7))


class Mask(Base):
    """A mask in the mask store, known by the hash of its shape and indices."""

    __tablename__ = "masks"
    __table_args__ = (CheckConstraint("height > 0 AND width > 0", name="size"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    height: Mapped[int]
    width: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Item(Base):
    """A picture. `path` is relative to the dataset's root and uses forward slashes.

    `width` and `height` are those of the upright picture, after the EXIF `orientation` (1..8) is applied;
    masks are always in upright coordinates. `sha256` is that of the file's bytes at import.
    """

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("dataset_id", "name"),
        CheckConstraint("height > 0 AND width > 0", name="size"),
        CheckConstraint("orientation BETWEEN 1 AND 8", name="orientation"),
        Index("ix_items_dataset_id_disagreement", "dataset_id", "disagreement"),
        Index("ix_items_dataset_id_split", "dataset_id", "split"),
        Index("ix_items_dataset_id_sha256", "dataset_id", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(512))
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    orientation: Mapped[int] = mapped_column(default=1)
    media_type: Mapped[str] = mapped_column(String(64))
    split: Mapped[str | None] = mapped_column(String(64))
    ground_truth: Mapped[str | None] = mapped_column(ForeignKey("masks.hash", ondelete="RESTRICT"))
    disagreement: Mapped[float | None] = mapped_column(Double)


class ItemTag(Base):
    """A class that is somewhere in the picture."""

    __tablename__ = "item_tags"
    __table_args__ = (Index("ix_item_tags_class_index_item_id", "class_index", "item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    class_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Revision(Base):
    """One entry of an item's history. Never changed, never deleted."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("item_id", "sequence"),
        CheckConstraint(_one_of("action", ACTIONS), name="action"),
        CheckConstraint(
            f"mask_hash IS NOT NULL OR {_one_of('action', ACTIONS_WITHOUT_MASK)}", name="mask_of_action"
        ),
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("seconds_spent >= 0", name="seconds_spent"),
        Index("ix_revisions_author_id_created_at", "author_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    sequence: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    action: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    mask_hash: Mapped[str | None] = mapped_column(ForeignKey("masks.hash", ondelete="RESTRICT"))
    label_set_id: Mapped[int] = mapped_column(ForeignKey("label_sets.id", ondelete="RESTRICT"))
    proposed_by: Mapped[str | None] = mapped_column(Text)
    seconds_spent: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    note: Mapped[str | None] = mapped_column(Text)
    author: Mapped[User | None] = relationship(lazy="joined")


class ImportReport(Base):
    """What one import did and which files it could not take."""

    __tablename__ = "import_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    source: Mapped[str] = mapped_column(Text)
    summary: Mapped[dict[str, Any]]
    problems: Mapped[list[dict[str, Any]]]


@event.listens_for(Revision, "before_update")
@event.listens_for(Revision, "before_delete")
def _refuse_change(_mapper: Mapper[Revision], _connection: Connection, revision: Revision) -> None:
    # Triggers made by the first migration hold the same line against SQL that does not pass here.
    raise HistoryIsAppendOnlyError(
        f"Revision {revision.id} is history and stays as it is; append a new revision instead."
    )

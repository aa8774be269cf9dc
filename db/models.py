"""The tables of pictures and their history. A test checks that the migrations produce exactly this."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Computed,
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
    false,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, relationship, validates
from sqlalchemy.types import TypeDecorator

from db.errors import HistoryIsAppendOnlyError
from db.natural_order import MAX_KEY_LENGTH, natural_key
from db.palette import MAX_CLASS_INDEX
from db.status import ACTIONS, ACTIONS_WITHOUT_MASK
from db.tag_actions import TAG_ACTIONS


def utc_now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Times in UTC. SQLite drops time zones, so reading adds them again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give times in UTC.")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


# The keys are made to be compared character by character, not by the rules of a language.
_SORT_NAME = String(MAX_KEY_LENGTH).with_variant(String(MAX_KEY_LENGTH, collation="C"), "postgresql")


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
    """A set of pictures under one root folder. Removing one only sets `removed_at`: its history stays.

    An archived one is on no page of work. `emptied_at` says when the masks and copied pictures of a removed
    one were deleted; then it cannot come back.

    `root` is an absolute path, a URL, or, for pictures that were copied, relative to the workspace.
    With `follow_links`, links in the folder may lead out of it; a person said so on the command line.
    """

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
    follow_links: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    archived_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]


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
    """One class. Background (0) and void (255) are in every list and are not stored.

    `hotkey` is the place of its key, 1..19: a digit, from 10 on with Shift; None gives it that of its place.
    `position` orders the classes where they are shown; None puts a class after the others, by index.
    A class that was merged into another or removed keeps its row, so that no index changes: `retired_to` is
    the index that its pixels became (0 background, 255 void).
    """

    __tablename__ = "label_classes"
    __table_args__ = (
        UniqueConstraint("label_set_id", "name"),
        CheckConstraint(f'"index" BETWEEN 1 AND {MAX_CLASS_INDEX}', name="index"),
        CheckConstraint("color LIKE '#______'", name="color"),
        CheckConstraint("hotkey BETWEEN 1 AND 19", name="hotkey"),
        CheckConstraint("retired_to BETWEEN 0 AND 255", name="retired_to"),
    )

    label_set_id: Mapped[int] = mapped_column(
        ForeignKey("label_sets.id", ondelete="CASCADE"), primary_key=True
    )
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(128))
    color: Mapped[str] = mapped_column(String(7))
    hotkey: Mapped[int | None]
    description: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int | None]
    retired_to: Mapped[int | None]


class Mask(Base):
    """A mask in the mask store, known by the hash of its shape and indices."""

    __tablename__ = "masks"
    __table_args__ = (CheckConstraint("height > 0 AND width > 0", name="size"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    height: Mapped[int]
    width: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


SHUFFLE_PRIME = 2_147_483_647
_LINE = f"((CAST(id AS BIGINT) * 1103515245 + 12345) % {SHUFFLE_PRIME})"
_SHUFFLE = f"{_LINE} * {_LINE} % {SHUFFLE_PRIME}"
"""Squares of a linear sequence modulo a prime: the same on every database. All products stay under 2^63."""


def _queue_index(name: str, *columns: str) -> Index:
    """An index of the pictures that queues show."""
    return Index(
        f"ix_items_queue_by_{name}",
        "dataset_id",
        *columns,
        sqlite_where=text("missing_since IS NULL AND is_copy = 0"),  # as queries say it
        postgresql_where=text("missing_since IS NULL AND NOT is_copy"),
    )


class Item(Base):
    """A picture. `path` is relative to the dataset's root and uses forward slashes.

    `width` and `height` are those of the upright picture, after the EXIF `orientation` (1..8) is applied;
    masks are always in upright coordinates. `sha256` is that of the file's bytes at import.
    `sort_name` follows `name` and gives the natural order of names. `export_name` is the name of its files in
    every export, without suffix; given once and never changed. `missing_since` is when an import did not find
    the file any more: until it is found again, the picture is in no queue, run or export.
    `disagreement` is the largest, over the tags, of one minus the soft IoU of whole and tiled CAM (0..1);
    None if it is unknown. `doubt_rank` is minus the doubt of the latest proposal (-1..0), or 1 if no model
    has processed the picture: sorted by it and then by id, items are in the order of review, which an index
    provides. `disagreement_rank` is the same for the disagreement. A copy (`is_copy`) is the same picture
    again, for one person alone (`db.team_models.Copy`). Queries leave copies out unless they ask for them
    (`db.hidden_copies`).
    `latest_id`, `latest_author_id` and `status` (`db.status`) repeat what the newest revision says, so that
    pages and counts of very many pictures need no other table. Only a trigger of the database writes them,
    when a revision is added, so they cannot differ; read them in queries, not from an item. `shuffled` is the
    place of the picture in one shuffle of all, below `SHUFFLE_PRIME`; the database computes it.
    """

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("height > 0 AND width > 0", name="size"),
        CheckConstraint("orientation BETWEEN 1 AND 8", name="orientation"),
        Index("ix_items_dataset_id_doubt_rank", "dataset_id", "doubt_rank", "id"),
        _queue_index("name", "status", "sort_name", "id"),
        _queue_index("doubt", "status", "doubt_rank", "id"),
        _queue_index("disagreement", "status", "disagreement_rank", "id"),
        _queue_index("shuffle", "status", "shuffled", "id"),
        _queue_index("split", "split", "status"),
        _queue_index("author", "latest_author_id", "status"),
        Index("ix_items_dataset_id_sha256", "dataset_id", "sha256"),
        Index("ix_items_dataset_id_export_name", "dataset_id", "export_name", unique=True),
        Index("ix_items_dataset_id_sort_name", "dataset_id", "sort_name", "id"),
        Index(
            "uq_items_dataset_id_name_of_originals",
            "dataset_id",
            "name",
            unique=True,
            sqlite_where=text("NOT is_copy"),
            postgresql_where=text("NOT is_copy"),
        ),
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
    export_name: Mapped[str | None] = mapped_column(String(255))
    ground_truth: Mapped[str | None] = mapped_column(ForeignKey("masks.hash", ondelete="RESTRICT"))
    disagreement: Mapped[float | None] = mapped_column(Double)
    disagreement_rank: Mapped[float] = mapped_column(Double, default=1.0, server_default="1")
    doubt_rank: Mapped[float] = mapped_column(Double, default=1.0, server_default="1")
    sort_name: Mapped[str] = mapped_column(_SORT_NAME, server_default="")
    missing_since: Mapped[datetime | None]
    is_copy: Mapped[bool] = mapped_column(default=False, server_default=false())
    latest_id: Mapped[int | None] = mapped_column(deferred=True)
    latest_author_id: Mapped[int | None] = mapped_column(deferred=True)
    status: Mapped[str] = mapped_column(String(16), server_default="new", deferred=True)
    shuffled: Mapped[int] = mapped_column(BigInteger, Computed(_SHUFFLE), deferred=True)

    @validates("name")
    def _set_sort_name(self, _key: str, name: str) -> str:
        self.sort_name = natural_key(name)
        return name


class ItemTag(Base):
    """A class that is somewhere in the picture."""

    __tablename__ = "item_tags"
    __table_args__ = (Index("ix_item_tags_class_index_item_id", "class_index", "item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    class_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class TagChange(Base):
    """What somebody said about a tag of a picture. Never changed, never deleted: the newest entry counts."""

    __tablename__ = "tag_changes"
    __table_args__ = (
        CheckConstraint(one_of("action", TAG_ACTIONS), name="action"),
        Index("ix_tag_changes_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="RESTRICT"))
    class_index: Mapped[int]
    action: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class TagSuggestion(Base):
    """A class that may be in a picture without its tag, or (`is_doubt`) a tag that may be wrong.

    Computed from accepted masks, and replaced when more is known.
    """

    __tablename__ = "tag_suggestions"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    class_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_doubt: Mapped[bool]
    score: Mapped[float] = mapped_column(Double)


class Revision(Base):
    """One entry of an item's history. Never changed, never deleted.

    `seeds` are the steps of the Smart tool since the previous revision, in order: each with its seeds, the
    engine's name and the hashes of the mask before (`prior`) and after (`result`). Loaded only on request.
    `clicks` counts these steps, `strokes` other changes by hand; None where nobody counted.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("item_id", "sequence"),
        CheckConstraint(one_of("action", ACTIONS), name="action"),
        CheckConstraint(
            f"mask_hash IS NOT NULL OR {one_of('action', ACTIONS_WITHOUT_MASK)}", name="mask_of_action"
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
    clicks: Mapped[int | None]
    strokes: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    note: Mapped[str | None] = mapped_column(Text)
    seeds: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    author: Mapped[User | None] = relationship(lazy="joined")


class ImportReport(Base):
    """What one import did and which files it could not import."""

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
    # Triggers from the first migration refuse the same for SQL that does not come through here.
    raise HistoryIsAppendOnlyError(
        f"Revision {revision.id} is part of the history and cannot be changed; append a new revision instead."
    )

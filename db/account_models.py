"""The tables of accounts: who may sign in, what they may do, and what they did. `db.models` has others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, event, false
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from db.errors import HistoryIsAppendOnlyError
from db.models import Base, Dataset, User, utc_now
from db.role_names import DATASET_ROLES, ROLES, DatasetRole, Role

_HASH = String(64)


def _role(values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"role IN ({', '.join(repr(value) for value in values)})", name="role")


class Account(Base):
    """A person who can sign in. The same row of `users` is the author of their work.

    `sign_in_name` is the name in the form in which names are compared: no two accounts differ only in
    capital letters. `password_hash` is None until a password is chosen.
    """

    __tablename__ = "accounts"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    sign_in_name: Mapped[str] = mapped_column(String(256), unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    is_admin: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    disabled_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class RoleOnDataset(Base):
    """What a person may do on a dataset."""

    __tablename__ = "dataset_roles"
    __table_args__ = (_role(DATASET_ROLES), Index("ix_dataset_roles_dataset_id", "dataset_id"))

    user_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.user_id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    dataset_id: Mapped[int] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    role: Mapped[DatasetRole] = mapped_column(String(16))
    granted_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignIn(Base):
    """A browser in which somebody is signed in. Only the SHA-256 of the secret in its cookie is stored."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(_HASH, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts.user_id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))


class LinkedIdentity(Base):
    """Somebody at a provider of OpenID Connect, and the account that they sign in to."""

    __tablename__ = "linked_identities"
    __table_args__ = (Index("ix_linked_identities_user_id", "user_id"),)

    issuer: Mapped[str] = mapped_column(String(512), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts.user_id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class InvitationDataset(Base):
    """A dataset on which an invitation gives its role."""

    __tablename__ = "invitation_datasets"

    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    dataset_id: Mapped[int] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    dataset: Mapped[Dataset] = relationship(lazy="joined", innerjoin=True)


class Invitation(Base):
    """A link that makes an account, once. With `user_id` it lets the owner of an account choose a password.

    `name` is the only name that the new account can have; None lets the person choose. A name that work is
    stored under can only be had in this way.
    """

    __tablename__ = "invitations"
    __table_args__ = (_role(ROLES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(_HASH, unique=True)
    role: Mapped[Role] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.user_id", ondelete="RESTRICT"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    revoked_at: Mapped[datetime | None]
    created_by: Mapped[User | None] = relationship(lazy="joined", foreign_keys=[created_by_id])
    datasets: Mapped[list[InvitationDataset]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class ApiToken(Base):
    """A secret with which a script works as a person, with at most the rights of `role`."""

    __tablename__ = "api_tokens"
    __table_args__ = (_role(ROLES), Index("ix_api_tokens_user_id", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(_HASH, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts.user_id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Something that somebody did or tried. Never changed, never deleted.

    `name` is that of the person, or the name that was claimed. `status` is that of the answer. What an entry
    names is not referred to by foreign keys: the log stays when the rest is removed.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_dataset_id", "dataset_id", "id"),
        Index("ix_audit_log_name", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    user_id: Mapped[int | None]
    name: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(200))
    status: Mapped[int]
    address: Mapped[str] = mapped_column(String(64))
    dataset_id: Mapped[int | None]
    item_id: Mapped[int | None]
    run_id: Mapped[int | None]
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse_change(_mapper: Mapper[AuditEntry], _connection: Connection, entry: AuditEntry) -> None:
    # Triggers refuse the same for SQL that does not come through here.
    raise HistoryIsAppendOnlyError(f"Entry {entry.id} of the audit log cannot be changed.")

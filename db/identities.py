"""Identities at providers of OpenID Connect, and the accounts that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.account_models import LinkedIdentity
from db.errors import NotFoundError


def find(session: Session, issuer: str, subject: str) -> int | None:
    """Return the account (users.id) of an identity; None if it has none."""
    found = session.get(LinkedIdentity, (issuer, subject))
    return None if found is None else found.user_id


def link(session: Session, user_id: int, issuer: str, subject: str) -> None:
    """Let an identity sign in to an account."""
    session.add(LinkedIdentity(issuer=issuer, subject=subject, user_id=user_id))
    session.flush()


def unlink(session: Session, user_id: int, issuer: str, subject: str) -> None:
    """Let an identity no longer sign in to an account; raises NotFoundError if it cannot now."""
    found = session.get(LinkedIdentity, (issuer, subject))
    if found is None or found.user_id != user_id:
        raise NotFoundError("This identity is not linked to your account; load the page again.")
    session.delete(found)
    session.flush()


def list_linked(session: Session, user_id: int) -> Sequence[LinkedIdentity]:
    """Return the identities that sign in to an account, the oldest link first."""
    wanted = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id)
    return session.scalars(wanted.order_by(LinkedIdentity.created_at, LinkedIdentity.subject)).all()


def has_any(session: Session, user_id: int) -> bool:
    """Return whether somebody can sign in at a provider."""
    wanted = select(LinkedIdentity.user_id).where(LinkedIdentity.user_id == user_id).limit(1)
    return session.scalar(wanted) is not None

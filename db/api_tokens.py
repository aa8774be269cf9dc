"""Secrets with which scripts work as a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.account_models import Account, ApiToken
from db.accounts import get_account
from db.errors import InvalidInputError, NotFoundError
from db.models import utc_now
from db.role_names import ROLES, Role
from db.users import clean_name

LONGEST_DAYS: Final = 366


def create(session: Session, token_hash: str, user_id: int, name: str, role: Role, *, days: int) -> ApiToken:
    """Store a token. `token_hash` is the SHA-256 of the secret.

    Raises:
        InvalidInputError: The name, the role or the days (1..366) cannot be used.
        NotFoundError: There is no such account.
    """
    get_account(session, user_id)
    if role not in ROLES:
        raise InvalidInputError(f"{role!r} is not a role; use {', '.join(ROLES)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInputError(f"A token can be valid for 1 to {LONGEST_DAYS} days, not {days}.")
    token = ApiToken(
        token_hash=token_hash,
        user_id=user_id,
        name=clean_name(name),
        role=role,
        expires_at=utc_now() + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    return token


def find(session: Session, token_hash: str) -> tuple[ApiToken, Account] | None:
    """Return the token with this secret and its account, unless either is no longer valid."""
    row = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.user_id == ApiToken.user_id)
        .where(
            ApiToken.token_hash == token_hash,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > utc_now(),
            Account.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1])


def note_use(session: Session, token_id: int) -> None:
    """Store that a token was used now."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=utc_now()))


def list_valid(session: Session, user_id: int) -> Sequence[ApiToken]:
    """Return somebody's tokens that are valid, the newest first."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > utc_now())
        .order_by(ApiToken.id.desc())
    ).all()


def revoke(session: Session, user_id: int, token_id: int) -> None:
    """Make a token useless; raises NotFoundError if it is not that person's."""
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != user_id:
        raise NotFoundError(f"There is no token with id {token_id}.")
    token.revoked_at = token.revoked_at or utc_now()


def revoke_all(session: Session, user_id: int) -> None:
    """Make all tokens of a person useless."""
    for token in list_valid(session, user_id):
        token.revoked_at = utc_now()

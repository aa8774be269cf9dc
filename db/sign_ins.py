"""Browsers in which people are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.account_models import Account, SignIn
from db.errors import NotFoundError
from db.models import utc_now

LONGEST: Final = timedelta(days=30)
"""After this time people sign in again."""
LONGEST_UNUSED: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=5)
"""How often it is noted that a browser is still used; each note is a change of the database."""


def start(session: Session, user_id: int, token_hash: str, *, address: str, browser: str) -> SignIn:
    """Store that somebody signed in. `token_hash` is the SHA-256 of the secret in the cookie."""
    now = utc_now()
    sign_in = SignIn(
        token_hash=token_hash,
        user_id=user_id,
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
        address=address[:64],
        browser=browser[:200],
    )
    session.add(sign_in)
    session.flush()
    return sign_in


def find(session: Session, token_hash: str) -> tuple[SignIn, Account] | None:
    """Return the sign-in with this secret and its account, unless it has ended or the account is disabled."""
    now = utc_now()
    row = session.execute(
        select(SignIn, Account)
        .join(Account, Account.user_id == SignIn.user_id)
        .where(
            SignIn.token_hash == token_hash,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            SignIn.seen_at > now - LONGEST_UNUSED,
            Account.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1])


def note_use(session: Session, sign_in_id: int) -> None:
    """Store that a browser is still used."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=utc_now()))


def list_open(session: Session, user_id: int) -> Sequence[SignIn]:
    """Return the browsers in which somebody is signed in, the last used first."""
    now = utc_now()
    return session.scalars(
        select(SignIn)
        .where(
            SignIn.user_id == user_id,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            SignIn.seen_at > now - LONGEST_UNUSED,
        )
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    ).all()


def end(session: Session, user_id: int, sign_in_id: int) -> None:
    """Sign somebody out in one browser; raises NotFoundError if it is not theirs."""
    sign_in = session.get(SignIn, sign_in_id)
    if sign_in is None or sign_in.user_id != user_id:
        raise NotFoundError(f"There is no sign-in with id {sign_in_id}.")
    sign_in.ended_at = sign_in.ended_at or utc_now()


def end_all(session: Session, user_id: int, *, but: int | None = None) -> int:
    """Sign somebody out everywhere, or everywhere but in one browser; returns how many there were."""
    ended = list_open(session, user_id)
    for sign_in in ended:
        if sign_in.id != but:
            sign_in.ended_at = utc_now()
    return sum(sign_in.id != but for sign_in in ended)

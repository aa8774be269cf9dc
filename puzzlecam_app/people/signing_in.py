"""Signing in and out, and who a secret in a cookie or header belongs to."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db import api_tokens, audit, sign_ins
from db.account_models import Account
from db.accounts import find_account, get_account, set_password_hash
from db.engine import Database
from db.errors import DatabaseBusyError
from db.models import utc_now
from db.role_names import Role
from db.roles import roles_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.people.passwords import hash_password, is_outdated, is_right
from puzzlecam_app.people.person import Person
from puzzlecam_app.people.tokens import hash_of, new_secret

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """Who a secret belongs to. `sign_in_id` or `token_id` is given where its use should be noted now."""

    person: Person
    sign_in_id: int | None = None
    token_id: int | None = None


def sign_in(database: Database, name: str, password: str, *, address: str, browser: str) -> str | None:
    """Return the secret for the cookie of a person who signed in; None if name or password is wrong."""
    with database.read() as session:
        account = find_account(session, name)
    password_hash = account.password_hash if account is not None else None
    is_known = is_right(password, password_hash) and account is not None and account.disabled_at is None
    if not is_known or account is None or password_hash is None:
        with database.write() as session:
            audit.write(session, "failed to sign in", name=name.strip(), status=403, address=address)
        return None
    renewed = hash_password(password, "\0") if is_outdated(password_hash) else None
    secret = new_secret()
    with database.write() as session:
        sign_ins.start(session, account.user_id, hash_of(secret), address=address, browser=browser)
        if renewed is not None:
            set_password_hash(session, account.user_id, renewed)
        _note(session, account, "signed in", address)
    return secret


def start_session(database: Database, account: Account, *, address: str, browser: str) -> str:
    """Sign somebody in who has just chosen a password; returns the secret for the cookie."""
    secret = new_secret()
    with database.write() as session:
        sign_ins.start(session, account.user_id, hash_of(secret), address=address, browser=browser)
        _note(session, account, "signed in", address)
    return secret


def sign_out(database: Database, person: Person, *, address: str) -> None:
    """End the session of this browser."""
    if person.user_id is None or person.sign_in_id is None:
        return
    with database.write() as session:
        sign_ins.end(session, person.user_id, person.sign_in_id)
        _note(session, get_account(session, person.user_id), "signed out", address)


def who_has(database: Database, secret: str, *, is_token: bool) -> Known | None:
    """Return who a secret belongs to; None if it is not valid."""
    with database.read() as session:
        if is_token:
            found = api_tokens.find(session, hash_of(secret))
            if found is None:
                return None
            token, account = found
            is_stale = token.used_at is None or utc_now() - token.used_at > sign_ins.SEEN_EVERY
            return Known(_person(session, account, limit=token.role), token_id=token.id if is_stale else None)
        open_ = sign_ins.find(session, hash_of(secret))
        if open_ is None:
            return None
        browser, account = open_
        is_stale = utc_now() - browser.seen_at > sign_ins.SEEN_EVERY
        return Known(
            _person(session, account, sign_in_id=browser.id), sign_in_id=browser.id if is_stale else None
        )


def note_use(database: Database, known: Known) -> None:
    """Store that a secret was used, now and then. Waits for nobody: it does not matter if one is missed."""
    if known.sign_in_id is None and known.token_id is None:
        return
    try:
        with database.write(patience_s=0.1) as session:
            if known.sign_in_id is not None:
                sign_ins.note_use(session, known.sign_in_id)
            if known.token_id is not None:
                api_tokens.note_use(session, known.token_id)
    except DatabaseBusyError:
        _log.debug("the use of a session was not noted, because the database was busy")


def change_password(database: Database, person: Person, old: str, new: str) -> None:
    """Change a person's own password, and sign them out in all other browsers.

    Raises:
        UserError: The present password is wrong, or the new one cannot be used.
    """
    if person.user_id is None:
        raise UserError("there are no accounts in this studio", remedy="Nothing needs to be done")
    with database.read() as session:
        present = get_account(session, person.user_id).password_hash
    if not is_right(old, present):
        raise UserError("the present password is wrong", where="old", remedy="Enter it again")
    password_hash = hash_password(new, person.name)
    with database.write() as session:
        set_password_hash(session, person.user_id, password_hash)
        sign_ins.end_all(session, person.user_id, but=person.sign_in_id)


def _person(
    session: Session, account: Account, *, limit: Role = "admin", sign_in_id: int | None = None
) -> Person:
    return Person(
        account.user.name,
        account.user_id,
        account.is_admin,
        {} if account.is_admin else roles_of(session, account.user_id),
        limit,
        sign_in_id,
    )


def _note(session: Session, account: Account, action: str, address: str) -> None:
    audit.write(session, action, name=account.user.name, user_id=account.user_id, address=address)

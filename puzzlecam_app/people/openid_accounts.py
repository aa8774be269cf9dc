"""The account of somebody who signed in at a provider of OpenID Connect: found, made, linked and unlinked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db import audit, identities, sign_ins
from db.accounts import create_account, find_account, get_account, has_work, set_admin
from db.datasets import list_datasets
from db.engine import Database
from db.role_names import DatasetRole, Role, higher
from db.roles import give_at_least
from db.users import MAX_NAME_LENGTH
from puzzlecam_app.errors import UserError
from puzzlecam_app.people.openid import Identity
from puzzlecam_app.people.person import Person
from puzzlecam_app.people.tokens import hash_of, new_secret
from puzzlecam_app.settings import Settings


@dataclass(frozen=True)
class Rules:
    """Which role people of the provider get, and on which datasets; see the settings `oidc_...`."""

    claim: str
    by_value: Mapping[str, Role]
    usual: DatasetRole | None
    datasets: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """Return the rules that the settings say."""
        usual = None if settings.oidc_role == "none" else settings.oidc_role
        return cls(settings.oidc_claim, dict(settings.oidc_roles), usual, settings.oidc_datasets)

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the highest role that the claims of a person stand for; None if they stand for none."""
        values = claims.get(self.claim)
        held = {values} if isinstance(values, str) else {one for one in values or [] if isinstance(one, str)}
        found: Role | None = None
        for value in held & self.by_value.keys():
            found = higher(found, self.by_value[value])
        return found


def sign_in(
    database: Database,
    identity: Identity,
    rules: Rules,
    *,
    person: Person | None,
    address: str,
    browser: str,
) -> str:
    """Sign somebody in who has signed in at the provider; returns the secret for the cookie.

    Who is known by issuer and subject gets their account, everybody else a new one. A name never links:
    otherwise people could choose the name of somebody else at the provider, and get their account.

    Args:
        database: The studio's database.
        identity: Who the provider says it is.
        rules: Which role it gets.
        person: Who is signed in in this browser already, if anybody.
        address: Where the request comes from.
        browser: As the browser calls itself.

    Raises:
        UserError: The account is disabled, or the identity is new and somebody is signed in, who may want to
            link it.
    """
    secret = new_secret()
    with database.write() as session:
        user_id = identities.find(session, identity.issuer, identity.subject)
        is_new = user_id is None
        if user_id is None:
            if person is not None:
                raise UserError(
                    f"you are signed in as {person.name!r}, and this identity has no account yet",
                    remedy="Link it on the page Account, or sign out first to get a new account",
                )
            user_id = _make(session, identity)
            identities.link(session, user_id, identity.issuer, identity.subject)
        account = get_account(session, user_id)
        if account.disabled_at is not None:
            raise UserError(f"the account {account.user.name!r} is disabled", remedy="Ask an admin")
        usual = rules.usual if is_new else None
        _give_role(session, user_id, rules.role_of(identity.claims) or usual, rules)
        sign_ins.start(session, user_id, hash_of(secret), address=address, browser=browser)
        detail = {"issuer": identity.issuer}
        name = account.user.name
        if is_new:
            audit.write(session, "joined", name=name, user_id=user_id, address=address, detail=detail)
        audit.write(session, "signed in", name=name, user_id=user_id, address=address, detail=detail)
    return secret


def link(
    database: Database, identity: Identity, rules: Rules, *, user_id: int, person: Person | None, address: str
) -> None:
    """Let an identity sign in to the account of somebody who is signed in.

    Args:
        database: The studio's database.
        identity: Who the provider says it is.
        rules: Which role it gets.
        user_id: The account for which the linking was begun.
        person: Who is signed in in this browser.
        address: Where the request comes from.

    Raises:
        UserError: Somebody else is signed in now, or nobody, or the identity has another account.
    """
    if person is None or person.user_id != user_id or person.sign_in_id is None:
        raise UserError(
            "the account that was to be linked is no longer signed in in this browser",
            remedy="Sign in to it, and link on the page Account again",
        )
    with database.write() as session:
        owner = identities.find(session, identity.issuer, identity.subject)
        if owner is not None and owner != user_id:
            raise UserError(
                "this identity signs in to another account already",
                remedy="Sign in to that account and unlink it there first",
            )
        if owner is None:
            identities.link(session, user_id, identity.issuer, identity.subject)
        _give_role(session, user_id, rules.role_of(identity.claims), rules)
        audit.write(
            session,
            "linked an identity",
            name=person.name,
            user_id=user_id,
            address=address,
            detail={"issuer": identity.issuer},
        )


def unlink(database: Database, user_id: int, issuer: str, subject: str, *, provider: str | None) -> None:
    """Let an identity no longer sign in to an account.

    Args:
        database: The studio's database.
        user_id: The account.
        issuer: Of the identity.
        subject: Of the identity.
        provider: The issuer at which people can sign in now; None without one.

    Raises:
        NotFoundError: The identity is not linked to this account.
        UserError: It is the only way of signing in to the account.
    """
    with database.write() as session:
        if is_only_way_in(session, user_id, issuer, subject, provider=provider):
            raise UserError(
                "this is your only way of signing in",
                remedy="Ask an admin for a link with which you choose a password, then unlink",
            )
        identities.unlink(session, user_id, issuer, subject)


def is_only_way_in(
    session: Session, user_id: int, issuer: str, subject: str, *, provider: str | None
) -> bool:
    """Return whether nobody could sign in to an account without this identity. Arguments as for `unlink`."""
    if get_account(session, user_id).password_hash is not None:
        return False
    return not any(
        (one.issuer, one.subject) != (issuer, subject) and _is_same_issuer(one.issuer, provider)
        for one in identities.list_linked(session, user_id)
    )


def _is_same_issuer(issuer: str, other: str | None) -> bool:
    return other is not None and issuer.rstrip("/") == other.rstrip("/")


def _make(session: Session, identity: Identity) -> int:
    wished = "".join(one for one in identity.name if one.isprintable()).strip() or "person"
    number = 1
    while True:
        end = f" {number}" if number > 1 else ""
        name = f"{wished[: MAX_NAME_LENGTH - len(end)].strip()}{end}"
        if find_account(session, name) is None and not has_work(session, name):
            return create_account(session, name, None).user_id
        number += 1


def _give_role(session: Session, user_id: int, role: Role | None, rules: Rules) -> None:
    """Give a role on the datasets of the rules; what somebody has already is never lowered."""
    if role is None:
        return
    if role == "admin":
        set_admin(session, user_id, is_admin=True)
        return
    wanted = [
        one.id for one in list_datasets(session) if not rules.datasets or one.name.lower() in rules.datasets
    ]
    give_at_least(session, user_id, wanted, role)

"""Links: they invite people, make the first admin, and let people choose another password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db import audit, invitations, sign_ins
from db.account_models import Account, Invitation
from db.accounts import (
    create_account,
    find_account,
    has_work,
    has_working_admin,
    set_admin,
    set_password_hash,
)
from db.engine import Database
from db.errors import NotFoundError
from db.role_names import Role
from db.roles import give_at_least
from db.users import clean_name
from puzzlecam_app.errors import UserError
from puzzlecam_app.people.passwords import hash_password
from puzzlecam_app.people.tokens import hash_of, new_secret

JOIN_PATH = "/join"
DAYS = 7
"""How long a link is valid if nothing else is said."""
_FIRST_ADMIN_DAYS = 1


@dataclass(frozen=True)
class Link:
    """A link that was just made. Its secret is shown once and stored nowhere."""

    invitation: Invitation
    path: str


def invite(
    session: Session,
    role: Role,
    *,
    dataset_ids: Iterable[int] = (),
    name: str | None = None,
    days: int = DAYS,
    created_by_id: int | None = None,
) -> Link:
    """Make a link that lets one person make an account with a role.

    Raises:
        StorageError: What is wrong, see `db.invitations.invite`.
    """
    secret = new_secret()
    invitation = invitations.invite(
        session,
        hash_of(secret),
        role,
        days=days,
        dataset_ids=dataset_ids,
        name=name,
        created_by_id=created_by_id,
    )
    return Link(invitation, f"{JOIN_PATH}/{secret}")


def invite_to_reset(
    session: Session, user_id: int, *, days: int = DAYS, created_by_id: int | None = None
) -> Link:
    """Make a link with which the owner of an account chooses another password."""
    secret = new_secret()
    invitation = invitations.invite_to_reset(
        session, hash_of(secret), user_id, days=days, created_by_id=created_by_id
    )
    return Link(invitation, f"{JOIN_PATH}/{secret}")


def invite_first_admin(database: Database) -> Link | None:
    """Make the link for the first admin, if nobody can sign in as an admin. Earlier ones no longer work."""
    with database.write() as session:
        if has_working_admin(session):
            return None
        invitations.revoke_first_admins(session)
        return invite(session, "admin", days=_FIRST_ADMIN_DAYS)


def find_invitation(database: Database, secret: str) -> Invitation | None:
    """Return the invitation that a link belongs to, if it can still be used."""
    with database.read() as session:
        return invitations.find(session, hash_of(secret))


def join(database: Database, secret: str, name: str, password: str, *, address: str = "") -> Account:
    """Use a link: make an account, or give one another password and sign it out everywhere.

    Raises:
        NotFoundError: The link is not valid, or no longer.
        UserError: The name or the password cannot be used.
        InvalidInputError: The name cannot be used, or an account has it.
    """
    invitation = find_invitation(database, secret)
    if invitation is None:
        raise _not_valid()
    name = clean_name(invitation.name or name)
    password_hash = hash_password(password, name)  # before the database is locked: it takes time
    with database.write() as session:
        invitation = invitations.find(session, hash_of(secret))
        if invitation is None:  # somebody else was faster
            raise _not_valid()
        is_first_admin = invitation.role == "admin" and invitation.created_by_id is None
        if invitation.user_id is not None:
            account = set_password_hash(session, invitation.user_id, password_hash)
            sign_ins.end_all(session, account.user_id)
        else:
            if invitation.name is None and not is_first_admin:
                _refuse_name_with_work(session, name)
            account = create_account(session, name, password_hash)
            if invitation.role == "admin":
                set_admin(session, account.user_id, is_admin=True)
            else:
                datasets = [one.dataset_id for one in invitation.datasets]
                give_at_least(session, account.user_id, datasets, invitation.role)
        invitations.use(invitation, account.user_id)
        audit.write(
            session,
            "chose another password" if invitation.user_id is not None else "joined",
            name=account.user.name,
            user_id=account.user_id,
            address=address,
            detail={"role": invitation.role, "invitation": invitation.id},
        )
    return account


def _not_valid() -> NotFoundError:
    return NotFoundError("This link is no longer valid; ask for a new one.")


def _refuse_name_with_work(session: Session, name: str) -> None:
    # Otherwise everybody with an invitation could become the author of what others did before.
    if find_account(session, name) is None and has_work(session, name):
        raise UserError(
            f"work is stored under the name {name!r} already",
            where="name",
            remedy="Choose another name, or ask for an invitation that is made for this name",
        )

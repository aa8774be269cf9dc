"""Links that make an account or let its owner choose a password: for one use, and for a limited time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from db.account_models import Invitation, InvitationDataset
from db.accounts import get_account
from db.datasets import get_dataset
from db.errors import InvalidInputError, NotFoundError
from db.models import utc_now
from db.role_names import ROLES, Role
from db.users import clean_name

LONGEST_DAYS: Final = 90


def invite(
    session: Session,
    token_hash: str,
    role: Role,
    *,
    days: int,
    dataset_ids: Iterable[int] = (),
    name: str | None = None,
    created_by_id: int | None = None,
) -> Invitation:
    """Store an invitation. `token_hash` is the SHA-256 of the secret in the link.

    Raises:
        InvalidInputError: There is no such role, the days are not 1..90, or a role on datasets names none.
        NotFoundError: There is no such dataset.
    """
    ids = sorted(set(dataset_ids))
    if role not in ROLES:
        raise InvalidInputError(f"{role!r} is not a role; use {', '.join(ROLES)}.")
    if role != "admin" and not ids:
        raise InvalidInputError(f"The role {role} needs a dataset; name at least one.")
    for dataset_id in ids:
        get_dataset(session, dataset_id)
    return _store(
        session,
        Invitation(
            token_hash=token_hash,
            role=role,
            name=None if name is None else clean_name(name),
            created_by_id=created_by_id,
            datasets=[InvitationDataset(dataset_id=dataset_id) for dataset_id in ids],
        ),
        days,
    )


def invite_to_reset(
    session: Session, token_hash: str, user_id: int, *, days: int, created_by_id: int | None = None
) -> Invitation:
    """Store a link with which the owner of an account chooses a password. Earlier ones no longer work."""
    account = get_account(session, user_id)
    session.execute(
        update(Invitation)
        .where(Invitation.user_id == user_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )
    invitation = Invitation(
        token_hash=token_hash,
        role="admin" if account.is_admin else "labeler",
        name=account.user.name,
        user_id=user_id,
        created_by_id=created_by_id,
    )
    return _store(session, invitation, days)


def find(session: Session, token_hash: str) -> Invitation | None:
    """Return the invitation with this secret if it can still be used."""
    return session.scalar(_open().where(Invitation.token_hash == token_hash))


def list_open(session: Session) -> Sequence[Invitation]:
    """Return the invitations that can still be used, the newest first."""
    return session.scalars(_open().order_by(Invitation.id.desc())).all()


def get(session: Session, invitation_id: int) -> Invitation:
    """Return an invitation that can still be used; raises NotFoundError."""
    invitation = session.scalar(_open().where(Invitation.id == invitation_id))
    if invitation is None:
        raise NotFoundError(f"There is no open invitation with id {invitation_id}.")
    return invitation


def revoke(session: Session, invitation_id: int) -> None:
    """Make a link useless; raises NotFoundError."""
    get(session, invitation_id).revoked_at = utc_now()


def revoke_first_admins(session: Session) -> None:
    """Make the links useless that earlier starts printed for the first admin."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.role == "admin",
            Invitation.created_by_id.is_(None),
            Invitation.user_id.is_(None),
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=utc_now())
    )


def use(invitation: Invitation, user_id: int) -> None:
    """Store who used an invitation; it then no longer works."""
    invitation.used_at = utc_now()
    invitation.used_by_id = user_id


def _open() -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > utc_now()
    )


def _store(session: Session, invitation: Invitation, days: int) -> Invitation:
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInputError(f"A link can be valid for 1 to {LONGEST_DAYS} days, not {days}.")
    invitation.expires_at = utc_now() + timedelta(days=days)
    session.add(invitation)
    session.flush()
    return invitation

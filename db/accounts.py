"""Accounts: people who can sign in. What a password is, and whether it is right, is for the app to say."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.account_models import Account
from db.errors import InvalidInputError, NotFoundError
from db.models import Revision, User, utc_now
from db.users import clean_name, get_or_create


def sign_in_name(name: str) -> str:
    """Return a name in the form in which names are compared.

    >>> sign_in_name(" Ann "), sign_in_name("ANN")
    ('ann', 'ann')
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def create_account(
    session: Session, name: str, password_hash: str | None, *, is_admin: bool = False
) -> Account:
    """Make an account. Work that is stored under this name becomes that of the account.

    Raises:
        InvalidInputError: The name cannot be used, or an account has it.
    """
    name = clean_name(name)
    if find_account(session, name) is not None:
        raise InvalidInputError(f"There is an account named {name!r} already; choose another name.")
    user = get_or_create(session, name)
    account = Account(
        user_id=user.id,
        sign_in_name=sign_in_name(name),
        password_hash=password_hash,
        is_admin=is_admin,
        user=user,
    )
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, name: str) -> Account | None:
    """Return the account with this name, in capital letters or not."""
    return session.scalar(select(Account).where(Account.sign_in_name == sign_in_name(name)))


def require_account(session: Session, name: str) -> Account:
    """Return the account with this name; raises NotFoundError."""
    account = find_account(session, name)
    if account is None:
        raise NotFoundError(f"There is no account named {name.strip()!r}; see: user list.")
    return account


def get_account(session: Session, user_id: int) -> Account:
    """Return the account of a user; raises NotFoundError."""
    account = session.get(Account, user_id)
    if account is None:
        raise NotFoundError(f"There is no account with id {user_id}.")
    return account


def list_accounts(session: Session) -> Sequence[Account]:
    """Return all accounts by name."""
    return session.scalars(select(Account).order_by(Account.sign_in_name)).all()


def has_work(session: Session, name: str) -> bool:
    """Return whether revisions are stored under this name, in capital letters or not."""
    wanted = sign_in_name(name)
    authors = session.execute(select(User.name).where(User.id.in_(select(Revision.author_id)))).scalars()
    return any(sign_in_name(author) == wanted for author in authors)


def has_working_admin(session: Session) -> bool:
    """Return whether somebody with a password can sign in as an admin."""
    return bool(_count_admins(session))


def set_password_hash(session: Session, user_id: int, password_hash: str) -> Account:
    """Give an account another password."""
    account = get_account(session, user_id)
    account.password_hash = password_hash
    return account


def set_disabled(session: Session, user_id: int, *, is_disabled: bool) -> Account:
    """Close an account, or open it again.

    Raises:
        InvalidInputError: It is the only admin who can sign in.
    """
    account = get_account(session, user_id)
    if is_disabled and account.disabled_at is None:
        _keep_an_admin(session, account)
        account.disabled_at = utc_now()
    elif not is_disabled:
        account.disabled_at = None
    return account


def set_admin(session: Session, user_id: int, *, is_admin: bool) -> Account:
    """Make somebody an admin, or no longer one.

    Raises:
        InvalidInputError: It is the only admin who can sign in.
    """
    account = get_account(session, user_id)
    if not is_admin:
        _keep_an_admin(session, account)
    account.is_admin = is_admin
    return account


def _keep_an_admin(session: Session, account: Account) -> None:
    is_working_admin = account.is_admin and account.disabled_at is None and account.password_hash is not None
    if is_working_admin and _count_admins(session) == 1:
        raise InvalidInputError(
            f"{account.user.name} is the only admin who can sign in; make somebody else an admin first."
        )


def _count_admins(session: Session) -> int:
    admins = select(func.count()).where(
        Account.is_admin, Account.disabled_at.is_(None), Account.password_hash.is_not(None)
    )
    return session.scalar(admins) or 0

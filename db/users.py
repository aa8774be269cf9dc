"""People who review. There are no passwords here: the app decides who may enter."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.errors import InvalidInputError, NotFoundError
from db.models import User

MAX_NAME_LENGTH = 64


def clean_name(name: str) -> str:
    """`name` without surrounding space; raises InvalidInputError unless 1..64 printable characters remain."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidInputError(f"{name!r} is not a name; use 1 to {MAX_NAME_LENGTH} printable characters.")
    return name


def get_or_create(session: Session, name: str) -> User:
    """The user called `name`, created if new."""
    name = clean_name(name)
    known = select(User).where(User.name == name)
    user = session.scalar(known)
    if user is not None:
        return user
    try:
        with session.begin_nested():
            user = User(name=name)
            session.add(user)
    except IntegrityError:
        # Another writer has created the same user in the meantime.
        return session.scalars(known).one()
    return user


def find_user(session: Session, name: str) -> User | None:
    """The user called `name`, if there is one."""
    return session.scalar(select(User).where(User.name == name.strip()))


def get_user(session: Session, user_id: int) -> User:
    """The user with that id; raises NotFoundError."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFoundError(f"There is no user with id {user_id}.")
    return user

"""Passwords: which ones are accepted, and how they are stored (argon2id)."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from db.accounts import sign_in_name
from puzzlecam_app.errors import UserError

SHORTEST: Final = 10
LONGEST: Final = 1024

_hasher = PasswordHasher()


def hash_password(password: str, name: str) -> str:
    """Return what is stored of a password.

    Raises:
        UserError: The password is too short, too long, or the name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(
            f"the password has {len(password)} characters",
            where="password",
            remedy=f"Choose one of at least {SHORTEST} characters, and at most {LONGEST}",
        )
    if len(set(password)) < 4 or sign_in_name(name) in sign_in_name(password):
        raise UserError(
            "the password is easy to guess",
            where="password",
            remedy="Choose one that does not contain your name and has at least four different characters",
        )
    return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Return whether a password is the one that was stored. Takes about 50 ms, also if None was stored."""
    try:
        _hasher.verify(password_hash or _hash_of_no_account(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return whether the password should be stored anew, because today's settings are stronger."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _hash_of_no_account() -> str:
    """What a password is compared with if there is no account, so that both answers take equally long."""
    return _hasher.hash("no account has this password")

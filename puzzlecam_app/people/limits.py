"""Slows down who guesses passwords: by the address that the guesses come from, and by the account."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from db.accounts import sign_in_name
from puzzlecam_app.guesses import Guesses
from puzzlecam_app.people.tokens import hash_of

_LONGEST_WAIT_OF_ACCOUNT_S: Final = 30.0


class SignInLimits:
    """Counts failed sign-ins. Not thread-safe.

    The wait for an account is short, because others could lock its owner out with wrong guesses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._by_address = Guesses(clock)
        self._by_account = Guesses(clock, longest_wait_s=_LONGEST_WAIT_OF_ACCOUNT_S)

    def wait_s(self, address: str, name: str) -> int:
        """Return how many whole seconds to wait before the next attempt; 0 if there is no need to."""
        return max(self._by_address.wait_s(address), self._by_account.wait_s(_key(name)))

    def wrong(self, address: str, name: str) -> int:
        """Count a failed attempt and return how many the address has made."""
        self._by_account.wrong(_key(name))
        return self._by_address.wrong(address)

    def right(self, address: str, name: str) -> None:
        """Forget the failed attempts of an address and on an account."""
        self._by_address.right(address)
        self._by_account.right(_key(name))


def _key(name: str) -> str:
    return hash_of(sign_in_name(name))

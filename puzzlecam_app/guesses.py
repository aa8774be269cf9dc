"""Limits how often a secret can be guessed: a few times at once, then more and more slowly."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_FREE: Final = 5
_LONGEST_WAIT_S: Final = 300.0
_FORGOTTEN_S: Final = 3600.0
_MOST_CLIENTS: Final = 1024
_ALL_AT_ONCE: Final = 60
_ALL_PER_SECOND: Final = 0.5


@dataclass
class _Client:
    wrong: int = 0
    last: float = 0.0
    free_at: float = 0.0


class Guesses:
    """Counts wrong guesses, of each client and of all clients together. Not thread-safe.

    After five wrong guesses a client waits one second, then twice as long after each further guess, up to
    five minutes. All clients together may make sixty wrong guesses at once, then one every two seconds,
    because an attacker can use many addresses. The last 1024 clients are remembered. A client's count starts
    again after an hour without a guess.

    Args:
        clock: a monotonic clock, in seconds.
        longest_wait_s: what the wait of one client grows to.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, longest_wait_s: float = _LONGEST_WAIT_S
    ) -> None:
        self._clock = clock
        self._longest_wait_s = longest_wait_s
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._left = float(_ALL_AT_ONCE)
        self._counted_at = clock()

    def __len__(self) -> int:
        return len(self._clients)

    def wait_s(self, address: str) -> int:
        """Return how many whole seconds a client must wait before its next guess; 0 if it need not wait."""
        now = self._clock()
        self._refill(now)
        client = self._clients.get(_network(address))
        own = client.free_at - now if client and now - client.last < _FORGOTTEN_S else 0.0
        shared = (1 - self._left) / _ALL_PER_SECOND if self._left < 1 else 0.0
        return max(0, math.ceil(max(own, shared)))

    def wrong(self, address: str) -> int:
        """Count a wrong guess and return how many the client has made."""
        now = self._clock()
        self._refill(now)
        self._left = max(0.0, self._left - 1)
        name = _network(address)
        client = self._clients.pop(name, None)
        if client is None or now - client.last >= _FORGOTTEN_S:
            client = _Client()
        client.wrong += 1
        client.last = now
        if client.wrong >= _FREE:
            client.free_at = now + min(self._longest_wait_s, 2.0 ** min(30, client.wrong - _FREE))
        self._clients[name] = client
        while len(self._clients) > _MOST_CLIENTS:
            self._clients.popitem(last=False)
        return client.wrong

    def right(self, address: str) -> None:
        """Forget a client's wrong guesses."""
        self._clients.pop(_network(address), None)

    def _refill(self, now: float) -> None:
        self._left = min(float(_ALL_AT_ONCE), self._left + (now - self._counted_at) * _ALL_PER_SECOND)
        self._counted_at = now


def _network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or an IPv6 /64 network (usually one customer)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))

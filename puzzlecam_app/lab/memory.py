"""What the Lab keeps in memory: the values that were used last, and first maps that others wait for."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, InvalidStateError
from typing import Any

import numpy as np
from numpy.typing import NDArray

_VALUES = 12


class LruCache:
    """A cache in memory of the values that were used last. Safe to use from several threads.

    Args:
        most: How many values it holds.
    """

    def __init__(self, most: int = _VALUES) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The value of a key; None if the cache does not hold it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made and stored if the cache does not hold it. None is made again."""
        value = self.get(key)
        if value is None:
            value = make()
            with self._lock:
                self._values[key] = value
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
        return value


class FirstMaps:
    """First maps of pictures whose other steps are still being computed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._maps = LruCache()
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, list[Future[NDArray[np.float32] | None]]] = {}

    def put(self, key: Hashable, scores_thw: NDArray[np.float32]) -> None:
        """Store the first maps of a picture, and give them to those who wait for them."""
        self._maps.get_or_make(key, lambda: scores_thw)
        with self._lock:
            waiting = self._waiting.pop(key, [])
        for one in waiting:
            _settle(one, scores_thw)

    def of(self, key: Hashable, computation: Future[Any]) -> Future[NDArray[np.float32] | None]:
        """The first maps of a picture, as soon as they are known; None if `computation` ends without any.

        Args:
            key: As in `put`.
            computation: The work that puts them. Its error is not passed on.
        """
        first: Future[NDArray[np.float32] | None] = Future()
        with self._lock:
            self._waiting.setdefault(key, []).append(first)

        def ended(_: Future[Any]) -> None:
            with self._lock:
                waiting = self._waiting.get(key, [])
                if first in waiting:
                    waiting.remove(first)
                if not waiting:
                    self._waiting.pop(key, None)
            _settle(first, self._maps.get(key))

        computation.add_done_callback(ended)
        known = self._maps.get(key)
        if known is not None:
            _settle(first, known)
        return first


def _settle(first: Future[NDArray[np.float32] | None], scores_thw: NDArray[np.float32] | None) -> None:
    with contextlib.suppress(InvalidStateError):  # told already
        first.set_result(scores_thw)

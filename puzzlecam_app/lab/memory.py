"""What the Lab keeps in memory: the values that were used last, and first maps that others wait for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
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
        self._changed = threading.Condition()

    def put(self, key: Hashable, scores_thw: NDArray[np.float32]) -> None:
        """Store the first maps of a picture, and wake those who wait for them."""
        self._maps.get_or_make(key, lambda: scores_thw)
        self._notify()

    def wait(self, key: Hashable, computation: Future[Any], timeout_s: float) -> NDArray[np.float32] | None:
        """Wait for the first maps of a picture; None if `computation` ended without any.

        Args:
            key: As in `put`.
            computation: The work that puts them.
            timeout_s: How long to wait, in seconds.

        Raises:
            TimeoutError: After `timeout_s` there are no maps and the computation has not ended.
        """
        computation.add_done_callback(lambda _: self._notify())
        with self._changed:
            if not self._changed.wait_for(
                lambda: computation.done() or self._maps.get(key) is not None, timeout_s
            ):
                raise TimeoutError
        maps: NDArray[np.float32] | None = self._maps.get(key)
        return maps

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

"""Reading ahead of a computation and writing behind it, so that it never waits for a disk."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_UNWRITTEN: Final = 64


def read_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int, ahead: int
) -> Iterator[Result]:
    """Apply a function to every item on other threads; yields the results in order.

    Args:
        function: releases the GIL for most of its time, as decoding and resizing of pictures do.
        items: taken as they are needed.
        threads: number of threads, at least 1.
        ahead: number of results that are made before they are asked for.

    Raises:
        Exception: whatever the function raised for an item, when that item is next.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="read-ahead") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def in_groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of `size` items, the last one shorter."""
    left = iter(items)
    while group := list(islice(left, size)):
        yield group


class WriteBehind:
    """Calls functions on one other thread, in order. Leaving the block waits for all of them.

    Used as a context manager. If a function fails, its error is raised by the next `submit` or at the end.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write-behind")
        self._waiting: deque[Future[Any]] = deque()

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Call the function later; waits while too many calls are left.

        Raises:
            Exception: whatever an earlier function raised.
        """
        self._waiting.append(self._pool.submit(function, *args))
        while self._waiting and (self._waiting[0].done() or len(self._waiting) > _MOST_UNWRITTEN):
            self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True)
        # What ends the block matters more than a write that failed as well.
        with contextlib.ExitStack() as stack:
            if error is not None:
                stack.enter_context(contextlib.suppress(Exception))
            for future in self._waiting:
                future.result()

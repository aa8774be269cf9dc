"""Counts of very many rows, which are used again for a few seconds.

Counting a million pictures takes a tenth of a second, and every page of everybody's queue shows such a count.
Small counts are always exact; large ones may be `REUSED_S` old.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Hashable
from typing import Final, TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

_T = TypeVar("_T")

LARGE: Final = 20_000
REUSED_S: Final = 5.0
_MOST: Final = 2000

_lock = threading.Lock()
_counted: weakref.WeakKeyDictionary[Pool, dict[Hashable, tuple[float, object]]] = weakref.WeakKeyDictionary()


def reused(
    session: Session,
    key: Hashable,
    count: Callable[[], _T],
    size_of: Callable[[_T], int],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> _T:
    """What `count` returns, or what it returned less than `REUSED_S` ago if that was `LARGE` or more.

    Args:
        session: of the database whose rows are counted.
        key: names what is counted; the type of the result must follow from it.
        count: counts.
        size_of: the size of a result.
        clock: seconds.
    """
    now = clock()
    with _lock:
        counted = _counted.setdefault(session.get_bind().engine.pool, {})
        until, known = counted.get(key, (0.0, None))
    if now < until:
        return known  # type: ignore[return-value]
    found = count()
    if size_of(found) >= LARGE:
        with _lock:
            if len(counted) >= _MOST:
                counted.clear()
            counted[key] = (now + REUSED_S, found)
    return found

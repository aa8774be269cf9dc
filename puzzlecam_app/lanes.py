"""Threads by purpose: requests that wait for one thing never take the threads of the others.

What is quick (a look into the database) runs on the threads that the server has anyway. What may take long
runs in a lane, whose number of threads is limited; whoever finds the lane full waits without a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from db.engine import BUSY_TIMEOUT_MS
from db.errors import DatabaseBusyError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Lane:
    """A kind of work.

    Attributes:
        threads: how many of its kind are done at once.
        patience_s: how long to wait for one of them before giving up; None waits for as long as it takes.
    """

    name: str
    threads: int
    patience_s: float | None = None


SAVES: Final = Lane("saves", 32, BUSY_TIMEOUT_MS / 1000)
"""Changes of the database: they wait for each other, and for other programs that write."""
PICTURES: Final = Lane("pictures", 4)
"""Decoding, shrinking and segmenting pictures."""
MAPS: Final = Lane("maps", 4)
"""Loading models, reading maps and making masks of them."""
PASSWORDS: Final = Lane("passwords", 2)
"""Checking passwords: each takes 64 MiB of memory for a moment, so that few are done at once."""
STORES: Final = Lane("stores", 16)
"""Getting what the local disk lacks from a bucket, which may be slow."""
ZIPS: Final = Lane("zips", 2)
"""Packing and removing exports."""

_limiters: RunVar[dict[Lane, CapacityLimiter]] = RunVar("puzzlecam_lanes")


@dataclass(frozen=True)
class LaneState:
    """How many threads of a lane work, and how many requests wait for one."""

    name: str
    busy: int
    waiting: int


def lane_states() -> list[LaneState]:
    """The state of all lanes that have been used; to be called on the event loop."""
    try:
        limiters = _limiters.get()
    except LookupError:
        return []
    found = {lane.name: limiter.statistics() for lane, limiter in limiters.items()}
    return [LaneState(name, one.borrowed_tokens, one.tasks_waiting) for name, one in sorted(found.items())]


async def run_in(
    lane: Lane,
    function: Callable[Parameters, Result],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    """Run a function on a thread of a lane.

    Raises:
        DatabaseBusyError: no thread became free for as long as the lane waits.
    """
    asked = time.monotonic()

    def work() -> Result:
        if lane.patience_s is not None and time.monotonic() - asked > lane.patience_s:
            raise DatabaseBusyError(
                "Too many changes are waiting for the database, so this one was not stored; try again soon."
            )
        return function(*args, **kwargs)

    try:
        limiters = _limiters.get()
    except LookupError:
        limiters = {}
        _limiters.set(limiters)
    limiter = limiters.setdefault(lane, CapacityLimiter(lane.threads))
    return await to_thread.run_sync(work, limiter=limiter)


def in_lane(
    lane: Lane,
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Coroutine[Any, Any, Result]]]:
    """Let an endpoint that is a plain function run in a lane; to be put below the route's decorator."""

    def decorate(
        endpoint: Callable[Parameters, Result],
    ) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
        @functools.wraps(endpoint)
        async def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            return await run_in(lane, endpoint, *args, **kwargs)

        return run

    return decorate


async def outcome(future: Future[Result], timeout_s: float) -> Result:
    """Wait without a thread for what is computed elsewhere.

    The future is left alone when the waiting ends early: others may be waiting for the same.

    Raises:
        TimeoutError: it is not done within `timeout_s` seconds.
        concurrent.futures.CancelledError: it was dropped.
    """
    loop = asyncio.get_running_loop()
    is_done = asyncio.Event()

    def tell(_: Future[Result]) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(is_done.set)

    future.add_done_callback(tell)
    await asyncio.wait_for(is_done.wait(), timeout_s)
    return future.result()

"""Processes many files at once, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""

_MAX_THREADS: Final = 8
THREADS_THAT_WAIT: Final = 16
"""For files that come from another machine."""
_T = TypeVar("_T")
_R = TypeVar("_R")


def map_files(
    function: Callable[[_T], _R],
    files: Sequence[_T],
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> list[_R]:
    """Results of `function` for each of `files`, in their order; by default on a thread for each core.

    Threads suffice, because reading, hashing, inflating and decoding release the interpreter's lock. If
    `function` raises or somebody interrupts, no further file is started.
    """
    pool = ThreadPoolExecutor(threads or min(_MAX_THREADS, os.cpu_count() or 1), thread_name_prefix="files")
    results = []
    try:
        for done, result in enumerate(pool.map(function, files), start=1):
            results.append(result)
            if progress is not None:
                progress(done, len(files))
    finally:
        pool.shutdown(cancel_futures=True)
    return results

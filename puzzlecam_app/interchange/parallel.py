"""Processes many files at once, in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""

_MAX_THREADS: Final = 8
_T = TypeVar("_T")
_R = TypeVar("_R")


def map_files(
    function: Callable[[_T], _R], files: Sequence[_T], progress: Progress | None = None
) -> list[_R]:
    """Results of `function` for each of `files`, in their order.

    Threads suffice, because reading, hashing, inflating and decoding release the interpreter's lock. If
    `function` raises or somebody interrupts, no further file is started.
    """
    threads = ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1), thread_name_prefix="files")
    results = []
    try:
        for done, result in enumerate(threads.map(function, files), start=1):
            results.append(result)
            if progress is not None:
                progress(done, len(files))
    finally:
        threads.shutdown(cancel_futures=True)
    return results

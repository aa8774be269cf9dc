"""Loops compiled by numba, once a machine where a cache can be written, else once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function over arrays and numbers; it releases Python's lock, so that threads share work.

    numba's own parallel loops are not used: two requests must not enter them at a time, nor a process that
    was forked after their first use.
    """
    # Reordering sums is what lets loops use vector instructions; NaN and infinity keep their meaning.
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract", "reassoc", "nsz"}}
    result: Function
    try:
        result = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder can be written
        result = numba.njit(**options)(function)
    return result

"""Loops compiled by numba: once per machine where its cache can be written, else once per process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers; it releases the GIL, so that threads run it at the same time.

    numba's own parallel loops are not used: two threads must not enter them at once, nor may a process that
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

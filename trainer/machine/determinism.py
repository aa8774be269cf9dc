"""Runs that repeat bit for bit on one device."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def repeatable(wanted: bool) -> Iterator[None]:
    """While the block runs, torch uses algorithms that repeat bit for bit, and warns where it has none.

    If `wanted` is false, it uses the fastest ones instead; on a GPU it finds them by trial.
    """
    enabled, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    benchmark = torch.backends.cudnn.benchmark
    filling = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    if wanted:
        # cuBLAS repeats only with a workspace of fixed size, asked for before its first use.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(wanted, warn_only=True)
    torch.backends.cudnn.benchmark = not wanted
    # Filling every new tensor takes a tenth of a step's time, and only helps code that reads unset memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark
        torch.utils.deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]


def step_seed(seed: int, step: int, rank: int) -> int:
    """Random seed, 0 to 2 ** 63 - 1, of torch's generator for one step of one process."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> 1)

"""Tests that run beside each other share the cores: each process uses its part of them."""

from __future__ import annotations

import os

_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _processes > 1:
    # Read by OpenMP when torch is loaded, here and in the processes that tests start.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // _processes))

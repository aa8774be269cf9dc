"""Tests that run beside each other share the cores: each process uses its part of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"

_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _processes > 1:
    # Read by OpenMP when torch is loaded, here and in the processes that tests start.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // _processes))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that drive a browser in another.

    A file's tests share fixtures that take seconds. Two browsers with two studios slow each other down more
    than they gain.
    """
    for item in items:
        group = "browser" if BROWSER in item.path.parents else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))

"""Which tests stay together where they run side by side, and how these share the cores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
STUDIO = HERE / "browser" / "studio"
# What takes longest begins first, so that at the end no process waits for another.
FIRST = (STUDIO, HERE / "trainer")

_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _processes > 1:
    # Read by OpenMP when torch is loaded, here and in the processes that tests start.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // _processes))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest."""
    items.sort(key=_rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep the tests of a file in one process, and all that drive a studio in another.

    They share fixtures that take seconds. Two browsers with two studios would only slow each other down.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return studio if file.startswith(f"{studio}/") else file

    studio = STUDIO.relative_to(config.rootpath).as_posix()
    return ByFile(config, log)


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, folder in enumerate(FIRST) if folder in item.path.parents), len(FIRST))

"""Which tests stay together where they run side by side, how these share the cores, and new databases."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.ray_nodes import ray_nodes, started_ray_nodes
from tests.s3 import s3, s3_server

# Made known here alone: fixtures that two folders import are two, each with a server of its own.
__all__ = ["ray_nodes", "s3", "s3_server", "started_ray_nodes"]

HERE = Path(__file__).parent
BROWSER = HERE / "browser"
CLUSTER = "test_cluster"
"""Start of the names of files whose tests share a Ray cluster."""
# What takes longest begins first, so that at the end no process waits for another.
FIRST = (BROWSER, HERE / "trainer")

_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _processes > 1:
    # Read by OpenMP when torch is loaded, here and in the processes that tests start.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // _processes))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest."""
    items.sort(key=_rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keep the tests of a file in one process, all that drive a browser in another, and all of clusters.

    They share fixtures that take seconds. Two browsers would only slow each other down.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file.startswith(f"{browser}/"):
                return browser
            return CLUSTER if Path(file).stem.startswith(CLUSTER) else file

    browser = BROWSER.relative_to(config.rootpath).as_posix()
    return ByFile(config, log)


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, folder in enumerate(FIRST) if folder in item.path.parents), len(FIRST))


@pytest.fixture(scope="session", autouse=True)
def quick_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make each new SQLite database a copy of one that went through all migrations, which takes a while."""
    from sqlalchemy import Engine

    from db import engine

    kept = tmp_path_factory.mktemp("schema") / "new.sqlite3"
    upgrade = engine.upgrade_to_head

    def copy_or_upgrade(of: Engine) -> None:
        path = Path(of.url.database or ":memory:")
        if of.dialect.name != "sqlite" or not _is_without_tables(path):
            upgrade(of)
        elif kept.exists():
            _copy_tables(kept, path)
        else:
            upgrade(of)
            _copy_tables(path, kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "upgrade_to_head", copy_or_upgrade)
        yield


def _is_without_tables(path: Path) -> bool:
    """Whether the file is an SQLite database that was opened, but has no tables yet."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    except sqlite3.Error:
        return False


def _copy_tables(source: Path, target: Path) -> None:
    # A connection may be open on the file, so that it cannot be replaced.
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        other.execute("PRAGMA synchronous = OFF")
        one.backup(other)

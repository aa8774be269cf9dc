"""A database that is gone, damaged, locked or full is told in words, and nothing is acknowledged into it."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text

from db.datasets import create_dataset, remove_dataset
from db.engine import Database, open_database, sqlite_url
from db.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseLostError,
    DatabaseUnavailableError,
    DiskFullError,
    StorageError,
)
from db.labels import ClassSpec
from db.loss import open_beside_masks
from db.masks import MaskStore
from db.models import User
from db.palette import voc_palette
from db.users import get_or_create


def _path(database: Database) -> Path:
    return Path(str(database.url.database))


def _remove(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _replace(path: Path) -> None:
    other = path.with_name("other.sqlite3")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(other)) as target:
        source.backup(target)
    other.replace(path)


def _remove_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.parametrize("harm", [_remove, _empty, _replace, _remove_log])
def test_nothing_is_acknowledged_into_a_database_that_was_taken_away(sqlite: Database, harm: object) -> None:
    with sqlite.write() as session:
        get_or_create(session, "Ann")
    harm(_path(sqlite))
    with pytest.raises(DatabaseLostError, match="backup"), sqlite.write() as session:
        get_or_create(session, "Ben")


def test_a_database_that_is_taken_away_amid_a_change_acknowledges_nothing(sqlite: Database) -> None:
    def change() -> None:
        with sqlite.write() as session:
            get_or_create(session, "Ann")
            _remove(_path(sqlite))

    with pytest.raises(DatabaseLostError):
        change()


def test_no_new_file_appears_where_the_database_was(sqlite: Database) -> None:
    _remove(_path(sqlite))
    with pytest.raises(DatabaseLostError), sqlite.read() as session:
        session.scalar(select(User.id))
    assert not _path(sqlite).exists()


def test_a_damaged_page_is_a_sentence(sqlite: Database) -> None:
    with sqlite.write() as session:
        for number in range(500):
            session.add(User(name=f"person {number} {'x' * 40}"))
    sqlite.close()
    path = _path(sqlite)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'users'").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(data)
    damaged = open_database(sqlite_url(path))
    with pytest.raises(DatabaseDamagedError, match="backup") as caught, damaged.read() as session:
        session.scalars(select(User.name)).all()
    damaged.close()
    assert "SELECT" not in str(caught.value)


def test_an_overwritten_file_is_a_sentence_at_the_start(tmp_path: Path, migrated_sqlite: Path) -> None:
    path = tmp_path / "studio.sqlite3"
    data = bytearray(migrated_sqlite.read_bytes())
    data[100:] = b"\xee" * len(data[100:])
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"damaged|malformed|not a database") as caught:
        open_beside_masks(sqlite_url(path), MaskStore(tmp_path / "masks")).close()
    assert "SELECT" not in str(caught.value)


def test_reads_go_on_and_a_save_gives_up_in_words_while_another_program_writes(sqlite: Database) -> None:
    with sqlite.write() as session:
        get_or_create(session, "Ann")
    with closing(sqlite3.connect(_path(sqlite), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match="try again"), sqlite.write(patience_s=0.05) as session:
            get_or_create(session, "Ben")
        with sqlite.read() as session:
            assert session.scalars(select(User.name)).all() == ["Ann"]
        other.execute("ROLLBACK")
    with sqlite.write() as session:
        get_or_create(session, "Ben")


def test_writes_that_wait_leave_connections_to_reads(sqlite: Database) -> None:
    """More waiting writers than a pool has connections."""
    started, barrier = threading.Event(), threading.Barrier(31)

    def write() -> None:
        barrier.wait(10)
        with sqlite.write(patience_s=60) as session:
            get_or_create(session, "Ann")

    with closing(sqlite3.connect(_path(sqlite), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        threads = [threading.Thread(target=write) for _ in range(30)]
        for thread in threads:
            thread.start()
        barrier.wait(10)
        with sqlite.read() as session:
            assert session.scalars(select(User.name)).all() == []
            started.set()
        other.execute("ROLLBACK")
    for thread in threads:
        thread.join(60)
    assert started.is_set()
    with sqlite.read() as session:
        assert session.scalars(select(User.name)).all() == ["Ann"]


def test_a_full_disk_is_a_sentence(sqlite: Database) -> None:
    def fill() -> None:
        with sqlite.write() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar()
            session.execute(text(f"PRAGMA max_page_count = {pages}"))
            session.add_all(User(name=f"person {number} {'x' * 40}") for number in range(2000))

    with pytest.raises(DiskFullError, match="free some space"):
        fill()
    with sqlite.read() as session:
        assert session.scalars(select(User.name)).all() == []


def _store_mask(folder: Path) -> MaskStore:
    masks = MaskStore(folder)
    masks.put(np.ones((2, 2), np.uint8), voc_palette())
    return masks


def test_a_missing_database_beside_masks_is_refused_and_none_is_made(tmp_path: Path) -> None:
    masks, path = _store_mask(tmp_path / "masks"), tmp_path / "studio.sqlite3"
    with pytest.raises(DatabaseLostError, match=r"1 mask .*backup"):
        open_beside_masks(sqlite_url(path), masks)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["no bytes", "no tables", "no datasets"])
def test_an_empty_database_beside_masks_is_refused_as_it_is(
    tmp_path: Path, migrated_sqlite: Path, kind: str
) -> None:
    masks, path = _store_mask(tmp_path / "masks"), tmp_path / "studio.sqlite3"
    if kind == "no bytes":
        path.touch()
    elif kind == "no tables":
        with closing(sqlite3.connect(path)) as made:
            made.execute("PRAGMA user_version = 1")
    else:
        path.write_bytes(migrated_sqlite.read_bytes())
    before = path.read_bytes()
    with pytest.raises(DatabaseLostError, match="backup"):
        open_beside_masks(sqlite_url(path), masks)
    assert path.stat().st_size >= len(before)
    with closing(sqlite3.connect(path)) as left:
        tables = left.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    assert (tables > 0) == (kind == "no datasets")


def test_the_copy_of_an_upgrade_is_pointed_to(tmp_path: Path) -> None:
    masks = _store_mask(tmp_path / "masks")
    (tmp_path / "studio.sqlite3.before-upgrade-from-0004-20260101T000000").touch()
    with pytest.raises(DatabaseLostError, match="before-upgrade-from-0004"):
        open_beside_masks(sqlite_url(tmp_path / "studio.sqlite3"), masks)


def test_a_database_whose_datasets_were_all_removed_is_not_lost(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.write() as session:
        one = create_dataset(session, "pets", root="/pets", layout="folder", classes=[ClassSpec(1, "cat")])
        remove_dataset(session, one.id)
    open_beside_masks(sqlite_url(_path(sqlite)), _store_mask(tmp_path / "masks")).close()


def test_a_new_workspace_begins_with_an_empty_database(tmp_path: Path) -> None:
    open_beside_masks(sqlite_url(tmp_path / "studio.sqlite3"), MaskStore(tmp_path / "masks")).close()
    assert (tmp_path / "studio.sqlite3").stat().st_size > 0


def test_a_folder_in_place_of_the_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "studio.sqlite3").mkdir()
    with pytest.raises(DatabaseUnavailableError):
        open_beside_masks(sqlite_url(tmp_path / "studio.sqlite3"), MaskStore(tmp_path / "masks"))

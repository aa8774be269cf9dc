"""Upgrading a database that holds somebody's work keeps every row, and history stays append-only."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from db import migrate
from db.accounts import create_account, has_work
from db.datasets import get_dataset, root_of
from db.engine import Database, open_database, sqlite_url
from db.items import all_items
from db.natural_order import natural_key

ROWS = (
    "INSERT INTO datasets (id, name, root, layout, created_at) "
    "VALUES (1, 'pets', '/p', 'folder', '2026-01-01')",
    "INSERT INTO label_sets (id, dataset_id, revision, created_at) VALUES (1, 1, 1, '2026-01-01')",
    "INSERT INTO items (id, dataset_id, name, path, sha256, width, height, orientation, media_type) "
    "VALUES (1, 1, 'a', 'a', 'x', 4, 3, 1, 'image/png')",
    "INSERT INTO revisions (id, item_id, sequence, action, label_set_id, created_at) "
    "VALUES (5, 1, 1, 'rejected', 1, '2026-01-01')",
    "INSERT INTO revisions (id, item_id, sequence, parent_id, action, label_set_id, created_at) "
    "VALUES (6, 1, 2, 5, 'skipped', 1, '2026-01-01')",
)


def _migrate_to(url: str, revision: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_an_upgrade_from_the_first_schema_keeps_history_and_its_guards(empty_url: str) -> None:
    _migrate_to(empty_url, "0001")
    database = open_database(empty_url)
    with database.write() as session:
        for row in ROWS:
            session.execute(text(row))
    database.migrate()
    with database.read() as session:
        kept = session.execute(text("SELECT id, parent_id, action FROM revisions ORDER BY id")).all()
        item = session.execute(text("SELECT latest_id, latest_author_id, status FROM items")).one()
    assert [tuple(row) for row in kept] == [(5, None, "rejected"), (6, 5, "skipped")]
    assert tuple(item) == (6, None, "skipped")

    for statement, reason in (
        ("UPDATE revisions SET note = 'x'", "append-only"),
        ("DELETE FROM revisions", "append-only"),
        (
            "INSERT INTO revisions (item_id, sequence, action, label_set_id, created_at) "
            "VALUES (1, 3, 'dreamt', 1, '2026-01-01')",
            "(?i)check constraint",
        ),
        (
            "INSERT INTO revisions (item_id, sequence, action, label_set_id, created_at) "
            "VALUES (1, 2, 'rejected', 1, '2026-01-01')",
            "(?i)unique",
        ),
    ):
        with pytest.raises(DBAPIError, match=reason), database.write() as session:
            session.execute(text(statement))
    database.close()


def test_an_upgrade_puts_known_pictures_in_natural_order(empty_url: str) -> None:
    _migrate_to(empty_url, "0006")
    database = open_database(empty_url)
    with database.write() as session:
        session.execute(text(ROWS[0]))
        for item_id, name in enumerate(("img10.jpg", "Img2.jpg"), start=1):
            row = ROWS[2].replace("VALUES (1, 1, 'a', 'a'", f"VALUES ({item_id}, 1, '{name}', '{name}'")
            session.execute(text(row))
    database.migrate()
    with database.read() as session:
        items = all_items(session, 1)
    assert [item.name for item in items] == ["Img2.jpg", "img10.jpg"]
    assert [item.sort_name for item in items] == [natural_key(item.name) for item in items]
    database.close()


@pytest.mark.parametrize("moved", [False, True])
def test_an_upgrade_finds_copied_pictures_relative_to_the_workspace(tmp_path: Path, moved: bool) -> None:
    url = sqlite_url(tmp_path / "studio.sqlite3")
    _migrate_to(url, "0007")
    sha256 = "ab" * 32
    (tmp_path / "images").mkdir()
    root = "/gone/workspace/images" if moved else str(tmp_path / "images")
    database = open_database(url)
    with database.write() as session:
        for dataset_id, (where, path) in enumerate(
            ((root, f"ab/{sha256}.jpg"), ("/pictures/images", "cats/1.jpg")), start=1
        ):
            session.execute(
                text(
                    "INSERT INTO datasets (id, name, root, layout, created_at) "
                    "VALUES (:id, :id, :root, 'folder', '2026-01-01')"
                ),
                {"id": dataset_id, "root": where},
            )
            session.execute(
                text(
                    "INSERT INTO items (dataset_id, name, path, sha256, width, height, orientation, "
                    "media_type) VALUES (:id, 'a', :path, :sha256, 4, 3, 1, 'image/png')"
                ),
                {"id": dataset_id, "path": path, "sha256": sha256},
            )
    database.migrate()
    with database.read() as session:
        copied, other = (get_dataset(session, number) for number in (1, 2))
        assert copied.root == "images"
        assert root_of(session, copied) == tmp_path / "images"
        assert root_of(session, other) == Path("/pictures/images")
    database.close()


def test_people_who_worked_before_accounts_stay_the_authors_of_their_work(empty_url: str) -> None:
    _migrate_to(empty_url, "0012")
    database = open_database(empty_url)
    with database.write() as session:
        session.execute(text("INSERT INTO users (id, name, created_at) VALUES (1, 'Ann', '2026-01-01')"))
        for row in ROWS[:4]:
            session.execute(
                text(
                    row.replace("created_at)", "created_at, author_id)").replace(
                        "'2026-01-01')", "'2026-01-01', 1)"
                    )
                    if "INTO revisions" in row
                    else row
                )
            )
    database.migrate()
    with database.write() as session:
        made = create_account(session, "Ann", None)
        assert made.user_id == 1
        assert has_work(session, "Ann")
    database.close()


@pytest.mark.parametrize("version", ["0012", "0020"])
def test_an_upgrade_changes_nothing_that_people_have_done(empty_url: str, version: str) -> None:
    """Workspaces from before accounts, and from before the newest revision stood in its picture."""
    _migrate_to(empty_url, version)
    database = open_database(empty_url)
    with database.write() as session:
        session.execute(text("INSERT INTO users (id, name, created_at) VALUES (1, 'Ann', '2026-01-01')"))
        for row in ROWS:
            session.execute(text(row))
        for statement in (
            "INSERT INTO masks (hash, height, width, created_at) VALUES ('m', 3, 4, '2026-01-01')",
            'INSERT INTO label_classes (label_set_id, "index", name, color) '
            "VALUES (1, 1, 'cat', '#800000')",
            "INSERT INTO item_tags (item_id, class_index) VALUES (1, 1)",
            "INSERT INTO revisions (id, item_id, sequence, parent_id, action, author_id, mask_hash, "
            "label_set_id, created_at, seconds_spent) "
            "VALUES (7, 1, 3, 6, 'corrected', 1, 'm', 1, '2026-01-02', 12.5)",
        ):
            session.execute(text(statement))
    before = _rows_of(database)
    database.migrate()
    after = _rows_of(database)
    for table, rows in before.items():
        names = [name for name in rows[0] if name in after[table][0]]
        assert set(rows[0]) - set(names) <= {"cams_model"}  # migration 0016 drops it
        assert [[row[name] for name in names] for row in after[table]] == [
            [row[name] for name in names] for row in rows
        ]
    with database.read() as session:
        newest = session.execute(text("SELECT latest_id, latest_author_id, status FROM items")).one()
    assert tuple(newest) == (7, 1, "corrected")
    database.close()


def _rows_of(database: Database) -> dict[str, list[dict[str, object]]]:
    """All rows of the tables that have some, as the database returns them."""
    with database.read() as session:
        tables = sorted(set(inspect(session.connection()).get_table_names()) - {"alembic_version"})
        found = {
            table: [dict(row) for row in session.execute(text(f'SELECT * FROM "{table}"')).mappings()]
            for table in tables
        }
    return {table: rows for table, rows in found.items() if rows}

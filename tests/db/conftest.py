"""Databases to test with: SQLite always, PostgreSQL too where its programs are installed."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import account_models, labeler_models, live_models, run_models, team_models  # noqa: F401 - they are emptied too
from db.datasets import create_dataset
from db.engine import Database, open_database, sqlite_url
from db.items import ItemSpec, upsert_items
from db.labels import ClassSpec
from db.models import Base
from tests.postgresql import new_postgresql, postgresql_server  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> Iterator[Database]:  # noqa: F811
    """One migrated database for the whole run: making one takes as long as thirty tests in it."""
    database = open_database(new_postgresql(postgresql_server, "studio"))
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "studio.sqlite3"
    database = open_database(sqlite_url(path))
    database.migrate()
    with database.write() as session:
        session.execute(text("SELECT 1"))
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables, one of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "empty.sqlite3")
    return new_postgresql(request.getfixturevalue("postgresql_server"), f"empty_{uuid.uuid4().hex}")


@pytest.fixture
def sqlite(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what concerns SQLite alone."""
    path = tmp_path / "studio.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    database = open_database(sqlite_url(path))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database without rows, one of each kind."""
    database: Database = request.getfixturevalue(request.param)
    yield database
    if request.param == "postgresql":
        with database.write() as session:
            # As a replica PostgreSQL runs no triggers, which would refuse to forget history.
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for table in Base.metadata.sorted_tables:
                session.execute(table.delete())


@pytest.fixture
def dataset_id(database: Database) -> int:
    """A dataset with the classes cat (1) and dog (2) and no pictures."""
    with database.write() as session:
        classes = [ClassSpec(1, "cat"), ClassSpec(2, "dog")]
        return create_dataset(session, "pets", root="/pets", layout="folder", classes=classes).id


def item_spec(name: str, **fields: object) -> ItemSpec:
    """A picture of 4x3 pixels."""
    values = {
        "name": name,
        "path": name,
        "sha256": "0" * 64,
        "width": 4,
        "height": 3,
        "orientation": 1,
        "media_type": "image/jpeg",
    }
    return ItemSpec(**(values | fields))


@pytest.fixture
def item_id(database: Database, dataset_id: int) -> int:
    """One picture in that dataset."""
    with database.write() as session:
        return upsert_items(session, dataset_id, [item_spec("a.jpg")]).ids["a.jpg"]

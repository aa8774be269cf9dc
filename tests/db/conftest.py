"""Databases to test with: SQLite always, PostgreSQL too where its programs are installed."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from db.datasets import create_dataset
from db.engine import Database, open_database, sqlite_url
from db.items import ItemSpec, upsert_items
from db.labels import ClassSpec
from db.models import Base


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a throw-away PostgreSQL server, without a database name."""
    if os.name != "posix":
        pytest.skip("the throw-away PostgreSQL is reached through a Unix socket")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    missing = [program for program in ("initdb", "pg_ctl", "postgres") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"PostgreSQL is not installed ({missing[0]} is not on PATH)")
    # PostgreSQL refuses to run as root, and pytest's own folders are closed to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="puzzlecam-pg-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        import pwd  # not on Windows

        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **as_user)

    data = folder / "data"
    try:
        run(
            "initdb", "-D", str(data), "-U", "studio", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://studio@/{{name}}?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> Iterator[Database]:
    """One migrated database for the whole run: making one takes as long as thirty tests in it."""
    database = open_database(_new_postgresql(postgresql_server, "studio"))
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
    return _new_postgresql(request.getfixturevalue("postgresql_server"), f"empty_{uuid.uuid4().hex}")


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


def _new_postgresql(server: str, name: str) -> str:
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name)


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

"""Opening, reading, writing and upgrading a database."""

import shutil
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import migrate
from db.engine import Database, open_database, sqlite_url
from db.errors import DatabaseUnavailableError, DatabaseVersionError, InvalidInputError
from db.models import Base, User
from db.name_search import is_of_search
from db.users import get_or_create


def names(session: Session) -> list[str]:
    return list(session.scalars(select(User.name).order_by(User.name)))


def test_migrations_arrive_at_exactly_the_models(database: Database) -> None:
    engine = create_engine(database.url)
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_object": lambda _object, name, *_rest: not is_of_search(name),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    with database.write() as session:
        get_or_create(session, "Ann")
    database.migrate()
    with database.read() as session:
        assert names(session) == ["Ann"]


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    with suppress(ZeroDivisionError), database.write() as session:
        get_or_create(session, "Ann")
        _ = 1 / 0
    with database.read() as session:
        assert names(session) == []


def test_a_read_cannot_write(database: Database) -> None:
    with database.read() as session:
        session.add(User(name="Ann"))
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            session.flush()


def test_a_read_sees_one_moment(database: Database) -> None:
    with database.read() as session:
        assert names(session) == []
        with database.write() as other:
            get_or_create(other, "Ann")
        assert names(session) == []
    with database.read() as session:
        assert names(session) == ["Ann"]


def test_sqlite_keeps_what_it_acknowledged_and_checks_references(sqlite: Database) -> None:
    with sqlite.read() as session:
        values = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}


def test_a_writer_waits_for_another_and_both_succeed(sqlite: Database) -> None:
    entered, release = threading.Event(), threading.Event()

    def first() -> None:
        with sqlite.write() as session:
            get_or_create(session, "Ann")
            entered.set()
            release.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait(10)
    threading.Timer(0.1, release.set).start()
    with sqlite.write() as session:
        # A deferred transaction would have read before the lock, and failed at its first write.
        assert names(session) == ["Ann"]
        get_or_create(session, "Ben")
    thread.join()


def test_an_odd_path_is_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a b%20?#ü" / "studio.sqlite3"
    database = open_database(sqlite_url(path))
    database.migrate()
    database.close()
    assert path.is_file()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("what is this", "is not a database URL"),
        ("nosuch://host/name", "not supported"),
        ("mysql://host/name", "not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_unusable_url_is_explained(url: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        open_database(url)


def test_an_unreachable_server_is_explained_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(DatabaseUnavailableError) as error:
        open_database("postgres://ann:secret@127.0.0.1:1/studio?connect_timeout=2")
    assert "secret" not in str(error.value)
    assert "cannot be opened" in str(error.value)


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "studio.sqlite3"
    path.write_text("not a database, but long enough to have a header of its own" * 10)
    with pytest.raises(DatabaseUnavailableError, match="not a database"):
        open_database(sqlite_url(path))


def test_a_database_from_a_newer_version_is_refused_and_kept(sqlite: Database) -> None:
    with sqlite.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="newer version"):
        sqlite.migrate()
    with sqlite.read() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_somebody_elses_database_is_refused(empty_url: str) -> None:
    database = open_database(empty_url)
    with database.write() as session:
        session.execute(text("CREATE TABLE recipes (id INTEGER)"))
    with pytest.raises(DatabaseVersionError, match="another program"):
        database.migrate()
    database.close()


def _head() -> str:
    return str(ScriptDirectory(str(migrate.SCRIPTS)).get_current_head())


def test_a_developer_gets_the_next_revision_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "100 % mine" / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    head = _head()
    path = migrate.write_next_revision("Remember e-mail")
    following = f"{int(head) + 1:04}"
    assert path == scripts / "versions" / f"{following}_remember_e_mail.py"
    script: dict[str, object] = {}
    exec(path.read_text(), script)
    assert (script["revision"], script["down_revision"]) == (following, head)
    # Models and migrations agree, so there is nothing to do in it.
    assert "pass" in path.read_text()


def test_an_upgrade_first_copies_what_is_there(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more revision is put beside the others, as a later version of the program would bring."""
    head, scripts = _head(), tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "next.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision = '9000'\ndown_revision = '{head}'\nbranch_labels = depends_on = None\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('users') as users:\n"
        "        users.add_column(sa.Column('email', sa.Text()))\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    with sqlite.write() as session:
        get_or_create(session, "Ann")
    sqlite.migrate()

    (copy,) = tmp_path.glob(f"studio.sqlite3.before-upgrade-from-{head}-*")
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(tmp_path / "studio.sqlite3")) as new:
        assert old.execute("SELECT name FROM users").fetchall() == [("Ann",)]
        assert [row[1] for row in old.execute("PRAGMA table_info(users)")] == ["id", "name", "created_at"]
        assert new.execute("SELECT name, email FROM users").fetchall() == [("Ann", None)]

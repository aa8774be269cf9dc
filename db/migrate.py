"""Upgrades a database to the newest schema, with Alembic and without an alembic.ini."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, inspect, text

from db.backup import copy_sqlite
from db.errors import DatabaseVersionError

SCRIPTS: Final = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK: Final = 7_260_202_107


def upgrade_to_head(engine: Engine) -> None:
    """Run the migrations that are missing, in one transaction. Of two processes at once, one does it.

    Raises DatabaseVersionError for a database that a newer version or another program has written.
    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})
        current = MigrationContext.configure(connection).get_current_revision()
        _check_version(connection, scripts, current)
        if current == scripts.get_current_head():
            return
        if current is not None and connection.dialect.name == "sqlite":
            _copy_sqlite(Path(str(engine.url.database)), current)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            _check_foreign_keys(connection)


def write_next_revision(message: str) -> Path:
    """For developers: write a migration from the newest schema to the models, to be reviewed and corrected.

    Run it as ``python -m db.migrate "what changes"``.
    """
    config = _config()
    heads = ScriptDirectory.from_config(config).get_heads()
    number = max((int(head) for head in heads), default=0) + 1
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(URL.create("sqlite", database=str(Path(folder) / "scratch.sqlite3")))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()
    if not isinstance(script, Script):
        raise TypeError(f"Alembic wrote {script!r} instead of one revision.")
    return Path(script.path)


def _config() -> Config:
    config = Config()
    # ConfigParser reads "%" as interpolation.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def _check_version(connection: Connection, scripts: ScriptDirectory, current: str | None) -> None:
    where = connection.engine.url.render_as_string(hide_password=True)
    if current is None:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if tables:
            raise DatabaseVersionError(
                f"The database {where} holds tables of another program ({', '.join(sorted(tables)[:3])}); "
                "choose an empty one."
            )
        return
    if current not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseVersionError(
            f"The database {where} was written by a newer version of Puzzle-CAM (schema {current}); "
            "update the program, or restore the copy that was made beside the database when it was upgraded."
        )


def _copy_sqlite(path: Path, revision: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    copy = path.with_name(f"{path.name}.before-upgrade-from-{revision}-{stamp}")
    with closing(sqlite3.connect(path)) as source:
        copy_sqlite(source, copy)
    return copy


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise DatabaseVersionError(
            f"The upgrade of {connection.engine.url.database} would leave rows of {broken[0][0]} "
            "without the rows they refer to; nothing was changed. Please report this."
        )


if __name__ == "__main__":
    print(write_next_revision(" ".join(sys.argv[1:]) or "next"))

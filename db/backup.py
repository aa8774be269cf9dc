"""Copies of a database while it is in use, and databases made from such copies."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, inspect, make_url

from db.errors import BackupError

FILES: Final = {"sqlite": "puzzlecam.sqlite3", "postgresql": "puzzlecam.pgdump"}
"""Name of the copy, by the kind of database."""


def copy_name(url: str) -> str:
    """Name of the file that a copy of this database is kept in.

    Raises:
        BackupError: There are no copies of databases of this kind.
    """
    kind = make_url(url).get_backend_name()
    if kind not in FILES:
        raise BackupError(f"A database of the kind {kind} cannot be backed up; use a program of its own.")
    return FILES[kind]


def dump_database(url: str, target: Path) -> None:
    """Write a consistent copy of a database; readers and writers go on meanwhile.

    Args:
        url: SQLAlchemy URL of an SQLite or PostgreSQL database.
        target: File that does not exist.

    Raises:
        BackupError: The database cannot be read, the copy is damaged, or `pg_dump` is missing or fails.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}", _server(parsed)], parsed)
        return
    source = Path(str(parsed.database))
    if not source.exists():
        raise BackupError(f"There is no database {source}; name the workspace with --workspace.")
    try:
        with closing(sqlite3.connect(f"file:{source.as_posix()}?mode=ro", uri=True)) as live:
            copy_sqlite(live, target)
    except sqlite3.Error as error:
        raise BackupError(f"The database {source} cannot be copied ({error}).") from error


def load_database(source: Path, url: str) -> None:
    """Make a database from a copy.

    Args:
        source: What `dump_database` wrote.
        url: SQLAlchemy URL of a database of the same kind that does not exist (SQLite) or is empty.

    Raises:
        BackupError: The database holds something, the copy is damaged, or `pg_restore` is missing or fails.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        _refuse_tables(parsed)
        command = ["pg_restore", "--exit-on-error", "--no-owner", "--single-transaction"]
        _run([*command, f"--dbname={_server(parsed)}", str(source)], parsed)
        return
    target = Path(str(parsed.database))
    if target.exists() and target.stat().st_size > 0:
        raise BackupError(f"The database {target} exists; restore into another workspace.")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(f"file:{source.as_posix()}?mode=ro", uri=True)) as kept:
            copy_sqlite(kept, target)
    except sqlite3.Error as error:
        raise BackupError(f"The copy {source} cannot be read ({error}).") from error


def copy_sqlite(source: sqlite3.Connection, target: Path) -> None:
    """Copy an SQLite database, also what is still in its write-ahead log, and check the copy.

    Raises:
        BackupError: The copy has a damaged part.
        sqlite3.Error: The source cannot be read or the target not be written.
    """
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"The copy {target} is damaged, as its source is: {found}.")


def _server(url: URL) -> str:
    """The database as PostgreSQL's own programs name it, without the password."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: Sequence[str], url: URL) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise BackupError(f"{command[0]} is not installed; install the client programs of PostgreSQL.")
    # Everybody on the machine can see arguments, so that the password goes by the environment.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run([program, *command[1:]], env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise BackupError(f"{command[0]} failed: {lines[-1]}")


def _refuse_tables(url: URL) -> None:
    engine = create_engine(url)
    try:
        tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if tables:
        where = url.render_as_string(hide_password=True)
        raise BackupError(f"The database {where} is not empty; restore into a new one.")

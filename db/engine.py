"""Opening the database: SQLite in the workspace by default, PostgreSQL by URL, the same tables.

Transactions are short and of two kinds. `Database.read` sees one consistent snapshot and cannot write.
`Database.write` takes SQLite's write lock at once (``BEGIN IMMEDIATE``): a deferred transaction that
becomes a writer half-way fails without waiting if another writer came first.

Reads and writes have connections of their own, so that reads never wait for writes that wait for a lock.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from db.errors import DatabaseUnavailableError, InvalidInputError
from db.hidden_copies import StudioSession
from db.migrate import upgrade_to_head
from db.sqlite_file import SqliteFile
from db.troubles import busy, in_words

BUSY_TIMEOUT_MS: Final = 20_000
_WRITES: Final = "puzzlecam_writes"
_WORKSPACE: Final = "puzzlecam_workspace"
_PATIENCE: Final = "puzzlecam_patience_ms"


@dataclass(frozen=True)
class Database:
    """An open database. Safe to share between threads; sessions are not.

    Errors of the driver that concern the whole database are raised as a `StorageError`: it is locked, full,
    damaged, gone, or does not answer. `workspace` is the folder that copied pictures are in.
    """

    url: URL
    _reads: Engine
    _writes: Engine
    workspace: Path | None = None
    _file: SqliteFile | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent snapshot; writing through it fails."""
        if self._file is not None:
            self._file.check()
        options: dict[str, Any] = {_WRITES: False}
        if self.url.get_backend_name() == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        engine = self._reads.execution_options(**options)
        with self._in_words(), StudioSession(engine, expire_on_commit=False, info=self._info) as session:
            yield session

    @contextmanager
    def write(self, patience_s: float = BUSY_TIMEOUT_MS / 1000) -> Iterator[Session]:
        """A session that is committed when the block ends and rolled back when it raises.

        Args:
            patience_s: how long to wait for others who write.

        Raises:
            DatabaseBusyError: others write for longer than that.
        """
        with self._turn_within(patience_s) as left_s, self._in_words():
            if self._file is not None:
                self._file.check()
            engine = self._writes.execution_options(**{_WRITES: True, _PATIENCE: round(1000 * left_s)})
            with StudioSession(engine, expire_on_commit=False, info=self._info) as session:
                session.begin()
                try:
                    if self.url.get_backend_name() == "postgresql":
                        session.execute(text(f"SET LOCAL lock_timeout = {max(1, round(1000 * left_s))}"))
                    yield session
                except BaseException:
                    # A rollback expires what is attached, and an error must stay readable: StaleRevision
                    # carries the revision that was in the way.
                    session.expunge_all()
                    session.rollback()
                    raise
                session.commit()
            if self._file is not None:
                self._file.check(has_written=True)

    def migrate(self) -> None:
        """Upgrade the tables to what this version of the program needs.

        An SQLite file with data is first copied to a new file beside it. Raises DatabaseVersionError for a
        database that a newer version or another program has written.
        """
        engine = _make_engine(self.url, for_migration=True)
        try:
            upgrade_to_head(engine)
        except (DBAPIError, sqlite3.Error) as error:
            explained = in_words(error, self.url) if isinstance(error, DBAPIError) else None
            raise explained or DatabaseUnavailableError(_cannot_open(self.url, error)) from error
        finally:
            engine.dispose()

    def close(self) -> None:
        """Close all connections."""
        self._reads.dispose()
        self._writes.dispose()

    @property
    def _info(self) -> dict[str, Any]:
        return {_WORKSPACE: self.workspace}

    @contextmanager
    def _turn_within(self, patience_s: float) -> Iterator[float]:
        """Wait for this program's other writers; gives how much of the patience is left, in seconds."""
        if self._file is None:
            yield patience_s
            return
        deadline = time.monotonic() + patience_s
        if not self._turn.acquire(timeout=patience_s):
            raise busy(self.url)
        try:
            yield max(0.0, deadline - time.monotonic())
        finally:
            self._turn.release()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            explained = in_words(error, self.url)
            if explained is None:
                raise
            raise explained from error
        except PoolTimeoutError as error:
            raise busy(self.url) from error


def sqlite_url(path: Path) -> str:
    """URL of the SQLite database at `path`."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def workspace_of(session: Session) -> Path:
    """The workspace that the session's database belongs to.

    Raises InvalidInputError if the database was opened without one.
    """
    workspace = session.info.get(_WORKSPACE)
    if not isinstance(workspace, Path):
        raise InvalidInputError("The database was opened without its workspace; give the workspace too.")
    return workspace


def open_database(url: str, workspace: Path | None = None) -> Database:
    """Open the database at `url`; the folder of an SQLite file is made when it is missing.

    Copied pictures are in `workspace`; by default that is the folder of an SQLite file.
    Raises InvalidInputError for a URL that cannot be understood and DatabaseUnavailableError for a
    database that cannot be reached. Call `Database.migrate` before the first use.
    """
    parsed = _parse(url)
    reads, writes = _make_engine(parsed), _make_engine(parsed)
    file = None
    try:
        if parsed.get_backend_name() != "sqlite":
            reads.connect().close()
        else:
            path = Path(str(parsed.database))
            workspace = workspace or path.parent
            path.parent.mkdir(parents=True, exist_ok=True)
            with reads.connect() as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            file = SqliteFile(path, has_log=mode == "wal")
    except (OSError, DBAPIError) as error:
        reads.dispose()
        raise DatabaseUnavailableError(_cannot_open(parsed, error)) from error
    return Database(parsed, reads, writes, workspace and workspace.absolute(), file)


def _parse(url: str) -> URL:
    # Heroku-style URLs say "postgres"; SQLAlchemy knows only the long name.
    if url.startswith("postgres://"):
        url = "postgresql" + url.removeprefix("postgres")
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise InvalidInputError(
            f"{url!r} is not a database URL; give one like sqlite:////home/me/studio.sqlite3 or "
            "postgresql://user@host/name."
        ) from error
    if backend not in {"sqlite", "postgresql"}:
        raise InvalidInputError(f"The database {backend!r} is not supported; use sqlite or postgresql.")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise InvalidInputError(
            "The SQLite URL names no file; give one like sqlite:////home/me/studio.sqlite3."
        )
    return parsed


def _make_engine(url: URL, *, for_migration: bool = False) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"poolclass": NullPool} if for_migration else {}
    if sqlite:
        options["connect_args"] = {"timeout": BUSY_TIMEOUT_MS / 1000}
        if not for_migration:
            options["max_overflow"] = -1  # as many as there are threads; a connection is an open file
    else:
        options["pool_pre_ping"] = not for_migration
    try:
        engine = create_engine(url, **options)
    except ModuleNotFoundError as error:
        raise DatabaseUnavailableError(
            f"The driver {error.name!r} for {url.get_backend_name()} is not installed; "
            "install it with: pip install 'puzzlecam-studio[postgresql]'."
        ) from error
    if sqlite:
        _configure_sqlite(engine, foreign_keys=not for_migration)
    return engine


def _configure_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling starts transactions too late; "begin" below does it.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # With NORMAL a power cut may undo commits that were already acknowledged to a labeler.
        cursor.execute("PRAGMA synchronous=FULL")
        # Off while migrating: SQLite alters a table by copying and dropping it, which would cascade.
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options.get(_WRITES, True)
        if _PATIENCE in options:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={options[_PATIENCE]}")
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _cannot_open(url: URL, error: Exception) -> str:
    where = url.render_as_string(hide_password=True)
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"The database {where} cannot be opened ({reason}); check the address and your access rights."

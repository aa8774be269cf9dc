"""What drivers and disks complain about, as sentences with a remedy."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from db.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseLostError,
    DatabaseUnavailableError,
    DiskFullError,
    StorageError,
)

# EFBIG is what a limit on the size of files gives.
_NO_ROOM: Final = frozenset(
    {errno.ENOSPC, errno.EFBIG, *(getattr(errno, name) for name in ("EDQUOT",) if hasattr(errno, name))}
)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNREACHABLE: Final = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_READ_ONLY_BECAUSE_MOVED: Final = sqlite3.SQLITE_READONLY | (4 << 8)  # SQLITE_READONLY_DBMOVED
_POSTGRESQL_BUSY: Final = ("55P03", "40P01", "57014")  # lock_not_available, deadlock_detected, query_canceled
_POSTGRESQL_FULL: Final = "53100"


def is_disk_full(error: BaseException) -> bool:
    """Whether an `OSError` says that there is no room left."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def disk_full(where: Path | str) -> DiskFullError:
    """The error for a file or folder that there was no room for."""
    return DiskFullError(
        f"The disk that holds {where} is full, so nothing was stored; free some space and try again."
    )


def busy(url: URL) -> DatabaseBusyError:
    """The error for a database that another program keeps locked."""
    return DatabaseBusyError(
        f"Another program keeps the database {_shown(url)} locked, so nothing was stored; try again soon."
    )


def in_words(error: DBAPIError, url: URL) -> StorageError | None:
    """Explain an error of the driver that has nothing to do with the statement; None for all others."""
    original = error.orig
    reason = str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
    if isinstance(original, sqlite3.Error):
        return _sqlite_in_words(original, reason, url)
    state = getattr(original, "sqlstate", None)
    if state in _POSTGRESQL_BUSY:
        return busy(url)
    if state == _POSTGRESQL_FULL:
        return disk_full(_shown(url))
    if error.connection_invalidated:
        return DatabaseUnavailableError(
            f"The database {_shown(url)} does not answer ({reason}); start its server and try again."
        )
    return None


def _sqlite_in_words(original: sqlite3.Error, reason: str, url: URL) -> StorageError | None:
    extended = getattr(original, "sqlite_errorcode", None) or 0
    code = extended & 0xFF
    where = _shown(url)
    if code in _BUSY:
        return busy(url)
    if code == sqlite3.SQLITE_FULL:
        return disk_full(where)
    if code in _DAMAGED or reason.startswith("Could not decode"):
        return DatabaseDamagedError(
            f"The database {where} is damaged ({reason}); stop the studio, keep a copy of the file, restore "
            "the newest backup as docs/operators.md says, and start the studio again."
        )
    if extended == _READ_ONLY_BECAUSE_MOVED or (
        code == sqlite3.SQLITE_ERROR and reason.startswith("no such table")
    ):
        return DatabaseLostError(lost(where))
    if code in _UNREACHABLE:
        return DatabaseUnavailableError(
            f"The database {where} cannot be read or written ({reason}); "
            "check the disk that holds it, and the space on it."
        )
    return None


def lost(where: str) -> str:
    """The sentence for a database that was taken away from a running studio."""
    return (
        f"The database {where} was removed, emptied or replaced while the studio was running, so nothing can "
        "be stored; stop the studio, put the database back or restore it from a backup, and start again."
    )


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.render_as_string(hide_password=True)

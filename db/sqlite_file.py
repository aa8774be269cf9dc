"""Whether the SQLite file that was opened is still the one under its name."""

from __future__ import annotations

import os
from pathlib import Path

from db.errors import DatabaseLostError
from db.troubles import lost


class SqliteFile:
    """The file of an open SQLite database.

    A program goes on reading and writing a file that was deleted, as if nothing had happened, and all of it
    is gone when it ends. So the file is compared with its name before and after each change.

    Args:
        path: where it was opened.
        has_log: whether changes go to a write-ahead log beside it first.
    """

    def __init__(self, path: Path, *, has_log: bool) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal") if has_log else None
        self._opened = _identity(path.stat())

    def check(self, *, has_written: bool = False) -> None:
        """Raise `DatabaseLostError` where the file is gone, empty or another one.

        Args:
            has_written: also look for the write-ahead log, which must be there after a change.
        """
        try:
            found = self._path.stat()
            if has_written and self._log is not None:
                self._log.stat()
        except FileNotFoundError as error:
            raise DatabaseLostError(lost(str(self._path))) from error
        if found.st_size == 0 or _identity(found) != self._opened:
            raise DatabaseLostError(lost(str(self._path)))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino

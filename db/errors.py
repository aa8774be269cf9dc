"""What can go wrong in the database or the mask store; every message says what to do."""

from __future__ import annotations


class StorageError(Exception):
    """Base of every error this package raises on purpose; ``str()`` of it may be shown to a person."""


class DatabaseUnavailableError(StorageError):
    """The database named by the URL cannot be opened or reached."""


class DatabaseBusyError(StorageError):
    """Another program kept the database locked for longer than a change may wait; trying again helps."""


class DatabaseLostError(StorageError):
    """The database is gone, empty or another one than before, while masks that it described are there."""


class DatabaseDamagedError(StorageError):
    """A part of the database cannot be read any more."""


class BackupError(StorageError):
    """A database cannot be copied, or not be made from a copy."""


class DiskFullError(StorageError):
    """There is no room left for what was to be stored."""


class DatabaseVersionError(StorageError):
    """The database was written by another version of the program than this one can work with."""


class NotFoundError(StorageError):
    """An id or a name that is not in the database."""


class NameTakenError(StorageError):
    """There is already a dataset of that name."""


class InvalidInputError(StorageError, ValueError):
    """A value that the tables must never hold: a bad name, colour, index, cursor or action."""


class StaleClassListError(StorageError):
    """Somebody changed the class list after the caller had read it; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("Somebody else has changed the class list; load it again and repeat your change.")


class HistoryIsAppendOnlyError(StorageError):
    """Something tried to change or delete a revision."""


class NothingToDecideError(StorageError):
    """A decision that the item's history does not allow, such as accepting when there is no mask."""


class MaskMissingError(StorageError):
    """The mask store has no file for a hash."""


class MaskUnwritableError(StorageError):
    """The mask store cannot be written, for another reason than a full disk."""


class MaskStorageError(StorageError):
    """The store behind the mask store does not answer or refuses; trying again helps."""


class MaskCorruptError(StorageError):
    """A file in the mask store does not contain the mask that it is named after."""

"""What can go wrong in the database or the mask store, each a sentence a person can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.models import Revision


class StorageError(Exception):
    """Base of every error this package raises on purpose; ``str()`` of it may be shown to a person."""


class DatabaseUnavailableError(StorageError):
    """The database named by the URL cannot be opened or reached."""


class DatabaseVersionError(StorageError):
    """The database was written by another version of the program than this one can work with."""


class NotFoundError(StorageError):
    """An id or a name that is not in the database."""


class NameTakenError(StorageError):
    """A dataset of that name is there already."""


class InvalidInputError(StorageError, ValueError):
    """A value that the tables must never hold: a bad name, colour, index, cursor or action."""


class HistoryIsAppendOnlyError(StorageError):
    """Something tried to change or delete a revision."""


class NothingToDecideError(StorageError):
    """A decision was asked for that the item's history does not allow, such as accepting no mask."""


class StaleRevision(StorageError):  # noqa: N818 - it reports a state, as "412 Precondition Failed" does
    """Somebody saved a newer revision than the one the caller had seen; nothing was stored.

    ``current`` is the newest revision, or None when the caller expected one and the item has none.
    """

    def __init__(self, current: Revision | None) -> None:
        self.current = current
        if current is None:
            super().__init__("The picture has no saved mask any more; load it again before saving.")
            return
        who = current.author.name if current.author is not None else "the program"
        when = f"{current.created_at:%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(
            f"{who} saved a newer version of this picture ({current.action}, {when}); "
            "compare it with yours before saving again."
        )


class MaskMissingError(StorageError):
    """The mask store has no file for a hash."""


class MaskCorruptError(StorageError):
    """A file in the mask store does not hold the mask its name promises."""

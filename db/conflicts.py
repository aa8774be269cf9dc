"""Two people saved the same picture."""

from __future__ import annotations

from db.errors import StorageError
from db.models import Revision


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

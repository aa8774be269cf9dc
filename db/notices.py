"""Short messages between studios that share one PostgreSQL, by LISTEN and NOTIFY.

A message only makes others look earlier at what the database says anyway, so one that is lost does no harm.
With SQLite there is one studio, and nothing is sent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from db.engine import Database
from db.errors import StorageError

if TYPE_CHECKING:
    import psycopg

_CHANNEL: Final = "puzzlecam"
_LOOK_S: Final = 1.0
_AGAIN_S: Final = 5.0
_log = logging.getLogger(__name__)


class Notices:
    """Sends messages to the other studios of a database and receives theirs.

    Args:
        heard: called on a thread of its own with the kind and the id of each message of another studio.
        missed: called there after the connection was interrupted, because messages may have been lost.
    """

    def __init__(
        self, database: Database, heard: Callable[[str, int], None], missed: Callable[[], None]
    ) -> None:
        self._database = database
        self._heard = heard
        self._missed = missed
        self._own = secrets.token_hex(8)
        self._is_closing = threading.Event()
        self._is_listening = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_used(self) -> bool:
        """Whether other studios can share the database."""
        return self._database.url.get_backend_name() == "postgresql"

    def start(self, patience_s: float = 0.0) -> None:
        """Begin to listen; with patience, wait until that works."""
        if self.is_used and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
            self._thread.start()
            self._is_listening.wait(patience_s)

    def tell(self, kind: str, number: int) -> None:
        """Send a message after what it is about has been committed. Never fails."""
        if not self.is_used:
            return
        content = json.dumps([self._own, kind, number])
        try:
            with self._database.write() as session:
                session.execute(text("SELECT pg_notify(:to, :content)"), {"to": _CHANNEL, "content": content})
        except StorageError as error:
            _log.warning("other studios were not told of %s %d: %s", kind, number, error)

    def close(self) -> None:
        """Listen no longer."""
        self._is_closing.set()

    def _run(self) -> None:
        import psycopg

        url = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        was_interrupted = False
        while not self._is_closing.is_set():
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self._is_listening.set()
                    if was_interrupted:
                        self._call(self._missed)
                    self._listen(connection)
            except psycopg.Error as error:
                _log.warning("messages of other studios cannot be received: %s", error)
                was_interrupted = True
                self._is_closing.wait(_AGAIN_S)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        while not self._is_closing.is_set():
            for notice in connection.notifies(timeout=_LOOK_S):
                with contextlib.suppress(ValueError, TypeError):
                    sender, kind, number = json.loads(notice.payload)
                    if sender != self._own:
                        self._call(self._heard, str(kind), int(number))

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception:
            _log.exception("a message of another studio")

"""Health: named checks that run in the background, so that asking for their results never waits."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import text

from db.engine import Database

State = Literal["ok", "degraded", "failed"]
Look = Callable[[], "Finding | None"]

LEAST_FREE_BYTES: Final = 256 * 2**20
_EVERY_S: Final = 5.0
_LONGEST_S: Final = 15.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What a check found wrong.

    Attributes:
        state: "failed" where nothing can be stored or shown, "degraded" where people can go on working.
        message: a sentence for everybody who can reach the studio: no paths, no addresses.
        detail: for the log, with everything that helps.
    """

    state: State
    message: str
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    state: State
    message: str


class HealthChecks:
    """Looks at everything that has a name, again and again, on a thread of its own.

    Args:
        every_s: pause between two rounds.
        longest_s: a check that takes longer counts as failed; it is not begun twice.
    """

    def __init__(self, every_s: float = _EVERY_S, longest_s: float = _LONGEST_S) -> None:
        self._every_s = every_s
        self._longest_s = longest_s
        self._looks: dict[str, Look] = {}
        self._found: dict[str, Finding | None] = {}
        self._begun: tuple[str, float] | None = None
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, name: str, look: Look) -> None:
        """Add a check; `look` returns what is wrong, or None."""
        self._looks[name] = look

    def start(self) -> None:
        """Run each check once, then all of them again and again in the background."""
        self.look()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="health", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Begin no further round."""
        self._is_closing.set()

    def look(self) -> None:
        """Run each check once, on this thread."""
        for name, look in list(self._looks.items()):
            self._begun = name, time.monotonic()
            try:
                found = look()
            except Exception as error:
                found = Finding("failed", f"The check of the {name} failed.", repr(error))
            self._begun = None
            before = self._found.get(name)
            self._found[name] = found
            if found is not None and found != before:
                _log.warning("health, %s %s: %s %s", name, found.state, found.message, found.detail)
            elif found is None and before is not None:
                _log.warning("health, %s: it is well again", name)

    def results(self) -> list[Check]:
        """The newest result of each check, in the order in which they were added."""
        found = dict(self._found)
        begun = self._begun
        if begun is not None and time.monotonic() - begun[1] > self._longest_s:
            name = begun[0]
            found[name] = Finding("failed", f"The {name} has not answered for {self._longest_s:.0f} seconds.")
        return [
            Check(name, "ok", "") if one is None else Check(name, one.state, one.message)
            for name, one in found.items()
        ]

    def _run(self) -> None:
        while not self._is_closing.wait(self._every_s):
            self.look()


def worst(checks: list[Check]) -> State:
    """The state of the whole: that of the worst check."""
    states = {check.state for check in checks}
    return "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"


def look_at_database(database: Database) -> Finding | None:
    """Whether the database answers, and is still the one that was opened."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:
        return Finding("failed", "The database does not answer; nothing can be shown or stored.", str(error))
    return None


def look_at_disk(folder: Path) -> Finding | None:
    """Whether the disk of the workspace can be written and has room."""
    try:
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE_BYTES:
            return Finding(
                "failed",
                f"The disk of the workspace is full: {free / 2**20:.0f} MB are free.",
                str(folder),
            )
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"health")
    except OSError as error:
        return Finding("failed", "The disk of the workspace cannot be written.", str(error))
    return None

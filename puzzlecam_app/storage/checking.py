"""Whether the stores that the settings name can be used."""

from __future__ import annotations

import time
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.monitoring.checks import Finding, State
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.bucket import Bucket, check_installed
from puzzlecam_app.storage.urls import parse_url

_EVERY_S = 30.0
_PATIENCE_S = 8.0
_MEANING: Final[dict[str, tuple[State, str]]] = {
    "masks": ("failed", "no new masks are stored"),
    "runs": ("degraded", "finished runs stay on their machine"),
}


def stores_of(settings: Settings) -> dict[str, str]:
    """The URLs that the studio keeps things at, by what it keeps there."""
    urls = {"masks": settings.masks_url, "runs": settings.runs_url}
    return {name: url for name, url in urls.items() if url is not None}


def trouble_of(url: str, *, writes: bool = False) -> str | None:
    """What is wrong with a store; None if it answers and can be used.

    With `writes`, a small file is written there once, so that rights to write are checked, too.
    """
    try:
        parsed = parse_url(url)
        check_installed(parsed)
        Bucket(parsed, _PATIENCE_S).probe(writes=writes)
    except UserError as problem:
        return str(problem)
    except OSError as problem:
        return str(problem.strerror or problem)
    return None


class StoreCheck:
    """A health check that asks a store twice a minute, because each question may cost money.

    While something is wrong, every call asks again.
    """

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url
        self._well_until = 0.0

    def __call__(self) -> Finding | None:
        """What is wrong, or None."""
        if time.monotonic() < self._well_until:
            return None
        trouble = trouble_of(self._url, writes=True)
        if trouble is None:
            self._well_until = time.monotonic() + _EVERY_S
            return None
        message = f"The storage of the {self._name} cannot be used; {_MEANING[self._name][1]}."
        return Finding(_MEANING[self._name][0], message, f"{self._url}: {trouble}")

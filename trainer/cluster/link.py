"""The link between the processes of a training and the one that waits for them: events, stopping, result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trainer.cluster.connection import imported_ray
from trainer.cluster.outcome import Outcome
from trainer.machine.stop import StopSignal


@dataclass
class News:
    """What has happened since the last news.

    Attributes:
        items: events of the main process in order, and sentences between them about processes that were lost.
        outcome: what the work came to; None before its end.
    """

    items: list[dict[str, Any] | str] = field(default_factory=list)
    outcome: Outcome | None = None


class Switchboard:
    """An actor that passes on what the processes say. All its methods run in one thread."""

    def __init__(self) -> None:
        self._news = News()
        self._has_news = asyncio.Event()
        self._stop = asyncio.Event()

    async def tell(self, item: dict[str, Any] | str) -> None:
        """Pass on an event, or how a process was lost."""
        self._news.items.append(item)
        self._has_news.set()

    async def end(self, outcome: Outcome) -> None:
        """Say what the work came to; the first that says so counts."""
        self._news.outcome = self._news.outcome or outcome
        self._has_news.set()

    async def news(self) -> News:
        """Wait for something to happen."""
        await self._has_news.wait()
        self._has_news.clear()
        news, self._news = self._news, News(outcome=self._news.outcome)
        return news

    async def ask_to_stop(self) -> None:
        """Ask all processes to end."""
        self._stop.set()

    async def stop_asked(self) -> None:
        """Wait until they are asked to end."""
        await self._stop.wait()


class Link:
    """One process's end of the link.

    Attributes:
        stop: set when the work is to end.
    """

    def __init__(self, switchboard: Any) -> None:
        self._switchboard = switchboard
        self.stop = StopSignal()
        threading.Thread(target=self._wait_for_stop, daemon=True).start()

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event, without waiting."""
        self._switchboard.tell.remote(event)

    def end(self, outcome: Outcome) -> None:
        """Say what the work came to, and wait until that is known."""
        imported_ray().get(self._switchboard.end.remote(outcome))

    def _wait_for_stop(self) -> None:
        ray = imported_ray()
        try:
            ray.get(self._switchboard.stop_asked.remote())
        except (ray.exceptions.RayError, RuntimeError, SystemError):
            return  # whoever waited for the work is gone, and the work ends with it
        self.stop.set()


Work = Callable[[Link], Any]
"""What every process runs. It is pickled, and finds its rank in the environment as `torchrun` sets it."""

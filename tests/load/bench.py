"""Runs a bench: people at work, a look at the health every tenth of a second, and a check at the end."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from tests.load.figures import Entry, Figures
from tests.load.person import Person, ask
from tests.load.studio import memory_mb

_HEALTH_EVERY_S = 0.1
_LONGEST_ANSWER_S = 300.0
_GRACE_S = 5.0


@dataclass(frozen=True)
class Load:
    """How many people work for how long, and how long they think on average between two actions."""

    people: int
    seconds: float
    think_s: float


async def run(urls: list[str], pids: list[int], load: Load) -> Figures:
    """Let people work in the studios at `urls` and return what was measured."""
    figures = Figures()
    figures.memory_mb.append(memory_mb(pids))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    names = [f"person {number}" for number in range(load.people)]
    clients = {
        name: [_client(url, limits, {"puzzlecam_annotator": quote(name)}) for url in urls] for name in names
    }
    watcher = _client(urls[0], limits, {})
    try:
        datasets = (await watcher.get("/api/datasets")).json()["datasets"]
        dataset_id = next(one["id"] for one in datasets if one["name"] == "load")
        end_s = time.monotonic() + load.seconds
        people = [
            asyncio.create_task(Person(name, clients[name], figures, dataset_id, load.think_s, end_s).work())
            for name in names
        ]
        looking = asyncio.create_task(_look(watcher, figures, pids))
        try:
            await _until(people, load.seconds + _GRACE_S)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        figures.memory_mb.append(memory_mb(pids))
        await _check(watcher, figures)
    finally:
        for client in [watcher, *(one for several in clients.values() for one in several)]:
            await client.aclose()
    return figures


async def _until(people: list[asyncio.Task[None]], seconds: float) -> None:
    """Wait for people; who still waits for a picture then leaves. Errors of the bench are raised."""
    done, waiting = await asyncio.wait(people, timeout=seconds)
    for person in waiting:
        person.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for person in done:
        person.result()


def _client(url: str, limits: httpx.Limits, cookies: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url, timeout=_LONGEST_ANSWER_S, limits=limits, cookies=cookies, trust_env=False
    )


async def _look(client: httpx.AsyncClient, figures: Figures, pids: list[int]) -> None:
    number = 0
    while True:
        await ask(client, figures, "GET", "/api/health")
        if number % 20 == 0:
            figures.memory_mb.append(memory_mb(pids))
        number += 1
        await asyncio.sleep(_HEALTH_EVERY_S)


async def _check(client: httpx.AsyncClient, figures: Figures) -> None:
    """Compare every acknowledged save with the history, and the last mask of each picture byte by byte."""
    last: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for save in figures.saved:
        if save.crc is not None:
            last[save.item_id] = max(last[save.item_id], (save.revision, save.crc))
    for item_id in sorted({save.item_id for save in figures.saved}):
        history = (await client.get(f"/api/items/{item_id}/revisions")).json()
        figures.check(item_id, [Entry(one["id"], one["author"]) for one in history])
        if item_id in last:
            revision, crc = last[item_id]
            shown = await client.get(f"/api/items/{item_id}/mask?revision={revision}")
            figures.lost += zlib.crc32(shown.content) != crc

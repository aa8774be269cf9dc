"""What one person does: takes the next free picture, looks, paints, saves drafts, decides."""

from __future__ import annotations

import asyncio
import random
import time
import zlib
from dataclasses import dataclass

import httpx

from tests.load.figures import Figures, Saved

_RIVAL_SHARE = 0.05
"""So often somebody saves on a revision that is out of date, which must be refused."""


@dataclass
class Person:
    """One person with a browser tab.

    Attributes:
        clients: connections to the studios; each request goes to one of them, as a proxy would send it.
        think_s: mean time between two things that the person does.
        end_s: on the clock of `time.monotonic`; nothing new is begun later.
    """

    name: str
    clients: list[httpx.AsyncClient]
    figures: Figures
    dataset_id: int
    think_s: float
    end_s: float

    def __post_init__(self) -> None:
        self._chance = random.Random(self.name)

    async def work(self) -> None:
        """Work until the time is over or no picture is left."""
        await asyncio.sleep(self._chance.uniform(0, self.think_s))
        while time.monotonic() < self.end_s:
            answer = await self._ask(
                "POST", f"/api/datasets/{self.dataset_id}/next", json={"holder": self.name, "order": "name"}
            )
            if answer is None or answer.status_code >= 400:
                await self._think()
                continue
            lease = answer.json()["lease"]
            if lease is None:
                return
            item_id = lease["item_id"]
            self.figures.given(item_id, self.name)
            await self._do(item_id)
            self.figures.holders.pop(item_id, None)

    async def _do(self, item_id: int) -> None:
        path = f"/api/items/{item_id}"
        _, shown, _, _ = await asyncio.gather(
            self._ask("GET", f"{path}/image"),
            self._ask("GET", f"{path}/mask"),
            self._ask("GET", f"{path}/cams"),
            self._ask("GET", path),
        )
        if shown is None or shown.status_code >= 400:
            return
        revision = _revision(shown)
        height, width = (int(part) for part in shown.headers["x-mask-shape"].split(","))
        for _ in range(self._chance.randint(1, 3)):
            await self._think()
            mask = bytearray(height * width)
            at = self._chance.randrange(len(mask))
            mask[at : at + width] = bytes([1]) * len(mask[at : at + width])
            await self._ask("POST", f"{path}/lease", json={"holder": self.name})
            earlier = revision
            revision = await self._save(item_id, revision, bytes(mask))
            if self._chance.random() < _RIVAL_SHARE:
                await self._save(item_id, earlier, bytes(height * width))
        await self._think()
        answer = await self._ask(
            "POST",
            f"{path}/decision",
            json={"action": "accept", "seconds_spent": 1},
            headers={"If-Match": f'"{revision}"'},
        )
        if answer is not None and answer.status_code == 200:
            self.figures.saved.append(Saved(item_id, revision, _revision(answer), self.name))
            self.figures.finished += 1

    async def _save(self, item_id: int, expected: int, mask: bytes) -> int:
        """Save a draft; returns the revision that the next change is based on."""
        answer = await self._ask(
            "PUT",
            f"/api/items/{item_id}/mask",
            content=zlib.compress(mask, 1),
            headers={"If-Match": f'"{expected}"', "Content-Encoding": "deflate"},
        )
        if answer is None:
            return expected
        if answer.status_code == 412:
            self.figures.conflicts += 1
        if answer.status_code != 200:
            return expected
        self.figures.saved.append(Saved(item_id, expected, _revision(answer), self.name, zlib.crc32(mask)))
        return _revision(answer)

    async def _ask(self, method: str, path: str, **body: object) -> httpx.Response | None:
        client = self._chance.choice(self.clients)
        return await ask(client, self.figures, method, path, **body)

    async def _think(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self.think_s)


async def ask(
    client: httpx.AsyncClient, figures: Figures, method: str, path: str, **body: object
) -> httpx.Response | None:
    """Send a request and note its time by route; None where no answer came."""
    route = f"{method} {'/'.join('{id}' if part.isdigit() else part for part in path.split('/'))}"
    began = time.perf_counter()
    try:
        answer = await client.request(method, path, **body)  # type: ignore[arg-type]
    except httpx.HTTPError:
        figures.unreachable += 1
        return None
    figures.answered(route, answer.status_code, time.perf_counter() - began)
    return answer


def _revision(answer: httpx.Response) -> int:
    return int(answer.headers["etag"].strip('W/"'))

"""Whoever waits for something that is computed keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import numpy as np
import pytest

from puzzlecam_app import display
from puzzlecam_app.app import create_api
from puzzlecam_app.lanes import SAVES
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH, colour_model

PEOPLE = 60
PATIENCE_S = 60  # only what hangs for ever takes so long
Result = TypeVar("Result")


def _in_a_loop(work: Callable[[httpx.AsyncClient], Awaitable[Result]], services: Services) -> Result:
    async def run() -> Result:
        transport = httpx.ASGITransport(create_api(services))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:7860", timeout=None
        ) as client:
            return await asyncio.wait_for(work(client), PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: other tests may have left a loop running here
        return pool.submit(asyncio.run, run()).result()


@pytest.fixture
def held(services: Services, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The model is asked for (first event) and does not come before the second event."""
    asked, release = threading.Event(), threading.Event()

    def load() -> object:
        asked.set()
        release.wait(PATIENCE_S)
        return colour_model()

    blocked = Predictor(load, services.workspace.cams_dir)
    monkeypatch.setattr(services.proposals, "_predictor", blocked)
    monkeypatch.setattr(services.proposals, "predictor_of", lambda _: blocked)
    return asked, release


LOOKS = ["mask", "cams", "lab", "lab/first", "lab/puzzle", "lab/side"]


@pytest.mark.parametrize("look", LOOKS)
def test_health_reads_and_saves_go_on_while_many_wait_for_a_model(
    services: Services, held: tuple[threading.Event, threading.Event], look: str
) -> None:
    asked, release = held

    async def work(client: httpx.AsyncClient) -> list[int]:
        waiting = [
            asyncio.create_task(client.get(f"/api/items/{1 + number % 2}/{look}")) for number in range(PEOPLE)
        ]
        while not asked.is_set():
            await asyncio.sleep(0)
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get("/api/items/1")).status_code == 200
        saved = await client.put(
            "/api/items/3/mask", content=bytes(HEIGHT * WIDTH), headers={"If-Match": '"0"'}
        )
        assert saved.status_code == 200
        assert not any(task.done() for task in waiting)
        release.set()
        return [answer.status_code for answer in await asyncio.gather(*waiting)]

    assert set(_in_a_loop(work, services)) == {200}


def test_health_and_reads_go_on_while_many_wait_for_superpixels(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, release = threading.Event(), threading.Event()

    def slow(*_: object) -> np.ndarray:
        asked.set()
        release.wait(PATIENCE_S)
        return np.zeros((2, 2), np.uint16)

    monkeypatch.setattr(display, "superpixels", slow)

    async def work(client: httpx.AsyncClient) -> list[int]:
        waiting = [asyncio.create_task(client.get("/api/items/1/superpixels")) for _ in range(PEOPLE)]
        while not asked.is_set():
            await asyncio.sleep(0)
        assert (await client.get("/api/health")).status_code == 200
        assert (await client.get("/api/items/1")).status_code == 200
        release.set()
        return [answer.status_code for answer in await asyncio.gather(*waiting)]

    assert set(_in_a_loop(work, services)) == {200}


def test_one_person_who_leaves_takes_nothing_from_those_who_wait_for_the_same(
    services: Services, held: tuple[threading.Event, threading.Event]
) -> None:
    asked, release = held

    async def work(client: httpx.AsyncClient) -> int:
        leaving, staying = (asyncio.create_task(client.get("/api/items/1/cams")) for _ in range(2))
        while not asked.is_set():
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        release.set()
        return (await staying).status_code

    assert _in_a_loop(work, services) == 200


def test_reads_go_on_while_many_saves_wait_for_the_lock_of_another_program(services: Services) -> None:
    people = SAVES.threads + 50  # more than there are threads of any kind

    async def work(client: httpx.AsyncClient) -> list[int]:
        with services.database.write():  # stands for another program
            saves = [
                asyncio.create_task(
                    client.put(
                        "/api/items/3/mask", content=bytes(HEIGHT * WIDTH), headers={"If-Match": '"0"'}
                    )
                )
                for _ in range(people)
            ]
            for path in ("/api/health", "/api/items/1", "/api/datasets", "/api/items/1/image"):
                assert (await client.get(path)).status_code == 200
        return [answer.status_code for answer in await asyncio.gather(*saves)]

    # All save the same, which is stored once and answered to everybody.
    assert set(_in_a_loop(work, services)) == {200}


def test_who_waits_sees_how_many_are_before_them(
    services: Services, held: tuple[threading.Event, threading.Event]
) -> None:
    asked, release = held

    async def work(client: httpx.AsyncClient) -> list[dict[str, float | None]]:
        waiting = []
        for item_id in (1, 2):
            cookie = {"Cookie": f"puzzlecam_annotator=person{item_id}"}
            waiting.append(asyncio.create_task(client.get(f"/api/items/{item_id}/mask", headers=cookie)))
            while services.proposals.place(item_id) is None or not asked.is_set():
                await asyncio.sleep(0)
        places = [(await client.get(f"/api/items/{item_id}/place")).json() for item_id in (1, 2, 3)]
        release.set()
        await asyncio.gather(*waiting)
        return places

    running, next_one, nobody = _in_a_loop(work, services)
    assert [running["ahead"], next_one["ahead"]] == [0, 1]
    assert (next_one["seconds"] or 0) > 0
    assert nobody == {"ahead": None, "seconds": None}

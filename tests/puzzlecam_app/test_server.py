"""The port that the studio listens on, and what a start says about access."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from puzzlecam_app import server
from puzzlecam_app.people.joining import join
from puzzlecam_app.server import listen
from puzzlecam_app.services import Services


def test_answers_are_sent_without_waiting_for_more() -> None:
    async def no_delay(listening: socket.socket) -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = await asyncio.start_server(connected, sock=listening)
        async with listener:
            _, writer = await asyncio.open_connection(*listening.getsockname()[:2])
            value = await found
            writer.close()
        return value

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: other tests may have left a loop running here
        assert pool.submit(asyncio.run, no_delay(listen("127.0.0.1", 0))).result() != 0


def test_a_taken_port_gives_the_next_one() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert second.getsockname()[1] > port


def start_messages(services: Services) -> list[str]:
    """What a start says about access."""
    said: list[str] = []
    server._access_key(services.settings, said.append)
    server._first_admin(services.settings, services, "http://127.0.0.1:7860", said.append)
    return said


def test_the_first_start_with_accounts_prints_a_link_that_makes_the_first_admin(
    make_services: Callable[..., Services],
) -> None:
    services = make_services(access="accounts")
    link = re.search(r"http://127.0.0.1:7860/join/(\S+)", " ".join(start_messages(services)))
    assert link is not None

    assert join(services.database, link[1], "Ann", "correct horse battery").is_admin
    assert start_messages(services) == []


def test_a_start_with_a_key_says_that_names_are_claims(make_services: Callable[..., Services]) -> None:
    key, claims = start_messages(make_services(access="key"))

    assert key.startswith("The access key is ")
    assert "only claims" in claims


def test_a_start_for_this_machine_alone_says_nothing_about_access(services: Services) -> None:
    assert start_messages(services) == []

"""The port that the studio listens on."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from puzzlecam_app.server import listen


def test_answers_are_sent_without_waiting_for_more() -> None:
    async def no_delay(listening: socket.socket) -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(connected, sock=listening)
        async with server:
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

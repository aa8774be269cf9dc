"""Time limits for clients that send slowly: the head of a request, and its body."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 20.0
"""In this time a connection sends the whole head of a request."""
BODY_S: Final = 30.0
"""In this time a body is sent, and longer only if it comes at `SLOWEST_BYTES_PER_S` or faster."""
SLOWEST_BYTES_PER_S: Final = 8 * 2**10


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP protocol with a time limit on the head of each request.

    uvicorn limits how long a connection is idle between two requests, but not how long the first one, or one
    that has begun, takes to arrive.
    """

    head_s = HEAD_S
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._end()  # a request has arrived and is being answered
        elif self._limit is None and self.timeout_keep_alive_task is None:
            self._begin()  # another one has begun

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._limit = self.loop.call_later(self.head_s, self._give_up)

    def _end(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _give_up(self) -> None:
        self._limit = None
        if self.transport.get_protocol() is self and not self.transport.is_closing():
            self.transport.close()


class BodyTime:
    """ASGI middleware that answers 408 to a body that arrives too slowly.

    Args:
        body_s: how long a body may take.
        slowest: bytes a second at which it may take longer.
    """

    def __init__(
        self, app: ASGIApp, body_s: float = BODY_S, slowest: float = float(SLOWEST_BYTES_PER_S)
    ) -> None:
        self._app = app
        self._body_s = body_s
        self._slowest = slowest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        received = 0
        is_whole = is_late = has_started = False

        async def receive_in_time() -> Message:
            nonlocal received, is_whole, is_late
            if is_whole:
                return await receive()  # waits for the client to leave
            limit = began + self._body_s + received / self._slowest - time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, limit))
            except TimeoutError:
                is_late = is_whole = True
                return {"type": "http.disconnect"}  # the reader gives up; what it answers is replaced below
            received += len(message.get("body", b""))
            is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def send_unless_late(message: Message) -> None:
            nonlocal has_started
            if is_late and not has_started:
                return
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive_in_time, send_unless_late)
        except Exception:
            if not is_late or has_started:
                raise
        if is_late and not has_started:
            await _late()(scope, receive, send)


def _late() -> JSONResponse:
    answer: dict[str, Any] = {
        "message": "the request was sent too slowly",
        "where": None,
        "remedy": "Check the connection and try again",
    }
    return JSONResponse(answer, status_code=408, headers={"Connection": "close"})

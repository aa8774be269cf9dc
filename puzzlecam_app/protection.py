"""Limits on the bodies of requests, and security headers on every answer."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES: Final = 2 * 2**20
"""Far more than any form or decision needs. Mask routes have their own limit, from the picture's size."""

_MASK_PATHS: Final = {
    "PUT": re.compile(r"/api/items/\d+/mask"),
    "POST": re.compile(r"/api/items/\d+/refine"),
}
_ANSWER_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Against clickjacking: another site could frame the studio and turn a click into a decision.
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}


class SafeHeaders:
    """ASGI middleware that adds security headers to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ANSWER_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """ASGI middleware that answers 413 instead of holding a body of more than `limit` bytes in memory.

    A request that announces too long a body is refused at once. All others are counted as they arrive,
    because a Content-Length can be missing or wrong.
    """

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_mask(scope):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > self._limit:
            await self._refusal()(scope, receive, send)
            return
        received = 0
        has_started = is_refused = False

        async def receive_counted() -> Message:
            nonlocal received, is_refused
            message = await receive()
            received += len(message.get("body", b""))
            if received <= self._limit:
                return message
            is_refused = True
            return {"type": "http.disconnect"}  # the route gives up; its answer is replaced below

        async def send_unless_refused(message: Message) -> None:
            nonlocal has_started
            if is_refused and not has_started:
                return
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive_counted, send_unless_refused)
        except Exception:
            if not is_refused or has_started:
                raise
        if is_refused and not has_started:
            await self._refusal()(scope, receive, send)

    def _refusal(self) -> JSONResponse:
        return JSONResponse(
            {
                "message": f"the request is larger than {self._limit / 2**20:.0f} MB",
                "where": None,
                "remedy": "Send a smaller body",
            },
            status_code=413,
            headers={"Connection": "close"},
        )


def _is_mask(scope: Scope) -> bool:
    path = _MASK_PATHS.get(scope["method"])
    return path is not None and path.fullmatch(scope["path"]) is not None

"""Limits on the bodies of requests, and security headers on every answer."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.sub_path import own_path

MAX_BODY_BYTES: Final = 2 * 2**20
"""Far more than any form or decision needs. Mask routes have their own limit, from the picture's size."""

_MASK_PATHS: Final = {
    "PUT": re.compile(r"/api/items/\d+/mask"),
    "POST": re.compile(r"/api/items/\d+/refine"),
}
_ANSWER_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # A foreign page must not frame the studio under its own buttons: a click on Accept would be a decision.
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Gradio's pages contain inline scripts and styles, and build functions from strings. No other host is used.
_PAGE_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
# An answer that is not a page never runs a script, even if a browser opens it as a page.
_DATA_POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
# Gradio's routes for files, and for calling a page's functions without a page. No page needs them.
_CLOSED: Final = re.compile(
    r"/gradio_api/(api|call)/"
    r"|(/gradio_api)?/(upload|upload_progress|process_recording|stream|proxy=|file=|file/|vibe-|undo-vibe-"
    r"|custom_component|component_server|run-history|profiling|deep_link|monitoring)"
)


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
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _DATA_POLICY)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class ClosedRoutes:
    """ASGI middleware that answers 404 on those of Gradio's routes that no page uses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _CLOSED.match(own_path(scope)) is None:
            await self._app(scope, receive, send)
            return
        answer = {
            "message": "there is no such page",
            "where": scope["path"],
            "remedy": "Use the pages",
        }
        await JSONResponse(answer, status_code=404)(scope, receive, send)


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
    return path is not None and path.fullmatch(own_path(scope)) is not None

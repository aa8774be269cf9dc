"""Measures every request and logs it."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.monitoring.json_lines import log_request
from puzzlecam_app.monitoring.metrics import Metrics
from puzzlecam_app.monitoring.request_ids import id_of
from puzzlecam_app.monitoring.routes import ids_of, route_of


class MeasuredRequests:
    """ASGI middleware that counts and times requests; with `is_logged` it logs a line for each.

    The time ends when the last byte of the answer was handed to the server. An open stream of events is
    therefore counted when it ends.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, is_logged: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._is_logged = is_logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})  # middleware behind this one may copy the scope, but not the state
        status = 500

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        self._metrics.begun()
        try:
            await self._app(scope, receive, send_and_look)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.answered(scope["method"], route_of(scope), status, seconds)
            if self._is_logged:
                client = scope.get("client")
                log_request(
                    request_id=id_of(scope),
                    method=scope["method"],
                    route=route_of(scope),
                    status=status,
                    milliseconds=round(1000 * seconds, 1),
                    client=client[0] if client else None,
                    **ids_of(scope),
                )

"""The id of the request that is being answered: in every answer, in every log line, and in error files."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID: Final = "X-Request-Id"
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_current: ContextVar[str | None] = ContextVar("puzzlecam_request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that this code works for; None in background work."""
    return _current.get()


def id_of(scope: Scope) -> str:
    """The id that `RequestIds` gave a request; a new one where that middleware is not in front."""
    state = scope.setdefault("state", {})
    request_id: str = state.setdefault("request_id", secrets.token_hex(4))
    return request_id


class RequestIds:
    """ASGI middleware that gives every request an id and sends it back in `X-Request-Id`.

    An id that a proxy has given is kept if it is 8 to 64 letters, digits and hyphens. It must be in front of
    the middleware that replaces the proxy's address by that of the client.

    Args:
        proxies: addresses or networks whose ids are accepted.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self._app = app
        self._takes_all = "*" in proxies
        self._networks = [network for one in proxies if (network := _network(one)) is not None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        if _WELL_FORMED.fullmatch(given) and self._is_proxy(scope):
            scope.setdefault("state", {})["request_id"] = given
        request_id = id_of(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        token = _current.set(request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _current.reset(token)

    def _is_proxy(self, scope: Scope) -> bool:
        if self._takes_all:
            return True
        client = scope.get("client")
        try:
            address = ipaddress.ip_address(client[0] if client else "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None

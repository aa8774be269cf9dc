"""Events that pages send to Gradio: only those that a page can send are let through."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.sub_path import own_path

_ROUTES: Final = re.compile(r"/gradio_api/(queue/join|run/[^/]*/?)")


class PageEvents:
    """ASGI middleware that answers 422 to an event that no page sends; Gradio itself would fail on it.

    The pages' events are in `app.state.page_events`: number of inputs by number of the event. The whole body
    is read, so that this middleware must be inside the limits on bodies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_event = (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and _ROUTES.fullmatch(own_path(scope)) is not None
        )
        if not is_event:
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []
        while True:
            messages.append(await receive())
            if messages[-1]["type"] != "http.request" or not messages[-1].get("more_body", False):
                break
        body = b"".join(message.get("body", b"") for message in messages)
        if messages[-1]["type"] == "http.request" and not _is_event(body, scope["app"].state.page_events):
            answer = {
                "message": "this is not an event of a page",
                "where": scope["path"],
                "remedy": "Load the page again",
            }
            await JSONResponse(answer, status_code=422)(scope, receive, send)
            return
        waiting = iter(messages)

        async def receive_again() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, receive_again, send)


def _is_event(body: bytes, inputs_of: Mapping[int, int]) -> bool:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(event, dict)
        and type(event.get("fn_index")) is int
        and isinstance(event.get("data"), list)
        and inputs_of.get(event["fn_index"]) == len(event["data"])
        and isinstance(event.get("session_hash"), str)
    )

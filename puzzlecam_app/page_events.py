"""Events that pages send to Gradio's queue: only those that a page can send are let through."""

from __future__ import annotations

import json
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from puzzlecam_app.sub_path import own_path

_JOIN: Final = "/gradio_api/queue/join"


class PageEvents:
    """ASGI middleware that answers 422 to an event that no page sends; Gradio itself would fail on it.

    The numbers of the pages' events are in `app.state.page_events`. It reads the whole body, so that it must
    be inside the limits on bodies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or own_path(scope) != _JOIN or scope["method"] != "POST":
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


def _is_event(body: bytes, known: frozenset[int]) -> bool:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(event, dict)
        and type(event.get("fn_index")) is int
        and event["fn_index"] in known
        and isinstance(event.get("data"), list)
        and isinstance(event.get("session_hash"), str)
    )

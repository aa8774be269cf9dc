"""Events of Gradio pages pass the same gate: by the role of the page, and by the datasets that they name."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from puzzlecam_app.people.cookies import SESSION_COOKIE
from puzzlecam_app.people.gate import Gate
from puzzlecam_app.services import Services

REVIEW, EXPORT = 0, 7


class State:
    event_pages = {REVIEW: "", EXPORT: "export"}  # noqa: RUF012


class App:
    state = State()


@pytest.fixture
def send(team: Services) -> Any:
    """Send an event as somebody; gives the status and what arrived behind the gate."""

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        await PlainTextResponse(body)(scope, receive, send)

    gate = Gate(inside, team)

    async def with_app(scope: Scope, receive: Receive, send: Send) -> None:
        await gate({**scope, "app": App()}, receive, send)

    client = TestClient(with_app, base_url="http://127.0.0.1:7860")

    def event(sender: str | None, number: object, *data: object) -> int:
        client.cookies.clear()
        if sender is not None:
            client.cookies.set(SESSION_COOKIE, sender)
        sent = {"fn_index": number, "data": list(data), "session_hash": "x"}
        answer = client.post("/gradio_api/queue/join", json=sent)
        if answer.status_code == 200:
            assert f'"fn_index":{number}' in answer.text.replace(" ", "")
        return answer.status_code

    return event


@pytest.mark.parametrize(
    ("sender", "number", "data", "expected"),
    [
        (None, REVIEW, [], 401),
        ("nobody", REVIEW, [], 200),
        ("reviewer", EXPORT, [], 403),
        ("lead", EXPORT, [], 200),
        ("lead", EXPORT, ["colours", ["accepted"]], 200),
        ("lead", EXPORT, ["other"], 403),
        ("lead", EXPORT, [" other "], 403),
        ("lead", EXPORT, [{"a": ["other"]}], 403),
        ("admin", EXPORT, ["other"], 200),
        ("admin", 99, [], 422),
        ("admin", [], [], 422),
    ],
)
def test_an_event_needs_the_role_of_its_page_on_the_datasets_it_names(
    send: Any, sender: str | None, number: object, data: list[object], expected: int
) -> None:
    assert send(sender, number, *data) == expected

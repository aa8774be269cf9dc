"""Requests have ids, are counted by route, and are logged without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Scope

from puzzlecam_app.app import create_api
from puzzlecam_app.incidents import warnings_kept_in
from puzzlecam_app.monitoring.json_lines import json_on
from puzzlecam_app.monitoring.request_ids import RequestIds, current_request_id
from puzzlecam_app.monitoring.routes import remember_route, route_of, shown_path
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH, add_colours

GIVEN = "0af7651916cd43dd8448eb211c80319c"


def _echo(proxies: list[str], client: str = "10.0.0.7") -> TestClient:
    async def seen(_: Request) -> PlainTextResponse:
        return PlainTextResponse(str(current_request_id()))

    app = Starlette(routes=[Route("/", seen)], middleware=[Middleware(RequestIds, proxies=proxies)])
    return TestClient(app, client=(client, 50_000))


def test_the_id_of_a_known_proxy_is_kept_and_known_while_the_request_is_answered() -> None:
    answer = _echo(["10.0.0.0/24"]).get("/", headers={"X-Request-Id": GIVEN})
    assert answer.headers["x-request-id"] == answer.text == GIVEN
    assert current_request_id() is None


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "0af765 1916cd", 'x"},{"level":"e', "müller-müller"]
)
def test_an_id_that_is_not_well_formed_is_replaced(given: str) -> None:
    answer = _echo(["*"]).get("/", headers={"X-Request-Id": given.encode()})
    assert answer.headers["x-request-id"] == answer.text != given


def test_nobody_but_a_proxy_chooses_the_id() -> None:
    answer = _echo(["127.0.0.1"]).get("/", headers={"X-Request-Id": GIVEN})
    assert answer.text != GIVEN


def test_a_route_is_named_by_its_template_and_a_path_is_shown_without_secrets() -> None:
    scope: Scope = {"type": "http", "path": "/studio/join/abc123"}
    assert route_of(scope) == "other"
    remember_route(scope, "/api/items/{item_id}", {"item_id": "17"})
    assert route_of(scope) == "/api/items/{item_id}"
    assert shown_path(scope) == "/studio/join/..."


@pytest.fixture
def lines(
    make_services: Callable[..., Services], tmp_path: Path
) -> Callable[[Callable[[TestClient], None]], list[dict[str, object]]]:
    """Do something with a studio that logs JSON, and read the lines."""

    def logged(work: Callable[[TestClient], None]) -> list[dict[str, object]]:
        services = make_services(log_format="json")
        add_colours(services, tmp_path / "pictures")
        stream = io.StringIO()
        with json_on(stream), TestClient(create_api(services), base_url="http://127.0.0.1:7860") as client:
            work(client)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return logged


def test_a_json_log_has_a_line_for_each_request(
    lines: Callable[[Callable[[TestClient], None]], list[dict[str, object]]],
) -> None:
    found = lines(lambda client: client.get("/api/items/2", headers={"X-Request-Id": GIVEN}))
    (line,) = [line for line in found if line["logger"] == "puzzlecam_app.requests"]
    assert line | {"time": 0, "milliseconds": 0, "request_id": 0} == {
        "time": 0,
        "level": "info",
        "logger": "puzzlecam_app.requests",
        "message": "request",
        "request_id": 0,
        "method": "GET",
        "route": "/api/items/{item_id}",
        "status": 200,
        "milliseconds": 0,
        "client": "testclient",
        "item_id": 2,
    }


def test_a_log_contains_no_secret(
    lines: Callable[[Callable[[TestClient], None]], list[dict[str, object]]],
) -> None:
    def work(client: TestClient) -> None:
        secret = {"Authorization": "Bearer pcam_tellnobody", "Cookie": "puzzlecam_session=tellnobody"}
        client.get("/join/tellnobody", headers=secret)
        client.get("/api/datasets?key=tellnobody", headers=secret)

    assert "tellnobody" not in json.dumps(lines(work))


def test_a_json_log_keeps_the_stack_of_an_error(tmp_path: Path) -> None:
    stream = io.StringIO()
    with json_on(stream), warnings_kept_in(tmp_path):
        try:
            raise ValueError("broken")
        except ValueError:
            logging.getLogger("puzzlecam_app.somewhere").exception("two\nlines")
    (line,) = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert (line["level"], line["message"], line["error"]) == ("error", "two\nlines", "ValueError")
    assert "broken" in line["stack"]


def test_metrics_count_requests_saves_and_work(client: TestClient) -> None:
    draft = {"content": bytes(HEIGHT * WIDTH), "headers": {"If-Match": '"0"'}}
    assert client.put("/api/items/3/mask", **draft).status_code == 200
    assert (
        client.put("/api/items/3/mask", **draft | {"content": bytes([1]) * HEIGHT * WIDTH}).status_code == 412
    )
    assert client.get("/api/items/1/cams").status_code == 200
    client.get("/no/such/page")
    answer = client.get("/metrics")
    found = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    route = "/api/items/{item_id}/mask"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found[f'puzzlecam_requests_total{{method="PUT",route="{route}",status="200"}}'] == "1.0"
    assert found[f'puzzlecam_request_seconds_count{{method="PUT",route="{route}"}}'] == "2.0"
    assert found['puzzlecam_saves_total{outcome="stored"}'] == "1.0"
    assert found['puzzlecam_saves_total{outcome="conflict"}'] == "1.0"
    assert float(found['puzzlecam_work_seconds_count{priority="now"}']) >= 1
    assert found['puzzlecam_work_waiting{priority="now"}'] == "0.0"
    assert found['puzzlecam_runs{status="failed"}'] == "0.0"
    assert found["puzzlecam_database_up"] == found['puzzlecam_health{check="disk"}'] == "1.0"
    assert float(found["puzzlecam_disk_free_bytes"]) > 0
    assert 'puzzlecam_lane_waiting{lane="saves"}' in found
    assert 'route="other"' in answer.text
    assert "/no/such/page" not in answer.text

"""Numbers, texts and paths at the edge of what can be written are refused in words."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from puzzlecam_app.app import create_app
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_roots import check_import_path
from puzzlecam_app.services import Services
from puzzlecam_app.settings import Settings
from puzzlecam_app.user_paths import user_path

HUGE = 2**70


@pytest.mark.parametrize(
    "body",
    [
        '{"older_than_days": 1e12}',
        '{"keep_gb": 1e999}',
        '{"keep_gb": NaN}',
        f'{{"runs": [{HUGE}]}}',
        "[" * 10_000,
    ],
)
def test_runs_are_not_pruned_by_impossible_numbers(client: TestClient, body: str) -> None:
    answer = client.post("/api/runs/prune", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"cloned_from": HUGE},
        {"settings": {"name": "\ud800"}},
        {"settings": {"\udfff": 1}},
        {"name": "\ud800"},
    ],
)
def test_a_run_is_not_started_with_impossible_settings(client: TestClient, change: dict[str, Any]) -> None:
    body = json.dumps({"dataset_id": 1, "recipe": "tiny", "device": "cpu"} | change)
    answer = client.post("/api/runs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_runs_with_impossible_numbers_are_not_compared(client: TestClient) -> None:
    assert client.get(f"/api/runs/compare/side-by-side?ids=1&ids={HUGE}").status_code == 422


@pytest.mark.parametrize(
    "place", [["name", "a", HUGE], ["name", "a", True], ["name", None, 1], [], {}, "x", ["name", "\ud800", 1]]
)
def test_a_page_of_the_queue_is_not_found_by_a_made_up_cursor(client: TestClient, place: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    assert client.get("/api/datasets/1/items", params={"order": "name", "after": cursor}).status_code == 422


def test_a_mask_is_not_saved_over_an_impossible_revision(client: TestClient) -> None:
    answer = client.put("/api/items/1/mask", content=b"", headers={"If-Match": f'"{"9" * 5000}"'})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["~nosuchuser/pictures", "a\0b", "a" * 5000, "/x/" + "\ud800"])
def test_an_impossible_path_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no such user|character|too long"):
        user_path(path)
    with pytest.raises(UserError):
        check_import_path(Settings(workspace=tmp_path), Path(path))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from tests.puzzlecam_app.conftest import open_services

    services: Services = open_services(tmp_path_factory.mktemp("pages"))
    with TestClient(create_app(services), base_url="http://127.0.0.1:7860") as client:
        yield client


@pytest.mark.parametrize(
    "event",
    [
        {"fn_index": -1},
        {"fn_index": HUGE},
        {"fn_index": "0"},
        {"fn_index": True},
        {},
        {"fn_index": 0, "data": [1] * 50},
    ],
)
def test_an_event_that_no_page_sends_is_refused(pages: TestClient, event: dict[str, Any]) -> None:
    body = {"data": [], "session_hash": "x"} | event
    for path in ("/gradio_api/queue/join", "/gradio_api/run/predict"):
        assert pages.post(path, json=body).status_code == 422


@pytest.mark.parametrize("route", ["api", "call"])
def test_functions_of_pages_are_not_called_without_a_page(pages: TestClient, route: str) -> None:
    path = f"/gradio_api/{route}/predict"
    assert pages.post(path, json={"data": [], "fn_index": 0, "session_hash": "x"}).status_code == 404

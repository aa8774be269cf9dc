"""Unexpected errors are kept in the logs, under the number that the person is shown."""

import logging
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from puzzlecam_app.incidents import Incidents, keep, warnings_kept_in
from puzzlecam_app.monitoring.request_ids import RequestIds


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    async def fail(request: Request) -> PlainTextResponse:
        raise RuntimeError("the secret reason")

    async def work(request: Request) -> PlainTextResponse:
        return PlainTextResponse("good")

    numbered = [Middleware(RequestIds, proxies=[]), Middleware(Incidents, logs_dir=tmp_path / "logs")]
    mounted = Mount("/pages", Starlette(routes=[Route("/fail", fail)]))
    app = Starlette(routes=[Route("/fail", fail), Route("/work", work), mounted], middleware=numbered)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/fail", "/pages/fail"])  # a mounted app answers by itself before it raises
def test_an_error_is_kept_under_the_number_that_is_shown(
    client: TestClient, tmp_path: Path, path: str
) -> None:
    answer = client.get(path)
    number = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert f"request {number}" in answer.json()["message"]
    assert "secret reason" not in answer.text
    (log,) = (tmp_path / "logs").glob(f"error-*-{number}.log")
    assert "the secret reason" in log.read_text()
    assert "/fail" in log.read_text()


def test_every_answer_has_a_number_of_its_own(client: TestClient) -> None:
    assert len({client.get("/work").headers["x-request-id"] for _ in range(5)}) == 5


def test_an_error_is_answered_where_nothing_can_be_kept(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in place of the folder")
    assert client.get("/fail").status_code == 500


def test_old_errors_give_way(tmp_path: Path) -> None:
    for number in range(210):
        (tmp_path / f"error-20200101T000000-{number:03}.log").touch()
    kept = keep(RuntimeError("new"), tmp_path, "1-abc")
    assert kept is not None
    assert kept.exists()
    assert len(list(tmp_path.glob("error-*.log"))) == 200


def test_warnings_of_background_work_are_kept(tmp_path: Path) -> None:
    with warnings_kept_in(tmp_path):
        logging.getLogger("puzzlecam_app.somewhere").warning("the queue stumbled")
        logging.getLogger("uvicorn.error").error("a connection broke")
    text = (tmp_path / "studio.log").read_text()
    assert "the queue stumbled" in text
    assert "a connection broke" in text

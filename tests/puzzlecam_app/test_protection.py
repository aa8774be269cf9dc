"""Every request is limited in size, whatever its headers say, and every answer has safe headers."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel

from puzzlecam_app.protection import BodyLimit, ClosedRoutes, SafeHeaders

LIMIT = 1000


class Note(BaseModel):
    text: str


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()

    @app.post("/note")
    def note(note: Note) -> int:
        return len(note.text)

    @app.put("/api/items/{item}/mask")
    async def mask(item: int, request: Request) -> int:
        return len(await request.body())

    app.add_middleware(BodyLimit, limit=LIMIT)
    app.add_middleware(SafeHeaders)
    return TestClient(app)


JSON = {"Content-Type": "application/json"}


def _chunks(size: int) -> Iterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 100):
        yield b"a" * 100
    yield b'"}'


def test_a_body_within_the_limit_passes(client: TestClient) -> None:
    assert client.post("/note", json={"text": "a" * 500}).json() == 500
    assert client.post("/note", content=_chunks(500), headers=JSON).json() == 500


def test_a_body_that_announces_too_much_is_refused(client: TestClient) -> None:
    answer = client.post("/note", json={"text": "a" * 2000})
    assert answer.status_code == 413
    assert "larger than" in answer.json()["message"]


def test_a_body_that_announces_nothing_is_counted(client: TestClient) -> None:
    answer = client.post("/note", content=_chunks(2000), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["remedy"]


def test_masks_are_left_to_their_route(client: TestClient) -> None:
    assert client.put("/api/items/3/mask", content=b"0" * 2000).json() == 2000
    assert client.put("/api/items/3/mask/../x", content=b"0" * 2000).status_code == 413


def test_no_foreign_page_may_frame_an_answer_or_guess_its_type(client: TestClient) -> None:
    for answer in (client.post("/note", json={"text": ""}), client.get("/nowhere")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_nothing_foreign_is_allowed_and_no_foreign_page_may_use_an_answer(client: TestClient) -> None:
    headers = client.get("/nowhere").headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


@pytest.mark.parametrize(
    "path", ["/gradio_api/upload", "/upload", "/gradio_api/file=/etc/passwd", "/proxy=x"]
)
def test_the_routes_of_gradio_for_files_are_closed(path: str) -> None:
    answer = TestClient(ClosedRoutes(FastAPI())).post(path, files={"files": b"a"})
    assert answer.status_code == 404
    assert answer.json()["message"] == "there is no such page"

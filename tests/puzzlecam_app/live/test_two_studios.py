"""Two studios on one PostgreSQL: people on both work together as on one."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from db.notices import Notices
from puzzlecam_app.app import create_api
from puzzlecam_app.services import Services
from tests.postgresql import new_postgresql
from tests.puzzlecam_app.live.conftest import SIDE, add_pictures, green_mask

PATIENCE_S = 60


@pytest.fixture
def studios(
    make_live: Callable[..., Services], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[tuple[Services, TestClient], tuple[Services, TestClient]]]:
    url = new_postgresql(request.getfixturevalue("postgresql_server"), f"two_{uuid.uuid4().hex}")
    first, second = (make_live(url=url.replace("postgresql:", "postgresql+psycopg:")) for _ in range(2))
    add_pictures(first, tmp_path / "pictures")
    with ExitStack() as stack:
        clients = []
        for services, name in ((first, "Ann"), (second, "Ben")):
            client = TestClient(create_api(services), base_url="http://127.0.0.1:7860")
            client.cookies.set("puzzlecam_annotator", name)
            clients.append(stack.enter_context(client))
        yield (first, clients[0]), (second, clients[1])


def _told(services: Services, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the studio has heard of a decision and has queued what it learns from it."""
    heard = threading.Event()
    learn = services.live_work.decided

    def note(item_id: int) -> None:
        learn(item_id)
        heard.set()

    monkeypatch.setattr(services.live_work, "decided", note)
    services.notices.start(PATIENCE_S)
    assert services.notices._is_listening.wait(PATIENCE_S)
    return heard


def test_people_on_two_studios_share_leases_conflicts_decisions_and_what_was_learned(
    studios: tuple[tuple[Services, TestClient], tuple[Services, TestClient]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, ann), (second, ben) = studios
    heard = _told(second, monkeypatch)
    items = []
    for client, holder in ((ann, "tab of ann"), (ben, "tab of ben")):
        answer = client.post("/api/datasets/1/next", json={"holder": holder, "order": "name"})
        items.append(answer.json()["lease"]["item_id"])
    assert items == [1, 2]

    mask = green_mask(1).tobytes()
    saved = ann.put("/api/items/1/mask", content=mask, headers={"If-Match": '"0"'})
    assert saved.status_code == 200
    stale = ben.put("/api/items/1/mask", content=bytes(SIDE * SIDE), headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    assert stale.json()["current"]["author"] == "Ann"
    seen = ben.get("/api/items/1/mask")
    assert seen.headers["etag"] == saved.headers["etag"]
    assert seen.content == mask

    accepted = ann.post(
        "/api/items/1/decision", json={"action": "accept"}, headers={"If-Match": saved.headers["etag"]}
    )
    assert accepted.status_code == 200
    assert heard.wait(PATIENCE_S)
    for _ in range(200):
        if second.live.state(1).masks:
            break
        second.proposals.queue.submit("at the end", lambda: None, 9).result(PATIENCE_S)  # type: ignore[arg-type]
    assert second.live.state(1).masks == 1
    seen_by = [client.get("/api/datasets/1/progress").json() for client in (ann, ben)]
    assert [(seen["done"], seen["decisions"]) for seen in seen_by] == [(1, 1), (1, 0)]


def test_a_studio_does_not_hear_itself_and_looks_again_after_an_interruption(
    studios: tuple[tuple[Services, TestClient], tuple[Services, TestClient]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, _), (second, _) = studios
    monkeypatch.setattr("db.notices._AGAIN_S", 0.05)
    told: list[tuple[str, int]] = []
    arrived, missed = threading.Event(), threading.Event()

    def hear(kind: str, number: int) -> None:
        told.append((kind, number))
        arrived.set()

    notices = Notices(first.database, hear, missed.set)
    notices.start(PATIENCE_S)
    notices.tell("live", 1)
    second.notices.tell("decided", 2)
    assert arrived.wait(PATIENCE_S)
    assert told == [("decided", 2)]
    with first.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query = 'LISTEN puzzlecam' AND datname = current_database()"
        )
    assert missed.wait(PATIENCE_S)
    notices.close()


def test_with_sqlite_nothing_is_sent(live: Services) -> None:
    live.notices.start()
    live.notices.tell("live", 1)
    assert not live.notices.is_used

"""Nobody meets on one picture: leases through the routes."""

import threading
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient

from db.annotations import history
from db.items import ItemSpec, upsert_items
from puzzlecam_app.app import create_api
from puzzlecam_app.auth import ANNOTATOR_COOKIE
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH

PEOPLE = 30
MASK = np.zeros((HEIGHT, WIDTH), np.uint8)


def as_person(client: TestClient, name: str) -> dict[str, str]:
    """Headers of a request of that person."""
    return {"Cookie": f"{ANNOTATOR_COOKIE}={name}"}


def lease(client: TestClient, name: str, item: int = 1, **wanted: object) -> dict[str, object]:
    answer = client.post(
        f"/api/items/{item}/lease", json={"holder": name, **wanted}, headers=as_person(client, name)
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def take_next(client: TestClient, name: str, **wanted: object) -> int | None:
    answer = client.post(
        "/api/datasets/1/next", json={"holder": name, **wanted}, headers=as_person(client, name)
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()["lease"]
    return None if found is None else int(found["item_id"])


def save(client: TestClient, name: str, item: int, etag: str, mask: np.ndarray) -> str:
    answer = client.put(
        f"/api/items/{item}/mask",
        content=zlib.compress(mask.tobytes()),
        headers={"If-Match": etag, "Content-Encoding": "deflate", **as_person(client, name)},
    )
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def test_opening_a_leased_picture_says_who_has_it(client: TestClient) -> None:
    assert lease(client, "Ann")["granted"] is True
    refused = lease(client, "Bob")
    assert (refused["granted"], refused["own"], refused["user"]) == (False, False, "Ann")


def test_a_refused_lease_does_not_stop_a_save(client: TestClient) -> None:
    lease(client, "Ann")
    assert lease(client, "Bob")["granted"] is False
    assert save(client, "Bob", 1, '"0"', MASK) != '"0"'


def test_next_skips_pictures_that_others_have(client: TestClient) -> None:
    found = [take_next(client, name, order="name") for name in ("Ann", "Bob", "Cyd", "Dan")]
    assert found == [1, 2, 3, None]


def test_a_tab_has_one_picture_at_a_time(client: TestClient) -> None:
    lease(client, "Ann", 1)
    lease(client, "Ann", 2)
    assert lease(client, "Bob", 1)["granted"] is True


def test_a_released_picture_and_an_accepted_one_are_free(client: TestClient) -> None:
    lease(client, "Ann", 1)
    left = client.post("/api/items/1/lease/release", json={"holder": "Ann"}, headers=as_person(client, "Ann"))
    assert left.status_code == 204
    assert lease(client, "Bob", 1)["granted"] is True
    etag = save(client, "Bob", 1, '"0"', MASK)
    decided = client.post(
        "/api/items/1/decision",
        json={"action": "accept"},
        headers={"If-Match": etag, **as_person(client, "Bob")},
    )
    assert decided.status_code == 200
    assert lease(client, "Cyd", 1)["granted"] is True


def test_thirty_people_never_get_the_same_picture_and_no_save_is_lost(
    services: Services, tmp_path: Path
) -> None:
    with services.database.write() as session:
        specs = [
            ItemSpec(f"n{number}", "a.png", f"{number:064}", WIDTH, HEIGHT, 1, "image/png")
            for number in range(3 * PEOPLE)
        ]
        added = set(upsert_items(session, 1, specs).ids.values())
    app = create_api(services)
    got: Counter[int] = Counter()
    saved: dict[int, str] = {}
    lock = threading.Lock()

    def work(number: int, client: TestClient) -> None:
        name = f"person-{number}"
        for turn in range(2):
            item = take_next(client, name, order="name")
            assert item is not None
            mask = np.full((HEIGHT, WIDTH), 1 + (number + turn) % 2, np.uint8)
            etag = save(client, name, item, '"0"', mask)
            decided = client.post(
                f"/api/items/{item}/decision",
                json={"action": "reject"},  # takes it off the queue, and teaches the live model nothing
                headers={"If-Match": etag, **as_person(client, name)},
            )
            assert decided.status_code == 200, decided.text
            with lock:
                got[item] += 1
                saved[item] = name

    with TestClient(app, base_url="http://127.0.0.1:7860") as client, ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(lambda number: work(number, client), range(PEOPLE)))

    assert set(got.values()) == {1}
    assert len(got) == 2 * PEOPLE
    assert set(got) <= added | {1, 2, 3}
    with services.database.read() as session:
        for item, name in saved.items():
            assert [(one.action, one.author.name) for one in history(session, item) if one.author] == [
                ("drafted", name),
                ("rejected", name),
            ]

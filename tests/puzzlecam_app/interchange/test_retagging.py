"""Tags from a list again: shown first, then changed as by a person."""

from typing import Any

from fastapi.testclient import TestClient

from db.items import tags_of
from db.labels import latest_label_set
from db.leases import take
from db.users import get_or_create
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, RED

TAGS = "/api/datasets/1/tags"


def tags(services: Services) -> dict[int, tuple[int, ...]]:
    with services.database.read() as session:
        return tags_of(session, [1, 2, 3])


def apply(client: TestClient, **sent: Any) -> dict[str, Any]:
    answer = client.post(TAGS, json=sent)
    assert answer.status_code == 202, answer.text
    job = client.app.state.services.jobs.get(("tags", 1))  # type: ignore[attr-defined]
    job.thread.join(60)
    work = client.get(f"{TAGS}/work").json()
    assert work["state"] == "done", work
    return dict(work["result"])


def test_a_preview_changes_nothing_and_says_what_would_change(client: TestClient, services: Services) -> None:
    before = tags(services)
    text = "image,tags\na,red\nb.png,red\nc,blue;green\nd,red\n"
    said = client.post(f"{TAGS}/preview", json={"text": text}).json()
    assert tags(services) == before
    assert (said["listed"], said["changed"]) == (3, 2)
    assert said["added"] == {"blue": 1, "green": 1}
    assert said["removed"] == {"blue": 1}
    assert said["new_classes"] == ["green"]
    assert [one["reason"] for one in said["problems"]] == ["the dataset has no picture 'd'"]
    assert "would change" in said["sentence"]


def test_a_list_changes_tags_and_adds_classes(client: TestClient, services: Services) -> None:
    apply(client, text="image,tags\na,red\nc,blue;green\n")
    with services.database.read() as session:
        green = {one.name: one.index for one in latest_label_set(session, 1).classes}["green"]
    assert tags(services) == {1: (RED,), 2: (RED,), 3: (BLUE, green)}


def test_only_add_removes_nothing(client: TestClient, services: Services) -> None:
    apply(client, text="image,tags\na,red\nb,blue\n", only_add=True)
    assert tags(services) == {1: (BLUE, RED), 2: (BLUE, RED), 3: ()}


def test_a_picture_that_somebody_works_on_keeps_its_tags(client: TestClient, services: Services) -> None:
    with services.database.write() as session:
        take(session, 1, get_or_create(session, "Bob").id, "Bob's tab")
    result = apply(client, text="image,tags\na,red\nb,blue\n")
    assert tags(services)[1] == (BLUE, RED)
    assert result["problems"][0]["reason"] == "Bob is working on the picture, so its tags stay"


def test_a_list_that_cannot_be_read_is_refused_with_its_line(client: TestClient) -> None:
    answer = client.post(f"{TAGS}/preview", json={"text": "nonsense"})
    assert answer.status_code == 422
    assert answer.json()["where"] == "list.csv, line 1"

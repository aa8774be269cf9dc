"""The routes that show and control the live model of a dataset."""

from fastapi.testclient import TestClient

from db.live import live_rules, taught_masks
from puzzlecam_app.services import Services

LIVE = "/api/datasets/1/live"


def accept(client: TestClient, item_id: int) -> None:
    """Accept the picture's proposal as it is."""
    revision = client.get(f"/api/items/{item_id}/mask").headers["ETag"]
    answer = client.post(
        f"/api/items/{item_id}/decision", json={"action": "accept"}, headers={"If-Match": revision}
    )
    assert answer.status_code == 200, answer.text


def taught(services: Services) -> set[int]:
    with services.database.read() as session:
        return set(taught_masks(session, 1, live_rules(session, 1)))


def test_a_dataset_without_decisions_has_nothing_to_learn_from(client: TestClient) -> None:
    state = client.get(LIVE).json()
    assert (state["masks"], state["waiting"], state["paused"]) == (0, 0, False)
    assert [one["name"] for one in state["classes"]] == ["blue", "red"]


def test_the_class_with_most_unfinished_pictures_is_proposed_next(client: TestClient) -> None:
    assert client.get(LIVE).json()["next"]["name"] == "red"


def test_pausing_is_kept_until_somebody_resumes(client: TestClient) -> None:
    assert client.post(f"{LIVE}/pause").json()["paused"]
    assert client.get(LIVE).json()["paused"]
    assert not client.post(f"{LIVE}/resume").json()["paused"]


def test_a_reset_forgets_earlier_decisions_and_learns_from_later_ones(
    client: TestClient, services: Services
) -> None:
    accept(client, 1)
    assert client.post(f"{LIVE}/reset").json()["forgotten_before"] is not None
    assert taught(services) == set()
    accept(client, 2)
    assert taught(services) == {2}


def test_an_ignored_picture_teaches_nothing_until_it_is_no_longer_ignored(
    client: TestClient, services: Services
) -> None:
    accept(client, 1)
    assert client.post(f"{LIVE}/ignore", json={"item_id": 1}).json()["ignored"] == [{"id": 1, "name": "a"}]
    assert taught(services) == set()
    assert client.post(f"{LIVE}/unignore", json={"item_id": 1}).json()["ignored"] == []
    assert taught(services) == {1}


def test_an_unknown_dataset_is_not_found(client: TestClient) -> None:
    assert client.get("/api/datasets/77/live").status_code == 404
    assert client.post("/api/datasets/77/live/pause").status_code == 404


def test_a_picture_that_does_not_exist_cannot_be_ignored(client: TestClient) -> None:
    assert client.post(f"{LIVE}/ignore", json={"item_id": 999}).status_code == 404

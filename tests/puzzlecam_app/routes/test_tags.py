"""Tags by HTTP: added and refused by people, suggested by the studio."""

from fastapi.testclient import TestClient

from db.tags import SuggestedTag, store_suggestions
from puzzlecam_app.services import Services

BLUE, RED = 1, 2


def _suggest(services: Services, item_id: int, class_index: int, *, is_doubt: bool = False) -> None:
    with services.database.write() as session:
        store_suggestions(session, item_id, [SuggestedTag(class_index, is_doubt, -0.1)])


def _suggested(client: TestClient, item_id: int) -> list[tuple[str, str]]:
    answer = client.get(f"/api/items/{item_id}/tags/suggestions").json()
    return [(one["name"], one["kind"]) for one in answer["suggestions"]]


def _say(client: TestClient, item_id: int, class_index: int, action: str) -> dict[str, object]:
    answer = client.post(f"/api/items/{item_id}/tags", json={"class_index": class_index, "action": action})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_suggested_tag_is_added_and_the_picture_has_it(client: TestClient, services: Services) -> None:
    _suggest(services, 2, BLUE)
    assert _suggested(client, 2) == [("blue", "missing")]
    assert _say(client, 2, BLUE, "added")["tags"] == [BLUE, RED]
    assert client.get("/api/items/2").json()["tags"] == [BLUE, RED]
    assert _suggested(client, 2) == []


def test_a_refused_suggestion_does_not_come_back(client: TestClient, services: Services) -> None:
    _suggest(services, 2, BLUE)
    assert _say(client, 2, BLUE, "refused")["tags"] == [RED]
    _suggest(services, 2, BLUE)
    assert _suggested(client, 2) == []


def test_a_doubtful_tag_is_removed(client: TestClient, services: Services) -> None:
    _suggest(services, 1, BLUE, is_doubt=True)
    assert _suggested(client, 1) == [("blue", "doubtful")]
    assert _say(client, 1, BLUE, "removed")["tags"] == [RED]


def test_another_tag_brings_another_proposal(client: TestClient) -> None:
    client.get("/api/items/2/mask")
    assert _say(client, 2, BLUE, "added")["status"] == "new"
    assert set(client.get("/api/items/2/mask").content) == {BLUE, RED}


def test_another_tag_leaves_the_mask_of_a_person(client: TestClient) -> None:
    revision = client.get("/api/items/2/mask").headers["ETag"]
    client.post("/api/items/2/decision", json={"action": "accept"}, headers={"If-Match": revision})
    assert _say(client, 2, BLUE, "added")["status"] == "accepted"


def test_an_answer_that_changes_no_tag_keeps_the_proposal(client: TestClient) -> None:
    client.get("/api/items/2/mask")
    assert _say(client, 2, BLUE, "refused")["status"] == "proposed"


def test_the_queue_can_be_limited_to_tags_in_doubt(client: TestClient, services: Services) -> None:
    _suggest(services, 3, RED)
    listed = client.get("/api/datasets/1/items", params={"tags_in_doubt": True}).json()
    assert [one["id"] for one in listed["items"]] == [3]


def test_a_class_that_does_not_exist_is_refused(client: TestClient) -> None:
    answer = client.post("/api/items/2/tags", json={"class_index": 9, "action": "added"})
    assert answer.status_code == 422
    assert client.get("/api/items/999/tags/suggestions").status_code == 404

"""Second looks through the routes, by people with accounts."""

from collections.abc import Callable

from fastapi.testclient import TestClient

from tests.puzzlecam_app.people.conftest import as_person, studio, team  # noqa: F401 - fixtures

AsPerson = Callable[[str | None], TestClient]


def accept(client: TestClient, item: int = 1) -> str:
    etag = client.get(f"/api/items/{item}/mask").headers["etag"]
    answer = client.post(f"/api/items/{item}/decision", json={"action": "accept"}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def test_a_returned_picture_comes_back_to_its_labeler_first_with_the_comment(
    as_person: AsPerson,  # noqa: F811
) -> None:
    assert as_person("lead").put("/api/datasets/1/second-look", json={"rule": "all"}).status_code == 200
    etag = accept(as_person("labeler"), item=2)

    reviewer = as_person("reviewer")
    waits = reviewer.get("/api/datasets/1/items?second_look=waiting").json()["items"]
    assert [one["id"] for one in waits] == [2]
    remark = reviewer.post("/api/items/2/comments", json={"x": 10, "y": 4, "text": "Too wide"})
    assert remark.json()["author"] == "reviewer"
    body = {"verdict": "returned"}
    answer = reviewer.post("/api/items/2/second-look", json=body, headers={"If-Match": etag})
    assert (answer.status_code, answer.json()["status"]) == (200, "returned")

    labeler = as_person("labeler")
    first = labeler.post("/api/datasets/1/next", json={"holder": "tab", "order": "name"}).json()
    assert first["lease"]["item_id"] == 2
    seen = labeler.get("/api/items/2/second-look").json()
    assert [(one["verdict"], one["reviewer"], one["labeler"]) for one in seen["looks"]] == [
        ("returned", "reviewer", "labeler")
    ]
    assert [one["text"] for one in seen["comments"]] == ["Too wide"]
    resolved = labeler.post(f"/api/items/2/comments/{remark.json()['id']}/resolve")
    assert resolved.json()["is_resolved"] is True


def test_only_reviewers_approve_and_only_leads_choose_the_rule(as_person: AsPerson) -> None:  # noqa: F811
    etag = accept(as_person("labeler"))
    body = {"verdict": "approved"}
    headers = {"If-Match": etag}
    refused = as_person("labeler").post("/api/items/1/second-look", json=body, headers=headers)
    assert refused.status_code == 403
    assert as_person("reviewer").put("/api/datasets/1/second-look", json={"rule": "all"}).status_code == 403
    approved = as_person("reviewer").post("/api/items/1/second-look", json=body, headers=headers)
    assert (approved.status_code, approved.json()["status"]) == (200, "accepted")
    newest = as_person("lead").get("/api/audit?dataset_id=1").json()
    assert {"verdict": "approved"} in [one["detail"] for one in newest]


def test_ones_own_work_waits_for_somebody_else(as_person: AsPerson) -> None:  # noqa: F811
    reviewer = as_person("reviewer")
    etag = accept(reviewer)
    body = {"verdict": "approved"}
    answer = reviewer.post("/api/items/1/second-look", json=body, headers={"If-Match": etag})
    assert answer.status_code == 409
    assert "your own work" in answer.json()["message"]


def test_second_looks_are_off_by_default(client: TestClient) -> None:
    accept(client)
    assert client.get("/api/datasets/1/second-look").json()["rule"] == "off"
    assert client.get("/api/datasets/1/items?second_look=waiting").json()["items"] == []

"""A lead shares pictures out; a labeler is offered their own first."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from puzzlecam_app.auth import ANNOTATOR_COOKIE
from tests.puzzlecam_app.people.conftest import as_person, studio, team  # noqa: F401 - fixtures

AsPerson = Callable[[str | None], TestClient]


def as_name(name: str) -> dict[str, str]:
    """Headers of a request of somebody without an account."""
    return {"Cookie": f"{ANNOTATOR_COOKIE}={name}"}


def share(client: TestClient, people: list[str], **wanted: object) -> dict[str, int]:
    body = {"people": people, "order": "name", **wanted}
    answer = client.post("/api/datasets/1/assignments", json=body)
    assert answer.status_code == 200, answer.text
    shares: dict[str, int] = answer.json()["shares"]
    return shares


def queue(client: TestClient, name: str, owner: str) -> list[int]:
    answer = client.get(f"/api/datasets/1/items?owner={owner}", headers=as_name(name))
    return [one["id"] for one in answer.json()["items"]]


def take_next(client: TestClient, name: str) -> int | None:
    body = {"holder": name, "order": "name"}
    answer = client.post("/api/datasets/1/next", json=body, headers=as_name(name))
    lease = answer.json()["lease"]
    return None if lease is None else lease["item_id"]


def team_of(client: TestClient, **asked: str) -> dict[str, tuple[int, int]]:
    people = client.get("/api/datasets/1/team", **asked).json()["people"]
    return {one["name"]: (one["to_do"], one["done"]) for one in people}


def test_pictures_are_dealt_in_equal_shares(client: TestClient) -> None:
    assert share(client, ["Ann", "Bob"]) == {"Ann": 2, "Bob": 1}
    assert queue(client, "Ann", "me") == [1, 3]
    assert queue(client, "Bob", "me") == [2]
    assert queue(client, "Ann", "nobody") == []


def test_sharing_again_leaves_pictures_with_their_people_unless_asked(client: TestClient) -> None:
    share(client, ["Ann"], count=2)
    assert share(client, ["Bob"]) == {"Bob": 1}
    assert share(client, ["Bob"], is_reassigned=True) == {"Bob": 3}


def test_selected_pictures_become_a_persons_and_others_are_left_out(client: TestClient) -> None:
    share(client, ["Ann"], count=1)
    assert share(client, ["Bob"], ids=[1, 3, 3, 99]) == {"Bob": 1}
    assert share(client, ["Bob"], ids=[1], is_reassigned=True) == {"Bob": 1}
    assert queue(client, "Bob", "me") == [1, 3]


def test_next_offers_what_is_ones_own_first_and_never_what_is_another_persons(client: TestClient) -> None:
    share(client, ["Ann"], count=1)
    assert take_next(client, "Bob") == 2
    client.post("/api/datasets/1/assignments/take", json={"count": 1}, headers=as_name("Cyd"))
    assert take_next(client, "Ann") == 1


def test_a_labeler_takes_pictures_that_are_nobodys(client: TestClient) -> None:
    share(client, ["Ann"], count=1)
    taken = client.post("/api/datasets/1/assignments/take", json={"count": 9}, headers=as_name("Bob"))
    assert taken.json()["shares"] == {"Bob": 2}
    assert len(queue(client, "Bob", "me")) == 2


def test_finished_pictures_stay_with_their_person_when_the_rest_is_taken_back(client: TestClient) -> None:
    share(client, ["Ann"])
    etag = client.get("/api/items/1/mask").headers["etag"]
    body = {"action": "accept"}
    decided = client.post("/api/items/1/decision", json=body, headers={"If-Match": etag, **as_name("Ann")})
    assert decided.status_code == 200
    taken = client.post("/api/datasets/1/assignments/take-back", json={"person": "Ann"})
    assert taken.json() == {"pictures": 2}
    assert team_of(client)["Ann"] == (0, 1)


def test_datasets_say_how_many_pictures_are_ones_own(client: TestClient) -> None:
    before = client.get("/api/datasets").json()["datasets"][0]
    assert (before["is_shared_out"], before["own_items"]) == (False, 0)
    share(client, ["Ann", "Bob"])
    after = client.get("/api/datasets", headers=as_name("Ann")).json()["datasets"][0]
    assert (after["is_shared_out"], after["own_items"]) == (True, 2)


def test_only_people_with_a_role_on_the_dataset_are_given_pictures(as_person: AsPerson) -> None:  # noqa: F811
    lead = as_person("lead")
    refused = lead.post("/api/datasets/1/assignments", json={"people": ["labeler", "nobody"]})
    assert refused.status_code == 422
    assert "nobody cannot label this dataset" in refused.json()["message"]
    assert share(lead, ["labeler"]) == {"labeler": 3}
    newest = lead.get("/api/audit?dataset_id=1").json()[0]
    assert newest["detail"] == {"shares": "labeler 3"}


@pytest.mark.parametrize(
    ("name", "seen"), [("labeler", {"labeler"}), ("lead", {"labeler", "reviewer", "lead"})]
)
def test_a_lead_sees_everybody_and_a_labeler_only_themselves(
    as_person: AsPerson,  # noqa: F811
    name: str,
    seen: set[str],
) -> None:
    assert set(team_of(as_person(name))) == seen

"""What leads and admins do with people, and people with their own accounts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from db.accounts import set_password_hash
from puzzlecam_app.people.passwords import hash_password
from puzzlecam_app.services import Services

AsPerson = Callable[[str | None], TestClient]
PASSWORD = "correct horse battery"
LABELER, REVIEWER, LEAD, ADMIN = 1, 2, 3, 4


def names(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/api/people").json()["people"]]


def test_a_lead_sees_the_people_on_their_datasets_and_an_admin_all(as_person: AsPerson) -> None:
    assert names(as_person("lead")) == ["labeler", "lead", "reviewer"]
    assert names(as_person("admin")) == ["admin", "labeler", "lead", "nobody", "reviewer"]
    assert [one["name"] for one in as_person("lead").get("/api/people").json()["datasets"]] == ["colours"]


@pytest.mark.parametrize(
    ("sender", "role", "datasets", "expected"),
    [
        ("lead", "labeler", [1], 201),
        ("lead", "lead", [1], 201),
        ("lead", "labeler", [1, 2], 403),
        ("lead", "labeler", [], 422),
        ("lead", "admin", [], 403),
        ("admin", "admin", [], 201),
        ("admin", "reviewer", [2], 201),
    ],
)
def test_nobody_gives_more_than_they_have(
    as_person: AsPerson, sender: str, role: str, datasets: list[int], expected: int
) -> None:
    answer = as_person(sender).post("/api/people/invitations", json={"role": role, "dataset_ids": datasets})

    assert answer.status_code == expected


def test_a_link_works_until_it_is_revoked(as_person: AsPerson) -> None:
    client = as_person("lead")
    path = client.post("/api/people/invitations", json={"role": "labeler", "dataset_ids": [1]}).json()["path"]
    waiting = client.get("/api/people").json()["invitations"]
    assert [(one["role"], one["datasets"], one["created_by"]) for one in waiting] == [
        ("labeler", ["colours"], "lead")
    ]
    assert client.get(path).status_code == 200

    client.delete(f"/api/people/invitations/{waiting[0]['id']}")
    assert client.get(path).status_code == 404


def test_a_lead_does_not_revoke_the_links_of_others(as_person: AsPerson) -> None:
    as_person("admin").post("/api/people/invitations", json={"role": "admin"})
    (link,) = as_person("admin").get("/api/people").json()["invitations"]

    assert as_person("lead").get("/api/people").json()["invitations"] == []
    assert as_person("lead").delete(f"/api/people/invitations/{link['id']}").status_code == 403


def test_a_role_counts_with_the_next_request(as_person: AsPerson) -> None:
    body = {"name": "nobody", "role": "labeler"}
    assert as_person("lead").put("/api/datasets/2/people", json=body).status_code == 403
    assert as_person("lead").put("/api/datasets/1/people", json=body).status_code == 200
    assert as_person("nobody").get("/api/items/1").status_code == 200

    as_person("lead").put("/api/datasets/1/people", json=body | {"role": None})
    assert as_person("nobody").get("/api/items/1").status_code == 403


def test_an_admin_disables_and_enables_accounts(as_person: AsPerson) -> None:
    as_person("admin").post(f"/api/people/{LABELER}/disable")
    assert as_person("labeler").get("/api/session").status_code == 401

    as_person("admin").post(f"/api/people/{LABELER}/enable")
    (labeler,) = (
        one for one in as_person("admin").get("/api/people").json()["people"] if one["id"] == LABELER
    )
    assert (labeler["is_disabled"], labeler["sign_ins"]) == (False, 0)


def test_an_admin_makes_admins_and_signs_people_out(as_person: AsPerson) -> None:
    as_person("admin").put(f"/api/people/{LEAD}/admin", json={"is_admin": True})
    assert as_person("lead").get("/api/session").json()["is_admin"]

    as_person("admin").post(f"/api/people/{LEAD}/sign-out")
    assert as_person("lead").get("/api/session").status_code == 401


def test_a_link_for_another_password_is_for_its_account(as_person: AsPerson) -> None:
    path = as_person("admin").post(f"/api/people/{LABELER}/reset").json()["path"]
    form = {"name": "admin", "password": PASSWORD, "again": PASSWORD}
    as_person(None).post(path, data=form)

    assert as_person(None).post("/login", data={"name": "labeler", "password": PASSWORD}).status_code == 303


def test_leads_read_what_concerns_their_datasets(as_person: AsPerson) -> None:
    for sender, item in (("labeler", 1), ("admin", 4)):
        body = {"action": "skip", "seconds_spent": 1}
        as_person(sender).post(f"/api/items/{item}/decision", json=body, headers={"If-Match": '"0"'})
    as_person("lead").put("/api/datasets/1/people", json={"name": "nobody", "role": "labeler"})
    seen = {
        sender: [(one["name"], one["item_id"]) for one in as_person(sender).get("/api/audit").json()]
        for sender in ("lead", "admin")
    }

    assert seen["lead"] == [("lead", None), ("labeler", 1)]
    assert seen["admin"] == [("lead", None), ("admin", 4), ("labeler", 1)]
    assert as_person("lead").get("/api/audit?dataset_id=2").status_code == 403
    newest = as_person("lead").get("/api/audit?limit=1").json()[0]
    assert newest["detail"] == {"name": "nobody", "role": "labeler"}


def test_people_see_and_end_their_own_sessions(as_person: AsPerson, team: Services) -> None:
    with team.database.write() as session:
        set_password_hash(session, LABELER, hash_password(PASSWORD, "labeler"))
    as_person(None).post("/login", data={"name": "labeler", "password": PASSWORD})
    shown = as_person("labeler").get("/api/account").json()["sign_ins"]
    assert sorted(one["is_this"] for one in shown) == [False, True]

    as_person("labeler").post("/api/account/sign-out")
    assert len(as_person("labeler").get("/api/account").json()["sign_ins"]) == 1


def test_nobody_ends_sessions_or_tokens_of_others(as_person: AsPerson) -> None:
    (own,) = as_person("lead").get("/api/account").json()["sign_ins"]
    made = as_person("lead").post("/api/account/tokens", json={"name": "export", "role": "lead"})
    assert made.status_code == 201
    (token,) = as_person("lead").get("/api/account").json()["tokens"]

    assert as_person("admin").delete(f"/api/account/sign-ins/{own['id']}").status_code == 404
    assert as_person("admin").delete(f"/api/account/tokens/{token['id']}").status_code == 404
    assert as_person("lead").delete(f"/api/account/tokens/{token['id']}").status_code == 200


def test_a_token_cannot_make_a_token_or_change_the_password(as_person: AsPerson) -> None:
    token = (
        as_person("lead").post("/api/account/tokens", json={"name": "x", "role": "labeler"}).json()["token"]
    )
    client, sent = as_person(None), {"Authorization": f"Bearer {token}"}

    assert client.get("/api/items/1", headers=sent).status_code == 200
    assert client.get("/api/people", headers=sent).status_code == 403
    body = {"name": "more", "role": "lead"}
    assert client.post("/api/account/tokens", json=body, headers=sent).status_code == 403
    body = {"old": PASSWORD, "new": PASSWORD}
    assert client.post("/api/account/password", json=body, headers=sent).status_code == 403


def test_another_password_needs_the_present_one(as_person: AsPerson, team: Services) -> None:
    with team.database.write() as session:
        set_password_hash(session, LABELER, hash_password(PASSWORD, "labeler"))
    client = as_person("labeler")

    wrong = client.post("/api/account/password", json={"old": "wrong", "new": "a new long one"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "old")
    right = client.post("/api/account/password", json={"old": PASSWORD, "new": "a new long one"})
    assert right.status_code == 200
    assert as_person(None).post("/login", data={"name": "labeler", "password": PASSWORD}).status_code == 403


def test_passwords_and_tokens_are_never_logged(as_person: AsPerson, team: Services) -> None:
    token = as_person("lead").post("/api/account/tokens", json={"name": "x", "role": "lead"}).json()["token"]
    as_person("lead").post("/api/account/password", json={"old": "my old secret", "new": "my new secret"})

    stored = str(as_person("admin").get("/api/audit").json())
    assert token not in stored
    assert "secret" not in stored

"""Every request passes the gate: it knows who sends it, refuses what they may not do, and logs changes."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from db import api_tokens, audit
from db.account_models import AuditEntry
from db.accounts import set_disabled
from db.engine import Database
from puzzlecam_app.people.tokens import hash_of
from puzzlecam_app.services import Services

AsPerson = Callable[[str | None], TestClient]
DECISION = {"action": "skip", "seconds_spent": 1}


def decide(client: TestClient, item_id: int = 1, **headers: str) -> int:
    answer = client.post(
        f"/api/items/{item_id}/decision", json=DECISION, headers={"If-Match": '"0"', **headers}
    )
    return answer.status_code


def entries(database: Database) -> list[AuditEntry]:
    with database.read() as session:
        return list(audit.read(session))


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(studio: TestClient) -> None:
    page = studio.get("/runs?run=3", headers={"Accept": "text/html"})
    data = studio.get("/api/datasets")

    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/runs%3Frun%3D3")
    assert data.status_code == 401
    assert data.json()["message"] == "you are not signed in"


def test_a_secret_that_nobody_has_does_not_help(as_person: AsPerson) -> None:
    assert as_person("guessed").get("/api/datasets").status_code == 401
    assert as_person(None).get("/api/datasets", headers={"Authorization": "Bearer x"}).status_code == 401


def test_people_see_the_datasets_they_have_a_role_on(as_person: AsPerson) -> None:
    seen = {
        name: [one["name"] for one in as_person(name).get("/api/datasets").json()["datasets"]]
        for name in ("nobody", "labeler", "admin")
    }

    assert seen == {"nobody": [], "labeler": ["colours"], "admin": ["colours", "other"]}


def test_a_lead_restores_what_they_have_removed(as_person: AsPerson) -> None:
    client = as_person("lead")
    assert client.post("/api/datasets/1/remove", json={"name": "colours"}).status_code == 204
    assert [one["name"] for one in client.get("/api/datasets/removed").json()] == ["colours"]
    assert as_person("labeler").post("/api/datasets/1/restore").status_code == 403
    assert as_person("lead").post("/api/datasets/1/restore").status_code == 200


def test_work_is_stored_under_the_name_of_the_account(as_person: AsPerson) -> None:
    client = as_person("labeler")
    client.cookies.set("puzzlecam_annotator", "Somebody")

    assert decide(client) == 200
    assert client.get("/api/items/1/revisions").json()[-1]["author"] == "labeler"
    assert client.post("/api/session", json={"annotator": "Somebody"}).status_code == 409


def test_changes_are_logged_with_who_when_and_what(as_person: AsPerson, team: Services) -> None:
    decide(as_person("labeler"))

    entry = entries(team.database)[0]
    assert (entry.name, entry.action, entry.status) == ("labeler", "POST /api/items/{item_id}/decision", 200)
    assert (entry.dataset_id, entry.item_id, entry.address) == (1, 1, "testclient")


def test_a_refused_change_is_logged_and_not_made(as_person: AsPerson, team: Services) -> None:
    assert decide(as_person("labeler"), 4) == 403

    entry = entries(team.database)[0]
    assert (entry.name, entry.status, entry.item_id) == ("labeler", 403, 4)
    assert as_person("admin").get("/api/items/4/revisions").json() == []


def test_reading_is_not_logged(as_person: AsPerson, team: Services) -> None:
    as_person("labeler").get("/api/items/1")

    assert entries(team.database) == []


def test_pictures_in_a_body_count_too(as_person: AsPerson) -> None:
    client = as_person("labeler")

    assert client.post("/api/items/prefetch", json={"items": [1]}).status_code == 202
    assert client.post("/api/items/prefetch", json={"items": [1, 4]}).status_code == 403


def test_a_disabled_person_is_out_with_the_next_request(as_person: AsPerson, team: Services) -> None:
    client = as_person("labeler")
    assert client.get("/api/datasets").status_code == 200
    with team.database.write() as session:
        set_disabled(session, 1, is_disabled=True)

    assert client.get("/api/datasets").status_code == 401


def test_a_token_works_as_its_owner(studio: TestClient, team: Services) -> None:
    with team.database.write() as session:
        api_tokens.create(session, hash_of("pcam_x"), 1, "script", "labeler", days=1)

    assert decide(studio, Authorization="Bearer pcam_x") == 200
    assert entries(team.database)[0].name == "labeler"


def test_a_route_that_is_not_in_the_table_is_closed(as_person: AsPerson) -> None:
    assert as_person("admin").get("/api/secret").status_code == 404


def test_the_pages_learn_what_they_may_offer(as_person: AsPerson) -> None:
    labeler = as_person("labeler").get("/api/session").json()
    admin = as_person("admin").get("/api/session").json()

    assert labeler["closed_pages"] == ["datasets", "lab", "runs", "export", "people"]
    assert (labeler["roles"], labeler["has_account"]) == ({"1": "labeler"}, True)
    assert (admin["closed_pages"], admin["is_admin"]) == ([], True)


def test_without_accounts_nothing_is_asked_and_the_chosen_name_is_logged(
    client: TestClient, services: Services
) -> None:
    client.post("/api/session", json={"annotator": "Änn"})
    assert decide(client) == 200

    assert entries(services.database)[0].name == "Änn"
    session = client.get("/api/session").json()
    assert (session["has_account"], session["closed_pages"]) == (False, [])


def test_who_opens_a_closed_page_reads_why(as_person: AsPerson) -> None:
    answer = as_person("labeler").get("/people", headers={"Accept": "text/html"})

    assert answer.status_code == 403
    assert "It needs the role of a lead" in answer.text

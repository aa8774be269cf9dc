"""Signing in, joining and signing out in plain pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from db.accounts import set_password_hash
from puzzlecam_app.app import create_api
from puzzlecam_app.people import joining
from puzzlecam_app.people.cookies import SESSION_COOKIE
from puzzlecam_app.people.limits import SignInLimits
from puzzlecam_app.people.passwords import hash_password
from puzzlecam_app.services import Services

PASSWORD = "correct horse battery"


@pytest.fixture
def studio(studio: TestClient, team: Services) -> TestClient:
    """The studio, whose labeler has a password."""
    with team.database.write() as session:
        set_password_hash(session, 1, hash_password(PASSWORD, "labeler"))
    return studio


def enter(
    client: TestClient, password: str = PASSWORD, *, name: str = "Labeler", path: str = "/login"
) -> int:
    return client.post(path, data={"name": name, "password": password}).status_code


def test_who_signs_in_goes_where_they_wanted(studio: TestClient) -> None:
    answer = studio.post("/login?next=/?dataset=1", data={"name": "labeler", "password": PASSWORD})

    assert (answer.status_code, answer.headers["location"]) == (303, "/?dataset=1")
    assert studio.get("/api/session").json()["annotator"] == "labeler"


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example", "/logout"])
def test_nobody_is_sent_to_another_site(studio: TestClient, place: str) -> None:
    answer = studio.post("/login", params={"next": place}, data={"name": "labeler", "password": PASSWORD})

    assert answer.headers["location"] == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(studio: TestClient) -> None:
    answer = studio.post("/login", data={"name": "labeler", "password": PASSWORD})

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_is_secure(studio: TestClient, team: Services) -> None:
    with TestClient(create_api(team), base_url="https://localhost", follow_redirects=False) as client:
        answer = client.post("/login", data={"name": "labeler", "password": PASSWORD})

    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_is_refused_without_saying_whether_the_name_exists(studio: TestClient) -> None:
    pages = [
        studio.post("/login", data={"name": name, "password": "wrong password"}) for name in ("labeler", "x")
    ]

    assert [page.status_code for page in pages] == [403, 403]
    assert all("The name or the password is wrong." in page.text for page in pages)


def test_after_five_failed_attempts_even_the_right_password_must_wait(
    studio: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio.app.state, "sign_in_limits", SignInLimits(lambda: 0.0))  # type: ignore[attr-defined]
    assert [enter(studio, "wrong password") for _ in range(5)] == [403] * 5

    assert enter(studio) == 429


def test_signing_out_ends_the_session(studio: TestClient) -> None:
    enter(studio)
    kept = studio.cookies[SESSION_COOKIE]
    assert "do you want to sign out" in studio.get("/logout").text
    assert studio.post("/logout").headers["location"] == "/login"

    studio.cookies.set(SESSION_COOKIE, kept)
    assert studio.get("/api/session").status_code == 401


def test_an_invitation_makes_an_account_and_signs_it_in(studio: TestClient, team: Services) -> None:
    with team.database.write() as session:
        link = joining.invite(session, "reviewer", dataset_ids=[1], created_by_id=1)
    assert "a reviewer on colours" in studio.get(link.path).text
    form = {"name": "Zoë", "password": PASSWORD, "again": PASSWORD}

    assert studio.post(link.path, data=form | {"again": "other"}).status_code == 422
    assert studio.post(link.path, data=form).status_code == 303
    assert studio.get("/api/session").json()["roles"] == {"1": "reviewer"}
    assert studio.get(link.path).status_code == 404


def test_what_is_typed_is_never_read_as_html(studio: TestClient) -> None:
    page = studio.post("/login", data={"name": '"><script>x</script>', "password": "wrong password"}).text

    assert "<script>" not in page


def test_without_accounts_there_is_nothing_to_sign_in_to(client: TestClient) -> None:
    client.follow_redirects = False
    for path in ("/login", "/logout"):
        assert client.get(path).headers["location"] == "/"


def test_links_that_were_never_made_do_not_work(studio: TestClient) -> None:
    assert studio.get("/join/guessed").status_code == 404
    assert (
        studio.post("/join/guessed", data={"name": "x", "password": PASSWORD, "again": PASSWORD}).status_code
        == 404
    )

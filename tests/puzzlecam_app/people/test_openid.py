"""People sign in at a provider of OpenID Connect, and everything that cannot be trusted is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from db import audit
from db.accounts import find_account, set_disabled, set_password_hash
from db.roles import roles_of
from puzzlecam_app.app import create_api
from puzzlecam_app.people.cookies import SESSION_COOKIE
from puzzlecam_app.services import Services
from puzzlecam_app.settings import Settings
from tests.puzzlecam_app.conftest import add_colours
from tests.puzzlecam_app.people.conftest import add_people
from tests.puzzlecam_app.people.provider import CLIENT_ID, CLIENT_SECRET, SmallProvider, small_provider

pytest.importorskip("authlib")
from joserfc.jwk import RSAKey

AsSettings = Callable[..., TestClient]


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"}, private=True)


@pytest.fixture
def provider(key: RSAKey) -> Iterator[SmallProvider]:
    with small_provider(key) as provider:
        yield provider


@pytest.fixture
def opened(
    make_services: Callable[..., Services], provider: SmallProvider, tmp_path: Path
) -> Iterator[Callable[..., tuple[TestClient, Services]]]:
    """Opens a studio with the provider and further settings."""
    clients: list[TestClient] = []

    def open_studio(**settings: Any) -> tuple[TestClient, Services]:
        services = make_services(
            access="accounts",
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="Example Ltd",
            **settings,
        )
        add_colours(services, tmp_path / "pictures")
        add_people(services)
        client = TestClient(create_api(services), base_url="http://127.0.0.1:7860", follow_redirects=False)
        clients.append(client.__enter__())
        return client, services

    yield open_studio
    for client in clients:
        client.__exit__(None, None, None)


def go(client: TestClient, provider: SmallProvider, wanted: str = "/") -> Any:
    """Go to the provider, sign in there, and come back; returns the studio's answer."""
    sent = client.get("/login/openid", params={"next": wanted})
    assert sent.status_code == 303, sent.text
    back = urlsplit(provider.authorize(sent.headers["location"]))
    assert back.path == "/login/openid/back"
    return client.get(f"{back.path}?{back.query}")


def test_a_new_person_becomes_a_labeler_and_is_known_the_next_time(opened, provider: SmallProvider) -> None:
    client, services = opened()
    assert "Sign in with Example Ltd" in client.get("/login").text
    answer = go(client, provider, "/?dataset=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?dataset=1")
    assert client.get("/api/session").json()["annotator"] == "eva"
    assert [one["name"] for one in client.get("/api/datasets").json()["datasets"]] == ["colours", "other"]
    assert client.post("/api/datasets/1/archive").status_code == 403

    provider.claims = {"preferred_username": "another name"}
    client.cookies.clear()
    go(client, provider)
    assert client.get("/api/session").json()["annotator"] == "eva"

    left = client.post("/logout")
    assert f"{provider.issuer}/leave?client_id=studio" in left.text
    assert client.get("/api/session").status_code == 401
    with services.database.read() as session:
        actions = [one.action for one in audit.read(session)]
    assert actions.count("joined") == 1
    assert actions.count("signed in") == 2


def test_a_name_that_somebody_has_never_opens_their_account(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    provider.claims = {"preferred_username": "Admin"}
    go(client, provider)
    assert client.get("/api/session").json()["annotator"] == "Admin 2"
    assert not client.get("/api/session").json()["is_admin"]


def link(client: TestClient, provider: SmallProvider) -> Any:
    """Link the account that is signed in, as the button on its page does; returns the studio's answer."""
    begun = client.post("/api/account/identities")
    assert begun.status_code == 200, begun.text
    back = urlsplit(provider.authorize(begun.json()["address"]))
    return client.get(f"{back.path}?{back.query}")


def test_who_links_their_account_signs_in_to_it_at_the_provider(opened, provider: SmallProvider) -> None:
    client, services = opened()
    client.cookies.set(SESSION_COOKIE, "reviewer")
    answer = link(client, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?linked")
    assert SESSION_COOKIE not in answer.cookies  # the session goes on
    linked = client.get("/api/account").json()
    assert linked["provider"] == "Example Ltd"
    assert [(one["issuer"], one["subject"]) for one in linked["identities"]] == [(provider.issuer, "42")]
    client.cookies.clear()
    go(client, provider)
    assert client.get("/api/session").json()["annotator"] == "reviewer"
    with services.database.read() as session:
        assert [one.action for one in audit.read(session)].count("linked an identity") == 1


def test_an_identity_is_unlinked_if_another_way_of_signing_in_remains(
    opened, provider: SmallProvider
) -> None:
    client, services = opened()
    client.cookies.set(SESSION_COOKIE, "reviewer")
    link(client, provider)
    [only] = client.get("/api/account").json()["identities"]
    assert only["is_only_way_in"]
    wanted = {"issuer": only["issuer"], "subject": only["subject"]}
    refused = client.post("/api/account/identities/unlink", json=wanted)
    assert "your only way of signing in" in refused.json()["message"]

    provider.claims = {"sub": "43"}
    link(client, provider)
    assert not any(one["is_only_way_in"] for one in client.get("/api/account").json()["identities"])
    assert client.post("/api/account/identities/unlink", json=wanted).status_code == 200
    assert client.post("/api/account/identities/unlink", json=wanted).status_code == 404
    with services.database.write() as session:
        reviewer = find_account(session, "reviewer")
        assert reviewer is not None
        set_password_hash(session, reviewer.user_id, "a hash")
    [only] = client.get("/api/account").json()["identities"]
    assert (only["subject"], only["is_only_way_in"]) == ("43", False)
    wanted = {"issuer": only["issuer"], "subject": "43"}
    assert client.post("/api/account/identities/unlink", json=wanted).status_code == 200
    with services.database.read() as session:
        done = [one.action for one in audit.read(session) if one.status == 200]
    assert done.count("POST /api/account/identities/unlink") == 2


def test_signing_in_never_links_the_account_of_somebody_else(opened, provider: SmallProvider) -> None:
    """Otherwise a link from another site could give an attacker's identity the account of who follows it."""
    client, _ = opened()
    client.cookies.set(SESSION_COOKIE, "reviewer")
    answer = go(client, provider)
    assert (answer.status_code, "this identity has no account yet" in answer.text) == (403, True)
    assert client.get("/api/account").json()["identities"] == []


def test_an_identity_belongs_to_one_account(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    client.cookies.set(SESSION_COOKIE, "reviewer")
    link(client, provider)
    assert link(client, provider).status_code == 303  # once more changes nothing
    assert len(client.get("/api/account").json()["identities"]) == 1
    client.cookies.set(SESSION_COOKIE, "labeler")
    answer = link(client, provider)
    assert (answer.status_code, "signs in to another account already" in answer.text) == (403, True)
    assert "Back to your account" in answer.text


def test_linking_ends_where_somebody_else_has_signed_in_meanwhile(opened, provider: SmallProvider) -> None:
    client, services = opened()
    client.cookies.set(SESSION_COOKIE, "reviewer")
    begun = client.post("/api/account/identities").json()
    back = urlsplit(provider.authorize(begun["address"]))
    client.cookies.set(SESSION_COOKIE, "labeler")
    answer = client.get(f"{back.path}?{back.query}")
    assert (answer.status_code, "no longer signed in in this browser" in answer.text) == (403, True)
    assert client.get("/api/account").json()["identities"] == []
    with services.database.read() as session:
        assert next(iter(audit.read(session))).action == "failed to link an identity"


def test_a_studio_without_a_provider_links_nothing(as_person: Callable[[str], TestClient]) -> None:
    answer = as_person("labeler").post("/api/account/identities")
    assert (answer.status_code, "no provider" in answer.json()["message"]) == (409, True)


def test_claims_give_roles_and_never_lower_them(opened, provider: SmallProvider) -> None:
    client, services = opened(oidc_roles="staff=lead,bosses=admin", oidc_datasets="Other", oidc_role="none")
    go(client, provider)
    assert client.get("/api/datasets").json()["datasets"] == []
    for groups, is_admin in (("staff", False), ([], False), (["x", "bosses"], True)):
        provider.claims = {"groups": groups}
        go(client, provider)
        with services.database.read() as session:
            eva = find_account(session, "eva")
            assert eva is not None
            assert (roles_of(session, eva.user_id), eva.is_admin) == ({2: "lead"}, is_admin)


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"iss": "https://elsewhere.example"}, "comes from another issuer than the configured one"),
        ({"nonce": "another"}, "made for another sign-in"),
        ({"nonce": None}, "made for another sign-in"),
        ({"aud": "another"}, "made for another application"),
        ({"exp": int(time.time()) - 3600}, "has expired"),
        ({"email_verified": False}, "has not verified your e-mail address"),
        ({"sub": None}, "of the identity is wrong or missing"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_a_sentence(
    opened, provider: SmallProvider, claims: dict[str, Any], sentence: str
) -> None:
    client, services = opened()
    provider.claims = claims
    answer = go(client, provider)
    assert answer.status_code == 403
    assert sentence in answer.text
    assert SESSION_COOKIE not in client.cookies
    with services.database.read() as session:
        assert find_account(session, "eva") is None
        assert next(iter(audit.read(session))).action == "failed to sign in"


def test_a_signature_of_somebody_else_is_refused(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    answer = go(client, provider)
    assert (answer.status_code, "signature" in answer.text) == (403, True)


def test_new_keys_of_the_provider_are_read(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    go(client, provider)
    provider.key = provider.signing_key = RSAKey.generate_key(2048, {"kid": "two"}, private=True)
    assert go(client, provider).status_code == 303


def test_a_sign_in_that_was_begun_elsewhere_is_refused(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    sent = client.get("/login/openid")
    back = urlsplit(provider.authorize(sent.headers["location"]))
    client.cookies.clear()  # another browser
    answer = client.get(f"{back.path}?{back.query}")
    assert (answer.status_code, "was not begun in this browser" in answer.text) == (403, True)

    client.get("/login/openid")
    answer = client.get("/login/openid/back?state=guessed&code=right")
    assert (answer.status_code, "was not begun in this browser" in answer.text) == (403, True)


def test_a_code_without_its_verifier_is_worth_nothing(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    sent = client.get("/login/openid")
    back = urlsplit(provider.authorize(sent.headers["location"]))
    provider.asked["code_challenge"] = "of another sign-in"
    answer = client.get(f"{back.path}?{back.query}")
    assert (answer.status_code, "did not accept the sign-in" in answer.text) == (403, True)


def test_a_provider_that_says_it_is_another_one_is_refused(opened, provider: SmallProvider) -> None:
    client, _ = opened()
    provider.said_issuer = "https://elsewhere.example"
    answer = client.get("/login/openid")
    assert (answer.status_code, "another issuer" in answer.text) == (502, True)


def test_a_disabled_account_stays_closed(opened, provider: SmallProvider) -> None:
    client, services = opened()
    go(client, provider)
    with services.database.write() as session:
        eva = find_account(session, "eva")
        assert eva is not None
        set_disabled(session, eva.user_id, is_disabled=True)
    client.cookies.clear()
    answer = go(client, provider)
    assert (answer.status_code, "is disabled" in answer.text) == (403, True)


@pytest.mark.parametrize("issuer", ["http://login.example.org", "ftp://127.0.0.1", "login.example.org"])
def test_an_issuer_that_others_could_pretend_to_be_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="an issuer looks like"):
        Settings(oidc_issuer=issuer)

"""Host and origin checks, the access key, and names."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from puzzlecam_app.auth import AccessGuard, annotator_of
from puzzlecam_app.settings import Settings, is_loopback


def _client(base_url: str = "http://127.0.0.1:7860", **settings: object) -> TestClient:
    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(annotator_of(request))

    app = Starlette(routes=[Route("/x", answer, methods=["GET", "PUT"])])
    return TestClient(AccessGuard(app, Settings(**settings)), base_url=base_url, follow_redirects=False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_loopback_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "evil.example", "127.0.0.1.evil.example", ""])
def test_other_names_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_foreign_host_name_is_refused() -> None:
    assert _client("http://evil.example").get("/x").status_code == 421
    assert _client("http://localhost:7860").get("/x").status_code == 200


def test_changes_from_another_site_are_refused() -> None:
    client = _client()
    assert client.put("/x", headers={"Origin": "http://evil.example"}).status_code == 403
    for origin in ("null", "http://[", ""):
        assert client.put("/x", headers={"Origin": origin}).status_code == 403
    assert client.put("/x", headers={"Origin": "http://127.0.0.1:7860"}).status_code == 200
    assert client.put("/x").status_code == 200


def test_a_proxy_may_use_the_public_names() -> None:
    settings = {"public_names": "Masks.example.org, other.example", "access_key": "open sesame"}
    client = _client("http://masks.example.org", **settings)
    assert client.get("/x").status_code == 401
    assert client.post("/login", data={"key": "open sesame"}).status_code == 303
    assert client.put("/x", headers={"Origin": "https://masks.example.org"}).status_code == 200
    assert client.put("/x", headers={"Origin": "https://evil.example"}).status_code == 403
    assert _client("http://evil.example", **settings).get("/x").status_code == 421


@pytest.mark.parametrize("host", ["[", "[::1", "127.0.0.1:99999999", "a b", ""])
def test_malformed_hosts_are_refused(host: str) -> None:
    assert _client().get("/x", headers={"Host": host}).status_code in (200, 421)


@pytest.fixture
def locked() -> Callable[[], TestClient]:
    return lambda: _client("http://studio.example", host="0.0.0.0", access_key="open sesame")


def test_without_the_key_every_request_is_refused(locked: Callable[[], TestClient]) -> None:
    client = locked()
    assert client.get("/x").status_code == 401
    page = client.get("/x", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert "access key" in client.get("/login").text


def test_a_wrong_key_gives_no_access(locked: Callable[[], TestClient]) -> None:
    client = locked()
    answer = client.post("/login", data={"key": "open barley"})
    assert answer.status_code == 403
    assert "key is wrong" in answer.text
    assert client.get("/x").status_code == 401


def test_the_key_gives_access_and_the_cookie_does_not_contain_it(locked: Callable[[], TestClient]) -> None:
    client = locked()
    answer = client.post("/login", data={"key": "open sesame"})
    assert answer.status_code == 303
    assert "sesame" not in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert client.get("/x").status_code == 200


def test_a_forged_cookie_gives_no_access(locked: Callable[[], TestClient]) -> None:
    client = locked()
    assert client.get("/x", headers={"Cookie": "puzzlecam_access=0000"}).status_code == 401


def test_an_unusable_name_in_the_cookie_is_ignored() -> None:
    client = _client()
    assert client.get("/x", headers={"Cookie": "puzzlecam_annotator=Zo%C3%AB"}).text == "Zoë"
    assert client.get("/x", headers={"Cookie": "puzzlecam_annotator=%00%07"}).text.isprintable()


def test_after_wrong_keys_even_the_right_one_has_to_wait(
    locked: Callable[[], TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = locked()
    for _ in range(5):
        assert client.post("/login", data={"key": "open barley"}).status_code == 403
    answer = client.post("/login", data={"key": "open sesame"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Try again in" in answer.text
    assert caplog.text.count("wrong access key") == 5
    assert "barley" not in caplog.text


@pytest.mark.parametrize(("scheme", "is_marked"), [("http", False), ("https", True)])
def test_the_cookie_is_for_tls_alone_where_it_came_by_tls(scheme: str, is_marked: bool) -> None:
    client = _client(f"{scheme}://studio.example", host="0.0.0.0", access_key="open sesame")
    cookie = client.post("/login", data={"key": "open sesame"}).headers["set-cookie"]
    assert ("Secure" in cookie) == is_marked


def test_who_signs_out_has_to_enter_the_key_again(locked: Callable[[], TestClient]) -> None:
    client = locked()
    client.post("/login", data={"key": "open sesame"})
    assert "Sign out" in client.get("/logout").text
    assert client.get("/x").status_code == 200, "looking at the page is not signing out"
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert client.get("/x").status_code == 401


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_gets_nothing(headers: dict[str, str]) -> None:
    assert _client().get("/x", headers=headers).status_code == 403


def test_a_link_from_elsewhere_opens_a_page_but_no_picture() -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert _client().get("/x", headers=link).status_code == 200
    assert _client().get("/api/items/1/image", headers=link).status_code == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_own_pages_and_typed_addresses_are_answered(site: str) -> None:
    assert _client().get("/x", headers={"Sec-Fetch-Site": site}).status_code == 200

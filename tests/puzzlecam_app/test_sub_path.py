"""A proxy may offer the studio below a sub-path, and may remove that path from requests or pass it on."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from puzzlecam_app.app import create_api, create_app
from puzzlecam_app.protection import MAX_BODY_BYTES
from puzzlecam_app.services import Services
from puzzlecam_app.settings import RESERVED_SUB_PATHS
from puzzlecam_app.sub_path import SubPath

ROOT = "/studio"
HOST = "http://127.0.0.1:7860"
KEY = "open sesame"
PASSED_ON = {"removed by the proxy": "", "passed on": ROOT}
"""What requests begin with when they reach the studio."""

pytestmark = pytest.mark.filterwarnings("ignore:SSR mode")


@pytest.fixture(params=PASSED_ON.values(), ids=PASSED_ON)
def asked(request: pytest.FixtureRequest) -> str:
    prefix: str = request.param
    return prefix


@pytest.fixture
def client(make_services: Callable[..., Services]) -> Iterator[TestClient]:
    """A studio in a sub-path, without the pages."""
    with TestClient(create_api(make_services(root_path=ROOT)), base_url=HOST) as client:
        yield client


@pytest.fixture
def locked(make_services: Callable[..., Services]) -> Iterator[TestClient]:
    """A studio in a sub-path that asks for the access key."""
    app = create_api(make_services(root_path=ROOT, access_key=KEY))
    with TestClient(app, base_url=HOST, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "below_mount"),
    [("/plain", False), ("/studio/plain", False), ("/mount/x", True), ("/studio/mount/x", True)],
)
def test_the_app_sees_the_full_path_and_the_root(path: str, below_mount: bool) -> None:
    async def show(request: Request) -> JSONResponse:
        return JSONResponse([request.url.path, str(request.base_url)])

    app = Starlette(routes=[Route("/plain", show), Mount("/mount", routes=[Route("/x", show)])])
    answer = TestClient(SubPath(app, ROOT), base_url=HOST).get(path)
    assert answer.json() == ["/studio/mount/x" if below_mount else "/studio/plain", f"{HOST}/studio/"]


def test_a_path_that_only_begins_like_the_root_is_another_one() -> None:
    app = Starlette(routes=[Route("/studios", lambda _: JSONResponse(1))])
    assert TestClient(SubPath(app, ROOT)).get("/studios").json() == 1


def test_the_root_without_its_slash_leads_to_the_one_with_it(client: TestClient) -> None:
    answer = client.get("/studio?dataset=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/studio/?dataset=1")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_routes_and_assets_are_found(client: TestClient, asked: str) -> None:
    assert client.get(f"{asked}/api/health").json()["status"] == "ok"
    assert client.get(f"{asked}/ui/lab/main.js").status_code == 200
    assert client.get(f"{asked}/api/nothing").status_code == 404


def test_limits_compare_the_path_below_the_root(client: TestClient, asked: str) -> None:
    assert client.post(f"{asked}/gradio_api/upload").json()["message"] == "there is no such page"
    event = {"fn_index": -1, "data": [], "session_hash": "a"}
    assert client.post(f"{asked}/gradio_api/queue/join", json=event).status_code == 422
    too_much = bytes(MAX_BODY_BYTES + 1)
    headers = {"If-Match": '"1"'}
    mask = client.put(f"{asked}/api/items/1/mask", content=too_much, headers=headers)
    assert mask.status_code == 404, "the route itself answers: there is no picture 1"
    assert client.post(f"{asked}/api/session", content=too_much).status_code == 413


def test_a_foreign_page_opens_pages_only(client: TestClient, asked: str) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get(f"{asked}/api/health", headers=link).status_code == 403
    assert client.get(f"{asked}/", headers=link).status_code == 404, "there are no pages here, but no refusal"


def test_signing_in_and_out_stays_below_the_root(locked: TestClient, asked: str) -> None:
    page = locked.get(f"{asked}/lab", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/studio/login")
    assert "/studio/login" in locked.get(f"{asked}/api/health").json()["remedy"]
    assert "access key" in locked.get(f"{asked}/login").text

    entered = locked.post(f"{asked}/login", data={"key": KEY})
    assert (entered.status_code, entered.headers["location"]) == (303, "/studio/")
    cookie = entered.headers["set-cookie"]
    assert "Path=/studio;" in cookie
    locked.headers["Cookie"] = cookie.partition(";")[0]  # where the proxy removes the root, no path fits
    assert locked.get(f"{asked}/api/health").status_code == 200

    assert "Sign out" in locked.get(f"{asked}/logout").text
    left = locked.post(f"{asked}/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/studio/login")
    assert all("Path=/studio;" in cookie for cookie in left.headers.get_list("set-cookie"))


def test_the_name_is_kept_for_this_studio_alone(client: TestClient) -> None:
    cookie = client.post("/studio/api/session", json={"annotator": "Ada"}).headers["set-cookie"]
    assert "Path=/studio;" in cookie
    assert client.get("/studio/api/session").json()["annotator"] == "Ada"


def test_without_a_sub_path_a_cookie_is_for_the_whole_host(make_services: Callable[..., Services]) -> None:
    with TestClient(create_api(make_services()), base_url=HOST) as client:
        assert "Path=/;" in client.post("/api/session", json={"annotator": "Ada"}).headers["set-cookie"]


@pytest.mark.parametrize(("proxy", "is_marked"), [("10.0.0.7", True), ("10.0.0.8", False)])
def test_only_a_trusted_proxy_says_that_the_connection_uses_tls(
    make_services: Callable[..., Services], proxy: str, is_marked: bool
) -> None:
    settings = {"host": "0.0.0.0", "access_key": KEY, "trusted_proxies": "10.0.0.7"}
    app = create_api(make_services(**settings))
    with TestClient(app, base_url=HOST, client=(proxy, 5000), follow_redirects=False) as client:
        client.headers["X-Forwarded-Proto"] = "https"
        access = client.post("/login", data={"key": KEY}).headers["set-cookie"]
        client.headers["Cookie"] = access.partition(";")[0]
        name = client.post("/api/session", json={"annotator": "Ada"}).headers["set-cookie"]
    assert ["Secure" in cookie for cookie in (access, name)] == [is_marked, is_marked]


def test_the_pages_name_only_addresses_below_the_root(make_services: Callable[..., Services]) -> None:
    app = create_app(make_services(root_path=ROOT))
    with TestClient(app, base_url=HOST) as client:
        for asked in PASSED_ON.values():
            for path in ("/", "/datasets", "/lab", "/runs", "/export"):
                page = client.get(f"{asked}{path}")
                assert page.status_code == 200
                config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text)[1])
                assert config["root"] == f"{HOST}/studio"
                own = re.findall(r"(?<![\w/])[\w/]*?/ui/", page.text)
                assert set(own) <= {"/studio/ui/"}
                assert "<head><script" in page.text, "the address is compared below the root"
            assert client.get(f"{asked}/gradio_api/info").status_code == 200
            assert client.get(f"{asked}/theme.css").status_code == 200


def test_no_address_of_the_studio_may_be_its_sub_path(make_services: Callable[..., Services]) -> None:
    pages = create_app(make_services())
    waiting, found = [("", route) for route in pages.routes], set()
    while waiting:
        above, route = waiting.pop()
        path = above + getattr(route, "path", "")
        below = getattr(route, "routes", None)
        if below:
            waiting += [(path, inner) for inner in below]
        else:
            found.add(path.lstrip("/").partition("/")[0])
    assert {name for name in found if name and "{" not in name} - RESERVED_SUB_PATHS == set()
    assert {"api", "ui", "lab", "gradio_api"} <= found

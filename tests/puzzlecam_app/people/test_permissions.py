"""One table says who may do what: it is complete, it is in the manual, and every route obeys it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Response
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from db.role_names import ROLES as ORDER
from puzzlecam_app.app import create_api
from puzzlecam_app.people.cookies import SESSION_COOKIE
from puzzlecam_app.people.gate import Gate
from puzzlecam_app.people.permissions import RULES, Rule, rule_of, rule_of_route, table
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import add_colours, open_services
from tests.puzzlecam_app.people.conftest import OTHER_DATASET, OTHER_ITEM, add_people

OPERATORS = Path(__file__).resolve().parents[3] / "docs" / "operators.md"
SENDERS = (None, "nobody", *ORDER)
API_RULES = [rule for rule in RULES if rule.path.startswith("/api/")]


def routes(services: Services) -> set[tuple[str, str]]:
    paths = create_api(services).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_route_is_in_the_table(services: Services) -> None:
    missing = sorted(
        f"{method} {path}" for method, path in routes(services) if rule_of_route(method, path) is None
    )

    assert missing == [], (
        f"These routes are not in the table: {', '.join(missing)}. They are "
        "closed to everybody where people have accounts. Give each the least role it needs "
        "in puzzlecam_app/people/permissions.py, then run python -m puzzlecam_app.people.permissions and put "
        "the table that it prints into docs/operators.md."
    )


def test_the_table_has_no_routes_that_do_not_exist(services: Services) -> None:
    known = routes(services) | {("GET", "/api/openapi.json")}

    assert (
        sorted(f"{rule.method} {rule.path}" for rule in API_RULES if (rule.method, rule.path) not in known)
        == []
    )


def test_the_audit_log_has_words_for_every_change() -> None:
    words = (OPERATORS.parents[1] / "assets" / "people" / "words.js").read_text(encoding="utf-8")
    named = [f"{rule.method} {rule.path}" for rule in RULES if rule.changes]

    assert [one for one in named if f'"{one}":' not in words] == []


def test_no_route_has_two_rules() -> None:
    named = [(rule.method, rule.path) for rule in RULES]

    assert sorted({one for one in named if named.count(one) > 1}) == []


def test_the_table_in_the_manual_is_the_one_in_the_program() -> None:
    text = OPERATORS.read_text(encoding="utf-8")

    assert table() in text, (
        "docs/operators.md shows another table of permissions. Replace it with what "
        "python -m puzzlecam_app.people.permissions prints."
    )


def test_reading_never_counts_as_a_change() -> None:
    assert [rule.path for rule in RULES if rule.changes and rule.method == "GET"] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/runs/form/settings", "/api/runs/form/settings"),
        ("/api/runs/17", "/api/runs/{run_id}"),
        ("/api/items/3/mask", "/api/items/{item_id}/mask"),
        ("/ui/a/b.js", "/ui/{path:path}"),
        ("/", "/"),
        ("/api/items/3/mask/4", None),
        ("/api/items//mask", None),
        ("/somewhere", None),
    ],
)
def test_a_path_has_the_rule_of_its_route(path: str, expected: str | None) -> None:
    found = rule_of("GET", path)

    assert (found[0].path if found else None) == expected


def address(rule: Rule, *, item: int = 1, dataset: int = 1) -> str:
    """A path of the rule; runs do not exist, so that their role on any dataset counts."""
    path = rule.path.replace("{item_id}", str(item)).replace("{dataset_id}", str(dataset))
    return re.sub(r"\{\w+\}", "1", path)


def is_let_in(sender: str | None, rule: Rule, *, has_role: bool = True) -> bool:
    if rule.least == "anyone":
        return True
    if rule.least == "person":
        return sender is not None
    if sender == "admin":
        return True
    return has_role and sender in ORDER and ORDER.index(sender) >= ORDER.index(rule.least)


class Door:
    """The gate with nothing behind it: says whether a request was let in. The routes themselves compute."""

    def __init__(self, services: Services) -> None:
        self._client = TestClient(Gate(self._inside, services), base_url="http://127.0.0.1:7860")

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("inside")(scope, receive, send)

    def asked(self, sender: str | None, rule: Rule, **ids: int) -> Response:
        self._client.cookies.clear()
        if sender is not None:
            self._client.cookies.set(SESSION_COOKIE, sender)
        return self._client.request(rule.method, address(rule, **ids))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("team")
    with open_services(folder, access="accounts") as services:
        add_colours(services, folder / "pictures")
        add_people(services)
        yield Door(services)


@pytest.mark.parametrize("rule", API_RULES, ids=lambda rule: f"{rule.method} {rule.path}")
def test_every_route_lets_in_those_who_have_its_role_and_nobody_else(rule: Rule, door: Door) -> None:
    for sender in SENDERS:
        expected = 200 if is_let_in(sender, rule) else 401 if sender is None else 403
        assert door.asked(sender, rule).status_code == expected, sender


@pytest.mark.parametrize(
    "rule",
    [one for one in API_RULES if re.search(r"{(item|dataset)_id}", one.path) and "run_id" not in one.path],
    ids=lambda rule: f"{rule.method} {rule.path}",
)
def test_a_role_counts_on_its_own_dataset_only(rule: Rule, door: Door) -> None:
    for sender in ORDER:
        expected = 200 if is_let_in(sender, rule, has_role=False) else 403
        assert door.asked(sender, rule, item=OTHER_ITEM, dataset=OTHER_DATASET).status_code == expected, (
            sender
        )

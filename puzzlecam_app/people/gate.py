"""Where every request is let in or refused, by the one permission table, and where changes are logged."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db import audit
from db.errors import StorageError
from db.hidden_copies import hidden_from
from puzzlecam_app.auth import LOGIN_PATH, annotator_of
from puzzlecam_app.lanes import SAVES, Lane, run_in
from puzzlecam_app.monitoring.routes import remember_route
from puzzlecam_app.people.cookies import address_of, secret_of
from puzzlecam_app.people.forms import closed_page
from puzzlecam_app.people.permissions import Rule, page_rule, rule_of
from puzzlecam_app.people.person import NOBODY_ELSE, Least, Person, may_use
from puzzlecam_app.people.scopes import Ids, datasets_named_in, datasets_of, ids_of
from puzzlecam_app.people.signing_in import note_use, who_has
from puzzlecam_app.services import Services
from puzzlecam_app.sub_path import own_path, root_of

_log = logging.getLogger(__name__)

_LOOKS: Final = Lane("people", 8)
"""Looking up who sends a request: quick, and it must not wait for slow requests."""
_EVENTS: Final = ("/gradio_api/queue/join", "/gradio_api/run/")
_A_ROLE: Final[Mapping[Least, str]] = {
    "labeler": "a role",
    "reviewer": "the role of a reviewer",
    "lead": "the role of a lead",
    "admin": "the role of an admin",
}


class Gate:
    """ASGI middleware that finds out who sends a request, refuses what they may not do, and logs changes.

    The person is in `request.state.person`. In a studio without accounts that is one implied person with all
    rights. Of bodies it reads only those of events of pages, and those in which a rule says that ids are.
    What a route puts into `request.state.audit_detail` becomes part of the entry in the audit log.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._has_accounts = services.settings.has_accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self._has_accounts:
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = rule_of(scope["method"], own_path(scope))
        rule, parameters = (None, {}) if found is None else found
        if rule is not None:
            remember_route(scope, rule.path, parameters)
        try:
            person = await self._person(scope, rule)
            scope.setdefault("state", {})["person"] = person
            body, receive = await _body(scope, rule, receive)
            query = scope["query_string"].decode("latin-1")
            ids = Ids() if rule is None else ids_of(rule, parameters, query, body)
            refusal = await self._refusal(scope, rule, person, ids, body) if self._has_accounts else None
        except StorageError as error:
            await _refuse(503, str(error), "Try again soon")(scope, receive, send)
            return
        if rule is not None and rule.changes:
            send = self._logged(scope, rule, person, ids, send)
        await (self._app if refusal is None else refusal)(scope, receive, send)

    async def _person(self, scope: Scope, rule: Rule | None) -> Person | None:
        if not self._has_accounts:
            return NOBODY_ELSE
        secret, is_token = secret_of(scope)
        if secret is None or (rule is not None and rule.least == "anyone" and not _is_sign_in(scope)):
            return None
        database = self._services.database
        known = await run_in(_LOOKS, who_has, database, secret, is_token=is_token)
        if known is None:
            return None
        if known.sign_in_id is not None or known.token_id is not None:
            await run_in(_LOOKS, note_use, database, known)
        return known.person

    async def _refusal(
        self, scope: Scope, rule: Rule | None, person: Person | None, ids: Ids, body: bytes
    ) -> Response | None:
        if rule is not None and rule.least == "anyone":
            return None
        if person is None:
            return _sign_in(scope)
        if rule is None:
            return _refuse(404, "there is no such page", "Use the pages", scope["path"])
        if _is_event(scope):
            return await self._refusal_of_event(scope, person, body)
        if rule.least == "person":
            return None
        datasets, hidden = await run_in(_LOOKS, self._about, ids, person)
        refusal = _refusal_of(person, rule.least, datasets, scope["path"])
        if refusal is None and hidden:
            refusal = _refuse(404, f"There is no picture with id {min(hidden)}.", "Load the page again")
        if refusal is not None and _is_for_reading(scope):
            return HTMLResponse(closed_page(_A_ROLE[rule.least]), status_code=403)
        return refusal

    async def _refusal_of_event(self, scope: Scope, person: Person, body: bytes) -> Response | None:
        event = _json_object(body)
        number = event.get("fn_index")
        page = scope["app"].state.event_pages.get(number) if type(number) is int else None
        rule = None if page is None else page_rule(page)
        if rule is None:
            return _refuse(422, "this is not an event of a page", "Load the page again", scope["path"])
        if rule.least in ("anyone", "person"):
            return None
        datasets = await run_in(_LOOKS, self._datasets_named_in, event.get("data"))
        return _refusal_of(person, rule.least, datasets, scope["path"])

    def _about(self, ids: Ids, person: Person) -> tuple[set[int], set[int]]:
        """The datasets that a request is about, and those of its pictures that this person must not see."""
        with self._services.database.read() as session:
            datasets = datasets_of(session, ids)
            if not ids.item:
                return datasets, set()
            is_lead = all(person.may("lead", dataset_id) for dataset_id in datasets)
            return datasets, hidden_from(session, ids.item, person.user_id, is_lead=is_lead)

    def _datasets_named_in(self, content: object) -> set[int]:
        with self._services.database.read() as session:
            return datasets_named_in(session, content)

    def _logged(self, scope: Scope, rule: Rule, person: Person | None, ids: Ids, send: Send) -> Send:
        """Write into the audit log before the answer is sent; a refusal for want of a role is logged too."""

        async def send_logged(message: Message) -> None:
            if message["type"] == "http.response.start" and (
                message["status"] < 400 or message["status"] == 403
            ):
                name = person.name if person is not None and person.user_id is not None else None
                if name is None and not self._has_accounts:
                    name = annotator_of(Request(scope))
                user_id = None if person is None else person.user_id
                entry = {
                    "name": name,
                    "user_id": user_id,
                    "status": message["status"],
                    "address": address_of(scope),
                    "item_id": _only(ids.item),
                    "run_id": _only(ids.run),
                    "detail": scope["state"].get("audit_detail"),
                }
                try:
                    await run_in(SAVES, self._write, f"{rule.method} {rule.path}", entry, ids)
                except StorageError:
                    _log.exception("%s by %r is missing in the audit log", rule.path, name)
            await send(message)

        return send_logged

    def _write(self, action: str, entry: dict[str, Any], ids: Ids) -> None:
        with self._services.database.write() as session:
            dataset_id = _only(datasets_of(session, ids))
            audit.write(session, action, dataset_id=dataset_id, **entry)


def _refusal_of(person: Person, least: Least, datasets: set[int], path: str) -> Response | None:
    if may_use(person, least, datasets):
        return None
    where = " on this dataset" if datasets and least != "admin" else ""
    return _refuse(403, f"this needs {_A_ROLE[least]}{where}", "Ask a lead or an admin", path)


async def _body(scope: Scope, rule: Rule | None, receive: Receive) -> tuple[bytes, Receive]:
    """Read the body if the table looks into it, and give what reads it again."""
    looks = _is_event(scope) or (rule is not None and any(one.source == "body" for one in rule.named))
    if not looks:
        return b"", receive
    messages: list[Message] = []
    while True:
        messages.append(await receive())
        if messages[-1]["type"] != "http.request" or not messages[-1].get("more_body", False):
            break
    waiting = iter(messages)

    async def receive_again() -> Message:
        return next(waiting, None) or await receive()

    return b"".join(message.get("body", b"") for message in messages), receive_again


def _is_event(scope: Scope) -> bool:
    return scope["method"] == "POST" and own_path(scope).startswith(_EVENTS)


def _is_sign_in(scope: Scope) -> bool:
    """Whether it matters who sends a request although anyone may send it."""
    path = own_path(scope)
    return path == LOGIN_PATH or path.startswith(f"{LOGIN_PATH}/")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _only(ids: set[int]) -> int | None:
    return next(iter(ids)) if len(ids) == 1 else None


def _is_for_reading(scope: Scope) -> bool:
    """Whether a person opens the address in a browser, and not a page or script."""
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def _sign_in(scope: Scope) -> Response:
    login = root_of(scope) + LOGIN_PATH
    if _is_for_reading(scope):
        query = scope["query_string"].decode("latin-1")
        wanted = own_path(scope) + (f"?{query}" if query else "")
        return RedirectResponse(login if wanted == "/" else f"{login}?next={quote(wanted)}", status_code=303)
    return _refuse(401, "you are not signed in", f"Open {login} and sign in")


def _refuse(status: int, message: str, remedy: str, where: str | None = None) -> Response:
    problem = {"message": message, "where": where, "remedy": remedy, "fields": None, "current": None}
    return JSONResponse(problem, status_code=status)

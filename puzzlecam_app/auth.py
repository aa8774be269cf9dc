"""Access to the app: host and origin checks, the access key, and the name that a person works under."""

from __future__ import annotations

import hashlib
import hmac
import logging
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from puzzlecam_app.guesses import Guesses
from puzzlecam_app.login_name import login_name
from puzzlecam_app.people.person import Person
from puzzlecam_app.settings import Settings, environment_variable, is_loopback
from puzzlecam_app.sub_path import own_path, root_of

_log = logging.getLogger(__name__)

ACCESS_COOKIE = "puzzlecam_access"
ANNOTATOR_COOKIE = "puzzlecam_annotator"
LOGIN_PATH, LOGOUT_PATH = "/login", "/logout"
_COOKIE_SECONDS = 30 * 24 * 3600
_LOGIN_BYTES = 4096

_LOGIN_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Puzzle-CAM studio</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:16px system-ui,sans-serif;display:grid;place-items:center;min-height:100vh;margin:0;
background:#f4f5f7;color:#1c2230}}form{{background:#fff;padding:32px;border-radius:12px;width:320px;
box-shadow:0 8px 30px #0002}}input,button{{font:inherit;width:100%;box-sizing:border-box;padding:10px;
border-radius:8px;border:1px solid #c6cad3;margin-top:12px}}button{{background:#2457d6;color:#fff;border:0}}
p[role=alert]{{color:#b3261e}}</style></head><body><form method="post"><h1 style="font-size:20px;margin:0">
Puzzle-CAM studio</h1><p>Enter the access key that the studio printed when it was started.</p>{error}
<input type="password" name="key" aria-label="Access key" autofocus autocomplete="current-password">
<button>Enter</button></form></body></html>"""


_ALERT = '<p role="alert">{}</p>'
_FORM = _LOGIN_PAGE.index("<p>Enter"), _LOGIN_PAGE.index("</form>")
_LOGOUT_PAGE = (
    _LOGIN_PAGE[: _FORM[0]]
    + "<p>Sign out of the studio in this browser? Work that has not been sent yet stays in the browser.</p>"
    + '<button>Sign out</button><p><a href="./">Back to the studio</a></p>'
    + _LOGIN_PAGE[_FORM[1] :]
).format()


def annotator_of(request: Request) -> str:
    """Return the name that the person works under: that of the account where people have accounts, else the
    chosen one, else the server's login name.
    """
    person: Person | None = request.scope.get("state", {}).get("person")
    if person is not None and person.user_id is not None:
        return person.name
    name = unquote(request.cookies.get(ANNOTATOR_COOKIE, "")).strip()
    if name and name.isprintable() and len(name) <= 64:
        return name
    return login_name()


def remember_annotator(request: Request, response: Response, name: str) -> None:
    """Store the name in a cookie."""
    _keep_cookie(request.scope, response, ANNOTATOR_COOKIE, quote(name))


def _keep_cookie(scope: Scope, response: Response, name: str, value: str) -> None:
    """Store a cookie for this studio alone: not for another one in another sub-path of the same host."""
    response.set_cookie(
        name,
        value,
        max_age=_COOKIE_SECONDS,
        path=root_of(scope) or "/",
        httponly=True,
        samesite="strict",
        secure=scope["scheme"] == "https",
    )


class AccessGuard:
    """ASGI middleware in front of all pages and routes.

    - A server bound to this machine answers only requests whose host is a loopback name or one of
      `public_names`: another site cannot reach it by pointing its own name at 127.0.0.1 (DNS rebinding).
    - A request that changes something must come from the app's own pages (`Origin`).
    - Where people share an access key, every request is refused until the key has been entered. Where they
      have accounts, `puzzlecam_app.people.gate` decides instead.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._is_local = is_loopback(settings.host)
        self._public_names = frozenset(settings.public_names)
        secret = None if settings.has_accounts else settings.access_key
        key = secret.get_secret_value() if secret else None
        self._key = key
        self._guesses = Guesses()
        # The cookie proves knowledge of the key without carrying it.
        self._token = hmac.new(key.encode(), b"puzzlecam access", hashlib.sha256).hexdigest() if key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None and self._key is not None:
            if not self._is_known(scope):
                refusal = await self._ask_for_key(scope, receive)
            elif own_path(scope) == LOGOUT_PATH and scope["type"] == "http":
                refusal = _leave(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._is_local and not self._is_addressed_by(host):
            return _refuse(
                421,
                f"the studio is open to this machine only and does not answer for the host {host!r}",
                f"Open it at 127.0.0.1; behind a proxy, set {environment_variable('public_names')}",
            )
        if _is_from_elsewhere(scope, headers):
            return _refuse(403, "the request comes from another site", "Use the studio's own pages")
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if changes and origin is not None and not _is_of(origin, host):
            return _refuse(403, "the request comes from another site", "Use the studio's own pages")
        return None

    def _is_addressed_by(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:  # an unclosed bracket
            return False
        return is_loopback(name) or name in self._public_names

    def _is_known(self, scope: Scope) -> bool:
        assert self._token is not None  # noqa: S101
        try:
            cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            return False
        cookie = cookies.get(ACCESS_COOKIE)
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._token.encode())

    async def _ask_for_key(self, scope: Scope, receive: Receive) -> Response:
        if scope["type"] == "websocket":
            return Response(status_code=403)
        request = Request(scope, receive)
        if own_path(scope) != LOGIN_PATH:
            login = root_of(scope) + LOGIN_PATH
            if "text/html" in request.headers.get("accept", ""):
                return RedirectResponse(login, status_code=303)
            return _refuse(401, "the access key has not been entered", f"Open {login} and enter it")
        if request.method != "POST":
            return HTMLResponse(_LOGIN_PAGE.format(error=""))
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LOGIN_BYTES:
                return _refuse(413, "the form is too large", "Enter only the access key")
        address = scope["client"][0] if scope.get("client") else ""
        wait_s = self._guesses.wait_s(address)
        if wait_s:
            # The right key is refused too; otherwise this answer would tell whether a guess is right.
            alert = _ALERT.format(f"Too many wrong keys were entered. Try again in {wait_s} seconds.")
            page = _LOGIN_PAGE.format(error=alert)
            return HTMLResponse(page, status_code=429, headers={"Retry-After": str(wait_s)})
        given = parse_qs(body.decode(errors="replace")).get("key", [""])[0]
        assert self._key is not None and self._token is not None  # noqa: S101, PT018
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            count = self._guesses.wrong(address)
            _log.warning("wrong access key from %r, number %d of this client", address[:64], count)
            alert = _ALERT.format("The access key is wrong.")
            return HTMLResponse(_LOGIN_PAGE.format(error=alert), status_code=403)
        self._guesses.right(address)
        answer = RedirectResponse(f"{root_of(scope)}/", status_code=303)
        _keep_cookie(scope, answer, ACCESS_COOKIE, self._token)
        return answer


def _is_from_elsewhere(scope: Scope, headers: Headers) -> bool:
    """Whether a page of another site sent the request. Only links to the studio's pages are allowed.

    Another port of this machine counts as another site. Programs other than browsers do not send the header.
    """
    if headers.get("sec-fetch-site", "none") not in ("cross-site", "same-site"):
        return False
    is_link = (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
    )
    return not is_link or own_path(scope).startswith(("/api/", "/gradio_api/", LOGOUT_PATH))


def _leave(scope: Scope) -> Response:
    """Show the sign-out page, or sign out."""
    if scope["method"] != "POST":
        return HTMLResponse(_LOGOUT_PAGE)
    answer = RedirectResponse(root_of(scope) + LOGIN_PATH, status_code=303)
    is_secure = scope["scheme"] == "https"
    for name in (ACCESS_COOKIE, ANNOTATOR_COOKIE):
        path = root_of(scope) or "/"
        answer.delete_cookie(name, path=path, httponly=True, samesite="strict", secure=is_secure)
    # The next person who uses this browser must not see cached pictures.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _is_of(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:  # an unclosed bracket
        return False


def _refuse(status: int, message: str, remedy: str) -> Response:
    return JSONResponse({"message": message, "where": None, "remedy": remedy}, status_code=status)

"""The cookie and the header with which people and scripts say who they are, and where they are."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from db.sign_ins import LONGEST
from puzzlecam_app.sub_path import root_of

SESSION_COOKIE: Final = "puzzlecam_session"


def secret_of(scope: Scope) -> tuple[str | None, bool]:
    """Return the secret that a request carries, and whether it is a token. A token takes precedence."""
    headers = Headers(scope=scope)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip(), True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return None, False
    return (cookie.value or None) if cookie is not None else None, False


def keep_session(scope: Scope, response: Response, secret: str) -> None:
    """Store the secret of a session in the browser.

    A link from another site must find the person signed in, so that the cookie is not `strict`. Other sites
    cannot change anything with it: they cannot send it with a POST, and their requests are refused.
    """
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=round(LONGEST.total_seconds()),
        path=root_of(scope) or "/",
        httponly=True,
        samesite="lax",
        secure=scope["scheme"] == "https",
    )


def forget_session(scope: Scope, response: Response) -> None:
    """Remove the cookie, and the pictures that the browser keeps: the next person must not see them."""
    response.delete_cookie(
        SESSION_COOKIE,
        path=root_of(scope) or "/",
        httponly=True,
        samesite="lax",
        secure=scope["scheme"] == "https",
    )
    response.headers["Clear-Site-Data"] = '"cache"'


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from; empty if it is unknown."""
    return str(scope["client"][0]) if scope.get("client") else ""

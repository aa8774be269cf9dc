"""The way to a provider of OpenID Connect and back: to sign in, or to link an account."""

from __future__ import annotations

import logging
from typing import Final, Literal, TypedDict
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from db import audit, identities
from puzzlecam_app.auth import LOGIN_PATH
from puzzlecam_app.errors import UserError
from puzzlecam_app.lanes import Lane, run_in
from puzzlecam_app.people import forms, openid_accounts
from puzzlecam_app.people.cookies import address_of, keep_session
from puzzlecam_app.people.limits import SignInLimits
from puzzlecam_app.people.openid import Begun, Identity, Provider
from puzzlecam_app.people.openid_accounts import Rules
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import OpenServices
from puzzlecam_app.routes.redirects import next_path, redirect_to
from puzzlecam_app.services import Services
from puzzlecam_app.sub_path import root_of

router = APIRouter(include_in_schema=False)

_START: Final = f"{LOGIN_PATH}/openid"
_BACK: Final = f"{_START}/back"
_COOKIE: Final = "puzzlecam_openid"
_COOKIE_S: Final = 600
_PROVIDER: Final = Lane("provider", 4)
"""Waiting for the provider: it may be slow, and nothing else waits for it."""
_log = logging.getLogger(__name__)


class _CookiePlace(TypedDict):
    path: str
    httponly: bool
    samesite: Literal["lax"]
    secure: bool


def start_address(request: Request) -> str:
    """Return the link on the sign-in page that leads to the provider."""
    return f"{root_of(request.scope)}{_START}?next={quote(next_path(request))}"


async def begin(
    request: Request, provider: Provider, wanted: str, *, links: int | None = None
) -> tuple[str, str]:
    """Return the address at the provider to send a browser to, and the value of its cookie for `keep_begun`.

    Args:
        request: The request of the browser.
        provider: The provider.
        wanted: Path to open afterwards.
        links: Account to link; None to sign in.

    Raises:
        UserError: See `Provider.begin`.
    """
    address, begun = await run_in(_PROVIDER, provider.begin, _back_to(request), wanted, links)
    return address, begun.encode()


def keep_begun(request: Request, answer: Response, begun: str) -> None:
    """Let the browser keep what it must show when the provider sends it back."""
    # `strict` would keep the cookie from the request with which the provider sends the browser back.
    answer.set_cookie(_COOKIE, begun, max_age=_COOKIE_S, **_cookie_place(request))


@router.get(_START)
async def start(request: Request, services: OpenServices) -> Response:
    """Send a browser to the provider, to sign in."""
    provider = provider_of(request, services)
    if provider is None:
        return redirect_to(request, LOGIN_PATH)
    try:
        address, begun = await begin(request, provider, next_path(request))
    except UserError as error:
        return _problem(request, error, 502)
    answer = RedirectResponse(address, status_code=303)
    keep_begun(request, answer, begun)
    return answer


@router.get(_BACK)
async def come_back(request: Request, services: OpenServices) -> Response:
    """Sign somebody in whom the provider has sent back, or link their account."""
    provider = provider_of(request, services)
    if provider is None:
        return redirect_to(request, LOGIN_PATH)
    limits: SignInLimits = request.app.state.sign_in_limits
    address = address_of(request.scope)
    wait_s = limits.wait_s(address, _START)
    if wait_s:
        error = UserError("there were too many failed attempts", remedy=f"Try again in {wait_s} seconds")
        return _problem(request, error, 429, headers={"Retry-After": str(wait_s)})
    begun = Begun.decode(request.cookies.get(_COOKIE, ""))
    links = None if begun is None else begun.links
    person: Person | None = request.state.person
    browser = request.headers.get("user-agent", "")
    secret = None
    try:
        identity = await run_in(_PROVIDER, provider.finish, begun, request.query_params, _back_to(request))
        if links is None:
            secret = await run_in(_PROVIDER, _sign_in, services, identity, person, address, browser)
        else:
            await run_in(_PROVIDER, _link, services, identity, links, person, address)
    except UserError as error:
        limits.wrong(address, _START)
        tried = "sign in" if links is None else "link an identity"
        _log.warning("failed to %s at the provider from %r: %s", tried, address[:64], error)
        await run_in(_PROVIDER, _note_failure, services, f"failed to {tried}", str(error), address)
        return _problem(request, error, 403, is_linking=links is not None)
    limits.right(address, _START)
    answer = redirect_to(request, begun.wanted if begun is not None else "/")
    if secret is not None:
        keep_session(request.scope, answer, secret)
    answer.delete_cookie(_COOKIE, **_cookie_place(request))
    return answer


async def after_sign_out(request: Request, services: Services, person: Person) -> Response | None:
    """Return a page that offers to sign out at the provider too; None for people who are not known there."""
    provider = provider_of(request, services)
    if provider is None or person.user_id is None:
        return None
    back_to = f"{_site(request)}{LOGIN_PATH}"
    address = await run_in(_PROVIDER, _sign_out_address, services, provider, person.user_id, back_to)
    if address is None:
        return None
    return HTMLResponse(forms.signed_out_page(provider.name, address, root_of(request.scope) + LOGIN_PATH))


def _sign_in(
    services: Services, identity: Identity, person: Person | None, address: str, browser: str
) -> str:
    return openid_accounts.sign_in(
        services.database,
        identity,
        Rules.of(services.settings),
        person=person,
        address=address,
        browser=browser,
    )


def _link(services: Services, identity: Identity, user_id: int, person: Person | None, address: str) -> None:
    rules = Rules.of(services.settings)
    openid_accounts.link(services.database, identity, rules, user_id=user_id, person=person, address=address)


def _note_failure(services: Services, action: str, why: str, address: str) -> None:
    with services.database.write() as session:
        audit.write(session, action, name=None, status=403, address=address, detail={"why": why[:300]})


def _sign_out_address(services: Services, provider: Provider, user_id: int, back_to: str) -> str | None:
    with services.database.read() as session:
        if not identities.has_any(session, user_id):
            return None
    return provider.sign_out_address(back_to)


def provider_of(request: Request, services: Services) -> Provider | None:
    """Return the provider at which people of this studio can sign in; None without one."""
    provider: Provider | None = request.app.state.provider
    return provider if services.settings.has_accounts else None


def _problem(
    request: Request,
    error: UserError,
    status: int,
    *,
    is_linking: bool = False,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    text = f"{error.message}. {error.remedy}." if error.remedy else f"{error.message}."
    text = text[:1].upper() + text[1:]
    root = root_of(request.scope)
    page = (
        forms.not_linked_page(text, f"{root}/account")
        if is_linking
        else forms.provider_problem_page(text, root + LOGIN_PATH)
    )
    return HTMLResponse(page, status_code=status, headers=headers)


def _site(request: Request) -> str:
    return f"{request.scope['scheme']}://{request.headers.get('host', '')}{root_of(request.scope)}"


def _back_to(request: Request) -> str:
    return f"{_site(request)}{_BACK}"


def _cookie_place(request: Request) -> _CookiePlace:
    return {
        "path": f"{root_of(request.scope)}{_START}",
        "httponly": True,
        "samesite": "lax",
        "secure": request.scope["scheme"] == "https",
    }

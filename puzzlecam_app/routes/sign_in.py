"""The plain pages of accounts: signing in and out, and joining by a link."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from db.errors import InvalidInputError, NotFoundError
from puzzlecam_app.auth import LOGIN_PATH, LOGOUT_PATH
from puzzlecam_app.errors import UserError
from puzzlecam_app.lanes import PASSWORDS, run_in
from puzzlecam_app.people import forms, joining, signing_in
from puzzlecam_app.people.cookies import address_of, forget_session, keep_session
from puzzlecam_app.people.limits import SignInLimits
from puzzlecam_app.people.openid import Provider
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import OpenServices
from puzzlecam_app.routes.openid import after_sign_out, start_address
from puzzlecam_app.routes.redirects import next_path, redirect_to

router = APIRouter(include_in_schema=False)

_log = logging.getLogger(__name__)


@router.get(LOGIN_PATH)
async def show_sign_in(request: Request, services: OpenServices) -> Response:
    """Show the sign-in page; who is signed in goes on to the studio."""
    if not services.settings.has_accounts or request.state.person is not None:
        return redirect_to(request, next_path(request))
    return HTMLResponse(_sign_in_form(request))


@router.post(LOGIN_PATH)
async def sign_in(request: Request, services: OpenServices) -> Response:
    """Sign in with name and password."""
    if not services.settings.has_accounts:
        return redirect_to(request, "/")
    given = await _form(request)
    name, address = given.get("name", ""), address_of(request.scope)
    limits: SignInLimits = request.app.state.sign_in_limits
    wait_s = limits.wait_s(address, name)
    if wait_s:
        # The right password is refused too; otherwise this answer would tell whether a guess is right.
        alert = f"There were too many failed attempts. Try again in {wait_s} seconds."
        page = _sign_in_form(request, alert=alert, name=name)
        return HTMLResponse(page, status_code=429, headers={"Retry-After": str(wait_s)})
    # Counted before the password is checked: requests that arrive together are all counted.
    count = limits.wrong(address, name)
    secret = await run_in(
        PASSWORDS,
        signing_in.sign_in,
        services.database,
        name,
        given.get("password", ""),
        address=address,
        browser=_browser(request),
    )
    if secret is None:
        _log.warning("failed sign-in as %r from %r, number %d of this client", name[:64], address[:64], count)
        page = _sign_in_form(request, alert="The name or the password is wrong.", name=name)
        return HTMLResponse(page, status_code=403)
    limits.right(address, name)
    answer = redirect_to(request, next_path(request))
    keep_session(request.scope, answer, secret)
    return answer


@router.get(LOGOUT_PATH)
async def show_sign_out(request: Request, services: OpenServices) -> Response:
    """Ask whether to sign out."""
    person: Person = request.state.person
    return (
        HTMLResponse(forms.sign_out_form(person.name))
        if services.settings.has_accounts
        else redirect_to(request, "/")
    )


@router.post(LOGOUT_PATH)
async def sign_out(request: Request, services: OpenServices) -> Response:
    """Sign out in this browser."""
    person: Person = request.state.person
    if not services.settings.has_accounts:
        return redirect_to(request, "/")
    await run_in(PASSWORDS, signing_in.sign_out, services.database, person, address=address_of(request.scope))
    answer = await after_sign_out(request, services, person) or redirect_to(request, LOGIN_PATH)
    forget_session(request.scope, answer)
    return answer


@router.get(joining.JOIN_PATH + "/{secret}")
async def show_invitation(secret: str, services: OpenServices) -> Response:
    """Show the page of an invitation, or of a link for another password."""
    page = await run_in(PASSWORDS, _invitation_page, services, secret)
    return HTMLResponse(page or forms.used_link_page(), status_code=200 if page else 404)


@router.post(joining.JOIN_PATH + "/{secret}")
async def join(secret: str, request: Request, services: OpenServices) -> Response:
    """Use a link, and sign in."""
    given = await _form(request)
    name, password, address = given.get("name", ""), given.get("password", ""), address_of(request.scope)
    alert = "" if password == given.get("again") else "The two passwords differ. Enter them again."
    if not alert:
        try:
            account = await run_in(
                PASSWORDS, joining.join, services.database, secret, name, password, address=address
            )
        except NotFoundError:
            return HTMLResponse(forms.used_link_page(), status_code=404)
        except (UserError, InvalidInputError) as error:
            text = f"{error.message}. {error.remedy}." if isinstance(error, UserError) else str(error)
            alert = text[:1].upper() + text[1:]
        else:
            cookie = await run_in(
                PASSWORDS,
                signing_in.start_session,
                services.database,
                account,
                address=address,
                browser=_browser(request),
            )
            answer = redirect_to(request, "/")
            keep_session(request.scope, answer, cookie)
            return answer
    page = await run_in(PASSWORDS, _invitation_page, services, secret, alert, name)
    return HTMLResponse(page or forms.used_link_page(), status_code=422 if page else 404)


def _sign_in_form(request: Request, *, alert: str = "", name: str = "") -> str:
    provider: Provider | None = request.app.state.provider
    shown = (
        {} if provider is None else {"provider": provider.name, "provider_address": start_address(request)}
    )
    return forms.sign_in_form(alert=alert, name=name, **shown)


def _invitation_page(services: OpenServices, secret: str, alert: str = "", name: str = "") -> str | None:
    invitation = joining.find_invitation(services.database, secret)
    if invitation is None:
        return None
    if invitation.user_id is not None:
        return forms.new_password_form(name=invitation.name or "", alert=alert)
    datasets = [one.dataset.name for one in invitation.datasets]
    return forms.join_form(
        role=invitation.role, datasets=datasets, fixed_name=invitation.name, alert=alert, name=name
    )


async def _form(request: Request) -> dict[str, str]:
    body = (await request.body()).decode(errors="replace")
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")

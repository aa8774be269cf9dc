"""Linking one's account to an identity at the provider of OpenID Connect, and unlinking it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.people import openid_accounts
from puzzlecam_app.routes.account import own_account
from puzzlecam_app.routes.common import CurrentPerson, HttpError, OpenServices, problem_responses
from puzzlecam_app.routes.openid import begin, keep_begun, provider_of

router = APIRouter(prefix="/account/identities", tags=["account"])


class ProviderOut(BaseModel):
    """Where the browser goes to link the account."""

    address: str


class IdentityIn(BaseModel):
    """An identity of the account."""

    issuer: str = Field(min_length=1, max_length=512)
    subject: str = Field(min_length=1, max_length=255)


@router.post("", responses=problem_responses(403, 409, 422))
async def start_linking(
    services: OpenServices, person: CurrentPerson, request: Request, response: Response
) -> ProviderOut:
    """Begin to link: the person signs in at the provider, which sends them back to the Account page."""
    user_id = own_account(person)
    provider = provider_of(request, services)
    if provider is None:
        raise HttpError(409, "this studio has no provider to sign in at", remedy="Set PUZZLECAM_OIDC_ISSUER")
    address, begun = await begin(request, provider, "/account?linked", links=user_id)
    keep_begun(request, response, begun)
    return ProviderOut(address=address)


@router.post("/unlink", responses=problem_responses(403, 404, 409, 422))
@in_lane(SAVES)
def unlink(wanted: IdentityIn, services: OpenServices, person: CurrentPerson, request: Request) -> None:
    """Let an identity no longer sign in to the account, if another way of signing in remains."""
    user_id = own_account(person)
    openid_accounts.unlink(
        services.database,
        user_id,
        wanted.issuer,
        wanted.subject,
        provider=services.settings.oidc_issuer,
    )
    request.state.audit_detail = {"issuer": wanted.issuer}

"""What people see and change of their own account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field, SecretStr

from db import api_tokens, identities, sign_ins
from db.accounts import get_account
from db.datasets import list_datasets
from db.role_names import Role
from puzzlecam_app.lanes import PASSWORDS, SAVES, in_lane, run_in
from puzzlecam_app.people.cookies import address_of
from puzzlecam_app.people.limits import SignInLimits
from puzzlecam_app.people.openid_accounts import is_only_way_in
from puzzlecam_app.people.person import Person
from puzzlecam_app.people.signing_in import change_password
from puzzlecam_app.people.tokens import TOKEN_PREFIX, hash_of, new_secret
from puzzlecam_app.routes.common import CurrentPerson, HttpError, OpenServices, problem_responses
from puzzlecam_app.routes.openid import provider_of

router = APIRouter(prefix="/account", tags=["account"])


class RoleOut(BaseModel):
    dataset: str
    role: Role


class SignInOut(BaseModel):
    """A browser in which the person is signed in."""

    id: int
    browser: str = Field(description="As the browser calls itself")
    address: str
    created_at: datetime
    seen_at: datetime = Field(description="Last use, to a few minutes")
    is_this: bool = Field(description="Whether it is the one that asks")


class TokenOut(BaseModel):
    """A token; its secret is not kept."""

    id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class IdentityOut(BaseModel):
    """An identity at a provider of OpenID Connect that signs in to the account."""

    issuer: str
    subject: str
    created_at: datetime
    is_only_way_in: bool = Field(description="Whether nobody could sign in to the account without it")


class AccountOut(BaseModel):
    """The account of the asking person."""

    name: str
    is_admin: bool
    has_password: bool
    provider: str | None = Field(description="Name of the provider that the account can be linked to")
    identities: list[IdentityOut]
    roles: list[RoleOut]
    sign_ins: list[SignInOut]
    tokens: list[TokenOut]


class PasswordIn(BaseModel):
    old: SecretStr = Field(max_length=1024)
    new: SecretStr = Field(max_length=1024)


class TokenIn(BaseModel):
    """A token to make."""

    name: str = Field(min_length=1, max_length=64, description="What it is for")
    role: Role = Field(description="The highest role that it has; it never has more than its owner")
    days: int = Field(default=90, ge=1, le=api_tokens.LONGEST_DAYS)


class NewTokenOut(BaseModel):
    """A token that was just made; it is not shown again."""

    token: str
    expires_at: datetime


@router.get("", responses=problem_responses(403, 409))
def read_account(services: OpenServices, person: CurrentPerson, request: Request) -> AccountOut:
    """Describe the account of the asking person."""
    user_id = own_account(person)
    with services.database.read() as session:
        names = {dataset.id: dataset.name for dataset in list_datasets(session)}
        roles = [
            RoleOut(dataset=names[dataset_id], role=role)
            for dataset_id, role in person.roles.items()
            if dataset_id in names
        ]
        browsers = [
            SignInOut(
                id=one.id,
                browser=one.browser,
                address=one.address,
                created_at=one.created_at,
                seen_at=one.seen_at,
                is_this=one.id == person.sign_in_id,
            )
            for one in sign_ins.list_open(session, user_id)
        ]
        tokens = [
            TokenOut.model_validate(one, from_attributes=True)
            for one in api_tokens.list_valid(session, user_id)
        ]
        linked = [
            IdentityOut(
                issuer=one.issuer,
                subject=one.subject,
                created_at=one.created_at,
                is_only_way_in=is_only_way_in(
                    session, user_id, one.issuer, one.subject, provider=services.settings.oidc_issuer
                ),
            )
            for one in identities.list_linked(session, user_id)
        ]
        account = get_account(session, user_id)
        is_admin, has_password = account.is_admin, account.password_hash is not None
    provider = provider_of(request, services)
    return AccountOut(
        name=person.name,
        is_admin=is_admin,
        has_password=has_password,
        provider=None if provider is None else provider.name,
        identities=linked,
        roles=roles,
        sign_ins=browsers,
        tokens=tokens,
    )


@router.post("/password", responses=problem_responses(403, 409, 422, 429))
async def write_password(
    wanted: PasswordIn, services: OpenServices, person: CurrentPerson, request: Request
) -> None:
    """Choose another password. The person is then signed out in all other browsers."""
    own_account(person)
    limits: SignInLimits = request.app.state.sign_in_limits
    address = address_of(request.scope)
    wait_s = limits.wait_s(address, person.name)
    if wait_s:
        raise HttpError(429, "there were too many failed attempts", remedy=f"Try again in {wait_s} seconds")
    limits.wrong(address, person.name)
    old, new = wanted.old.get_secret_value(), wanted.new.get_secret_value()
    await run_in(PASSWORDS, change_password, services.database, person, old, new)
    limits.right(address, person.name)


@router.post("/sign-out", responses=problem_responses(403, 409))
@in_lane(SAVES)
def sign_out_elsewhere(services: OpenServices, person: CurrentPerson) -> None:
    """Sign the person out in all other browsers."""
    user_id = own_account(person)
    with services.database.write() as session:
        sign_ins.end_all(session, user_id, but=person.sign_in_id)


@router.delete("/sign-ins/{sign_in_id}", responses=problem_responses(403, 404, 409))
@in_lane(SAVES)
def end_sign_in(
    sign_in_id: Annotated[int, Path(ge=1, le=2**31 - 1)], services: OpenServices, person: CurrentPerson
) -> None:
    """Sign the person out in one browser."""
    user_id = own_account(person)
    with services.database.write() as session:
        sign_ins.end(session, user_id, sign_in_id)


@router.post("/tokens", status_code=201, responses=problem_responses(403, 409, 422))
@in_lane(SAVES)
def make_token(
    wanted: TokenIn, services: OpenServices, person: CurrentPerson, request: Request
) -> NewTokenOut:
    """Make a token with which scripts work as this person."""
    user_id = own_account(person)
    secret = new_secret(TOKEN_PREFIX)
    with services.database.write() as session:
        made = api_tokens.create(
            session, hash_of(secret), user_id, wanted.name, wanted.role, days=wanted.days
        )
    request.state.audit_detail = wanted.model_dump()
    return NewTokenOut(token=secret, expires_at=made.expires_at)


@router.delete("/tokens/{token_id}", responses=problem_responses(403, 404, 409))
@in_lane(SAVES)
def revoke_token(
    token_id: Annotated[int, Path(ge=1, le=2**31 - 1)], services: OpenServices, person: CurrentPerson
) -> None:
    """Make a token useless."""
    user_id = own_account(person)
    with services.database.write() as session:
        api_tokens.revoke(session, user_id, token_id)


def own_account(person: Person) -> int:
    """Return the id of the person's account.

    Tokens are refused: a script with few rights must not make a token with more.
    """
    if person.user_id is None:
        raise HttpError(409, "people have no accounts here", remedy="Start the studio with --access accounts")
    if person.sign_in_id is None:
        raise HttpError(403, "a token cannot change its account", remedy="Sign in in a browser")
    return person.user_id

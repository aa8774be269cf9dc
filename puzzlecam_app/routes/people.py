"""What the People page shows and changes: accounts, roles, invitations and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from db import audit, invitations, sign_ins
from db.account_models import Account, Invitation
from db.accounts import get_account, list_accounts, require_account, set_admin, set_disabled
from db.datasets import list_datasets
from db.role_names import DatasetRole, Role
from db.roles import roles_by_user, set_role
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.people import joining
from puzzlecam_app.people.person import Person
from puzzlecam_app.routes.common import (
    CurrentPerson,
    DatasetId,
    HttpError,
    Id,
    OpenServices,
    problem_responses,
)

router = APIRouter(tags=["people"])

UserId = Annotated[int, Path(ge=1, le=2**31 - 1, description="Id of an account")]


class PersonOut(BaseModel):
    """An account, with its roles on the datasets that the asking person leads."""

    id: int
    name: str
    is_admin: bool
    is_disabled: bool
    has_password: bool = Field(description="Whether a password was chosen; else the person cannot sign in")
    roles: dict[int, DatasetRole] = Field(description="Role by dataset id")
    sign_ins: int = Field(description="In how many browsers the person is signed in")


class NamedDataset(BaseModel):
    id: int
    name: str


class InvitationOut(BaseModel):
    """An invitation that can still be used."""

    id: int
    role: Role
    datasets: list[str]
    name: str | None = Field(description="The only name that the account can have")
    is_reset: bool = Field(description="Whether it lets the owner of an account choose another password")
    created_by: str | None
    expires_at: datetime


class PeopleOut(BaseModel):
    """People, and what this person may give them."""

    people: list[PersonOut]
    datasets: list[NamedDataset] = Field(description="Those that this person leads")
    invitations: list[InvitationOut]


class InvitationIn(BaseModel):
    """Whom to invite."""

    role: Role
    dataset_ids: list[Id] = Field(default_factory=list, max_length=1000)
    name: str | None = Field(default=None, max_length=64)
    days: int = Field(default=joining.DAYS, ge=1, le=invitations.LONGEST_DAYS)


class LinkOut(BaseModel):
    """A link that was just made; it is not shown again."""

    path: str = Field(description="Follows the address of the studio")
    expires_at: datetime


class RoleIn(BaseModel):
    """A role for somebody."""

    name: str = Field(min_length=1, max_length=64)
    role: DatasetRole | None = Field(description="Null takes the role away")


class AdminIn(BaseModel):
    is_admin: bool


class AuditEntryOut(BaseModel):
    """Who did what, when and from where."""

    id: int
    at: datetime
    name: str | None
    action: str
    status: int
    address: str
    dataset_id: int | None
    item_id: int | None
    run_id: int | None
    detail: dict[str, Any] | None


@router.get("/people")
def read_people(services: OpenServices, person: CurrentPerson) -> PeopleOut:
    """List the people on the datasets that this person leads; an admin sees everybody."""
    leads = person.datasets("lead")
    with services.database.read() as session:
        datasets = [one for one in list_datasets(session) if leads is None or one.id in leads]
        roles = roles_by_user(session)
        people = [
            _person_out(session, account, roles.get(account.user_id, {}), person)
            for account in list_accounts(session)
        ]
        waiting = [_invitation_out(one) for one in invitations.list_open(session) if _may_see(person, one)]
    return PeopleOut(
        people=[one for one in people if leads is None or one.roles],
        datasets=[NamedDataset(id=one.id, name=one.name) for one in datasets],
        invitations=waiting,
    )


@router.post("/people/invitations", status_code=201, responses=problem_responses(403, 404, 422))
@in_lane(SAVES)
def invite(wanted: InvitationIn, services: OpenServices, person: CurrentPerson, request: Request) -> LinkOut:
    """Make a link that lets one person make an account with a role."""
    if wanted.role == "admin" and not person.may_everywhere():
        raise HttpError(403, "only an admin can invite admins", remedy="Ask an admin")
    with services.database.write() as session:
        link = joining.invite(
            session,
            wanted.role,
            dataset_ids=wanted.dataset_ids,
            name=wanted.name,
            days=wanted.days,
            created_by_id=person.user_id,
        )
    request.state.audit_detail = wanted.model_dump()
    return _link_out(link)


@router.delete("/people/invitations/{invitation_id}", responses=problem_responses(403, 404))
@in_lane(SAVES)
def revoke(
    invitation_id: Annotated[int, Path(ge=1, le=2**31 - 1)], services: OpenServices, person: CurrentPerson
) -> None:
    """Make a link useless."""
    with services.database.write() as session:
        if not _may_see(person, invitations.get(session, invitation_id)):
            raise HttpError(403, "this link is about datasets of others", remedy="Ask an admin")
        invitations.revoke(session, invitation_id)


@router.put("/datasets/{dataset_id}/people", responses=problem_responses(404, 422))
@in_lane(SAVES)
def write_role(dataset_id: DatasetId, wanted: RoleIn, services: OpenServices, request: Request) -> None:
    """Give somebody who has an account a role on a dataset, or take it away."""
    with services.database.write() as session:
        set_role(session, require_account(session, wanted.name).user_id, dataset_id, wanted.role)
    request.state.audit_detail = wanted.model_dump()


@router.put("/people/{user_id}/admin", responses=problem_responses(404, 422))
@in_lane(SAVES)
def write_admin(user_id: UserId, wanted: AdminIn, services: OpenServices, request: Request) -> None:
    """Make somebody an admin, or no longer one."""
    with services.database.write() as session:
        account = set_admin(session, user_id, is_admin=wanted.is_admin)
    request.state.audit_detail = {"account": account.user.name, "is_admin": wanted.is_admin}


@router.post("/people/{user_id}/disable", responses=problem_responses(404, 422))
@in_lane(SAVES)
def disable(user_id: UserId, services: OpenServices, request: Request) -> None:
    """Close an account: the person is signed out everywhere, and their tokens no longer work."""
    with services.database.write() as session:
        account = set_disabled(session, user_id, is_disabled=True)
        sign_ins.end_all(session, user_id)
    request.state.audit_detail = {"account": account.user.name}


@router.post("/people/{user_id}/enable", responses=problem_responses(404))
@in_lane(SAVES)
def enable(user_id: UserId, services: OpenServices, request: Request) -> None:
    """Open a disabled account again."""
    with services.database.write() as session:
        account = set_disabled(session, user_id, is_disabled=False)
    request.state.audit_detail = {"account": account.user.name}


@router.post("/people/{user_id}/reset", status_code=201, responses=problem_responses(404))
@in_lane(SAVES)
def reset(user_id: UserId, services: OpenServices, person: CurrentPerson, request: Request) -> LinkOut:
    """Make a link with which the owner of an account chooses another password."""
    with services.database.write() as session:
        link = joining.invite_to_reset(session, user_id, created_by_id=person.user_id)
    request.state.audit_detail = {"account": link.invitation.name}
    return _link_out(link)


@router.post("/people/{user_id}/sign-out", responses=problem_responses(404))
@in_lane(SAVES)
def sign_out_everywhere(user_id: UserId, services: OpenServices, request: Request) -> None:
    """Sign somebody out in all browsers."""
    with services.database.write() as session:
        account = get_account(session, user_id)
        sign_ins.end_all(session, user_id)
    request.state.audit_detail = {"account": account.user.name}


@router.get("/audit", responses=problem_responses(422))
def read_audit(
    services: OpenServices,
    person: CurrentPerson,
    dataset_id: Annotated[Id | None, Query(description="Only what concerns this dataset")] = None,
    name: Annotated[str | None, Query(max_length=64, description="Only what this person did")] = None,
    before: Annotated[Id | None, Query(description="Only entries with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AuditEntryOut]:
    """Read the audit log, the newest entries first. Leads see what concerns their datasets."""
    wanted = person.datasets("lead") if dataset_id is None else frozenset([dataset_id])
    with services.database.read() as session:
        entries = audit.read(session, dataset_ids=wanted, name=name, before=before, limit=limit)
    return [AuditEntryOut.model_validate(entry, from_attributes=True) for entry in entries]


def _person_out(
    session: Session, account: Account, roles: dict[int, DatasetRole], asking: Person
) -> PersonOut:
    return PersonOut(
        id=account.user_id,
        name=account.user.name,
        is_admin=account.is_admin,
        is_disabled=account.disabled_at is not None,
        has_password=account.password_hash is not None,
        roles={key: role for key, role in roles.items() if asking.may("lead", key)},
        sign_ins=len(sign_ins.list_open(session, account.user_id)),
    )


def _invitation_out(invitation: Invitation) -> InvitationOut:
    return InvitationOut(
        id=invitation.id,
        role=invitation.role,
        datasets=[one.dataset.name for one in invitation.datasets],
        name=invitation.name,
        is_reset=invitation.user_id is not None,
        created_by=invitation.created_by.name if invitation.created_by else None,
        expires_at=invitation.expires_at,
    )


def _may_see(person: Person, invitation: Invitation) -> bool:
    if person.may_everywhere():
        return True
    return bool(invitation.datasets) and all(
        person.may("lead", one.dataset_id) for one in invitation.datasets
    )


def _link_out(link: joining.Link) -> LinkOut:
    return LinkOut(path=link.path, expires_at=link.invitation.expires_at)

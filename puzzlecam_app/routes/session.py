"""Health of the app, and the name under which people work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from db.role_names import Role
from db.users import clean_name
from puzzlecam_app import __version__
from puzzlecam_app.auth import remember_annotator
from puzzlecam_app.monitoring.checks import State, worst
from puzzlecam_app.people.permissions import PAGES, page_rule
from puzzlecam_app.people.person import may_use
from puzzlecam_app.routes.common import Annotator, CurrentPerson, HttpError, OpenServices, problem_responses

router = APIRouter(tags=["session"])


class CheckOut(BaseModel):
    """One part of the studio."""

    name: str = Field(description="database, disk, model or worker")
    state: State
    message: str = Field(description="A sentence on what is wrong; empty if nothing is")


class Health(BaseModel):
    """Whether the app works, and which parts are available."""

    status: State = Field(description="Of the whole: that of the worst check")
    checks: list[CheckOut] = Field(description="Each is done every few seconds")
    version: str
    model_loaded: bool = Field(description="Whether the classifier is in memory")
    crf_available: bool
    crf_reason: str = Field(description="A sentence: why the CRF is off, or that it is on")
    waiting: int = Field(description="Pictures that are waiting for maps")


class Session(BaseModel):
    """Who is working."""

    annotator: str = Field(min_length=1, max_length=64)


class SessionOut(BaseModel):
    """Who is working, and what the pages may offer them."""

    annotator: str
    has_account: bool = Field(description="Whether the name is that of an account and cannot be typed")
    is_admin: bool
    roles: dict[int, Role] = Field(description="Roles by dataset id; an admin needs none")
    closed_pages: list[str] = Field(description="Paths of the pages that this person may not open")


@router.get(
    "/health",
    response_model=Health,
    responses={503: {"model": Health, "description": "Nothing can be shown or stored"}},
)
async def health(request: Request, response: Response, services: OpenServices) -> Any:
    """Say whether the app works and what is wrong; for monitoring, load balancers and the pages.

    The status is 503 where a check has failed. A degraded studio answers 200, because people can go on
    working. Who accepts `text/plain` gets one line for each check that is not ok, or "ok". The checks run in
    the background; the answer needs neither a thread nor the database, whatever other requests wait for.
    """
    from trainer.masks.crf import crf_available

    checks = services.health.results()
    status = worst(checks)
    code = 503 if status == "failed" else 200
    if request.headers.get("accept", "").startswith("text/plain"):
        lines = [f"{one.name} {one.state}: {one.message}" for one in checks if one.state != "ok"]
        return PlainTextResponse("\n".join(lines or ["ok"]) + "\n", status_code=code)
    response.status_code = code
    crf = crf_available()
    return Health(
        status=status,
        checks=[CheckOut(name=one.name, state=one.state, message=one.message) for one in checks],
        version=__version__,
        model_loaded=services.predictor.is_loaded,
        crf_available=crf.available,
        crf_reason=crf.reason,
        waiting=services.proposals.waiting,
    )


@router.get("/session")
async def read_session(annotator: Annotator, person: CurrentPerson) -> SessionOut:
    """Return who works in this browser, and what they may do."""
    closed = [path for path in PAGES if (rule := page_rule(path)) and not may_use(person, rule.least)]
    return SessionOut(
        annotator=annotator,
        has_account=person.user_id is not None,
        is_admin=person.may_everywhere(),
        roles={dataset_id: role for dataset_id in person.roles if (role := person.role_on(dataset_id))},
        closed_pages=closed,
    )


@router.post("/session", responses=problem_responses(409, 422))
async def write_session(
    session: Session, request: Request, response: Response, person: CurrentPerson
) -> Session:
    """Choose the name under which this browser's work is stored from now on; not for who has an account."""
    if person.user_id is not None:
        raise HttpError(
            409,
            f"your work is stored under {person.name}, the name of your account",
            where="annotator",
            remedy="Sign out to work under another name",
        )
    name = clean_name(session.annotator)
    remember_annotator(request, response, name)
    return Session(annotator=name)

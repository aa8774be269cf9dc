"""Health of the app, and the name under which people work."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from db.role_names import Role
from db.users import clean_name
from puzzlecam_app import __version__
from puzzlecam_app.auth import remember_annotator
from puzzlecam_app.people.permissions import PAGES, page_rule
from puzzlecam_app.people.person import may_use
from puzzlecam_app.routes.common import Annotator, CurrentPerson, HttpError, OpenServices, problem_responses

router = APIRouter(tags=["session"])


class Health(BaseModel):
    """Whether the app works, and which parts are available."""

    status: str
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


@router.get("/health")
async def health(services: OpenServices) -> Health:
    """Confirm that the app answers; for monitoring and for the pages.

    It needs neither a thread nor the database, so it answers whatever other requests wait for.
    """
    from trainer.masks.crf import crf_available

    crf = crf_available()
    return Health(
        status="ok",
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

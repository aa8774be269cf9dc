"""Health of the app, and the name under which people work."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from db.users import clean_name
from puzzlecam_app import __version__
from puzzlecam_app.auth import remember_annotator
from puzzlecam_app.routes.common import Annotator, OpenServices, problem_responses

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
async def read_session(annotator: Annotator) -> Session:
    """Return the name under which this browser's work is stored."""
    return Session(annotator=annotator)


@router.post("/session", responses=problem_responses(422))
async def write_session(session: Session, request: Request, response: Response) -> Session:
    """Choose the name under which this browser's work is stored from now on."""
    name = clean_name(session.annotator)
    remember_annotator(request, response, name)
    return Session(annotator=name)

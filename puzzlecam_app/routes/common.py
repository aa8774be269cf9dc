"""What the routes share: the open workspace, the person, ids, revisions in headers, and problems."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from db.models import Revision
from db.status import Action, Status, status_of
from puzzlecam_app.auth import annotator_of
from puzzlecam_app.errors import UserError
from puzzlecam_app.people.person import Person
from puzzlecam_app.services import Services

# PostgreSQL's integer; a larger number cannot be an id and must not reach the database.
_LARGEST_ID = 2**31 - 1


# Coroutines, because plain functions would be run on a thread each.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


OpenServices = Annotated[Services, Depends(_services)]


async def _annotator(request: Request) -> str:
    return annotator_of(request)


Annotator = Annotated[str, Depends(_annotator)]


async def _person(request: Request) -> Person:
    person: Person = request.state.person
    return person


CurrentPerson = Annotated[Person, Depends(_person)]
"""Who sends the request; with all rights where people have no accounts."""
Id = Annotated[int, Field(ge=1, le=_LARGEST_ID)]
DatasetId = Annotated[int, Path(ge=1, le=_LARGEST_ID, description="Id of a dataset")]
ItemId = Annotated[int, Path(ge=1, le=_LARGEST_ID, description="Id of a picture")]
RunId = Annotated[int, Path(ge=1, le=_LARGEST_ID, description="Number of a run")]


class HttpError(UserError):
    """A refusal with its own HTTP status."""

    def __init__(
        self, status: int, message: str, *, where: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.status = status


class Problem(BaseModel):
    """Body of every refusal: what is wrong, where, and what to do."""

    message: str
    where: str | None = None
    remedy: str | None = None
    fields: dict[str, str] | None = Field(
        default=None, description="Of a form: what is wrong with each field"
    )
    current: RevisionOut | None = Field(default=None, description="With 412: the newest revision")


class RevisionOut(BaseModel):
    """One entry of a picture's history."""

    model_config = ConfigDict(frozen=True)

    id: int = Field(description="Id; in `ETag` and `If-Match`")
    sequence: int = Field(description="Place in the picture's history, from 1")
    action: Action
    author: str | None = Field(description="Null for the program")
    created_at: str = Field(description="UTC, ISO 8601")
    has_mask: bool
    proposed_by: str | None = Field(description="Identity of the model or run that proposed it")
    seconds_spent: float | None
    note: str | None = Field(description="What the program did, if it was not a person's decision")

    @classmethod
    def of(cls, revision: Revision) -> RevisionOut:
        return cls(
            id=revision.id,
            sequence=revision.sequence,
            action=revision.action,
            author=revision.author.name if revision.author else None,
            created_at=revision.created_at.isoformat(),
            has_mask=revision.mask_hash is not None,
            proposed_by=revision.proposed_by,
            seconds_spent=revision.seconds_spent,
            note=revision.note,
        )


class ItemState(BaseModel):
    """Status of a picture after a change."""

    revision: RevisionOut | None
    status: Status

    @classmethod
    def of(cls, newest: Revision | None) -> ItemState:
        return cls(
            revision=None if newest is None else RevisionOut.of(newest),
            status=status_of(None if newest is None else newest.action),
        )


def etag(revision: Revision | None) -> str:
    """Return the entity tag of a picture at a revision; `"0"` where it has none."""
    return f'"{revision.id if revision else 0}"'


async def _if_match(
    if_match: Annotated[
        str | None, Header(description='The revision that the change is based on, as `"17"`')
    ] = None,
) -> int:
    if if_match is None:
        raise HttpError(
            428,
            "the request does not say which revision it is based on",
            remedy='Send If-Match: "<revision>"',
        )
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10) or int(digits) > _LARGEST_ID:
        raise HttpError(
            422, f"If-Match is not a revision: {if_match[:80]!r}", remedy="Send the ETag that was read"
        )
    return int(digits)


ExpectedRevision = Annotated[int, Depends(_if_match)]


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` argument that describes refusals in OpenAPI."""
    return {status: {"model": Problem} for status in statuses}


Problem.model_rebuild()

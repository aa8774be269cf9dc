"""Second looks of reviewers, and comments at places of pictures."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from db.comments import MAX_LENGTH, add_comment, comments_on, resolve_comment
from db.datasets import get_dataset
from db.items import get_item
from db.second_looks import MOST, Rule, look, looks_at, rule_of, set_rule
from db.team_models import Comment, RuleName
from db.users import get_or_create, get_user
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import (
    Annotator,
    DatasetId,
    ExpectedRevision,
    ItemId,
    ItemState,
    OpenServices,
    etag,
    problem_responses,
)

router = APIRouter(tags=["second looks"])

CommentId = Annotated[int, Path(ge=1, le=2**31 - 1, description="Id of a comment")]
_LARGEST_PLACE = 2**31


class RuleBody(BaseModel):
    """Which finished pictures get a second look."""

    rule: RuleName = Field(
        description="None, all, every n-th one, the n per cent that are most doubtful, or the first n of "
        "each person"
    )
    number: int = Field(default=1, ge=1, le=MOST, description="n; at most 100 for `doubt`")


class CommentIn(BaseModel):
    """A remark at a place of a picture."""

    x: float = Field(ge=0, le=_LARGEST_PLACE, description="Pixels from the left of the upright picture")
    y: float = Field(ge=0, le=_LARGEST_PLACE, description="Pixels from the top")
    text: str = Field(min_length=1, max_length=MAX_LENGTH)


class CommentOut(CommentIn):
    id: int
    author: str
    created_at: str = Field(description="UTC, ISO 8601")
    is_resolved: bool

    @classmethod
    def of(cls, session: Session, comment: Comment) -> CommentOut:
        return cls(
            x=comment.x,
            y=comment.y,
            text=comment.text,
            id=comment.id,
            author=get_user(session, comment.author_id).name,
            created_at=comment.created_at.isoformat(),
            is_resolved=comment.resolved_at is not None,
        )


class LookOut(BaseModel):
    """What a reviewer said."""

    verdict: Literal["approved", "returned"]
    reviewer: str
    labeler: str
    revision: int = Field(description="The mask that was looked at")
    changed_from: int | None = Field(description="The labeler's mask, if the reviewer changed it")
    created_at: str = Field(description="UTC, ISO 8601")


class LooksOut(BaseModel):
    """The second looks at a picture, the newest first, and all comments, the oldest first."""

    looks: list[LookOut]
    comments: list[CommentOut]


class VerdictIn(BaseModel):
    """A reviewer's verdict on the newest mask."""

    verdict: Literal["approved", "returned"]


@router.get("/datasets/{dataset_id}/second-look", responses=problem_responses(404))
def read_rule(dataset_id: DatasetId, services: OpenServices) -> RuleBody:
    """Say which finished pictures get a second look."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        rule = rule_of(session, dataset_id)
    return RuleBody(rule=rule.rule, number=rule.number)


@router.put("/datasets/{dataset_id}/second-look", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def write_rule(dataset_id: DatasetId, wanted: RuleBody, services: OpenServices, request: Request) -> RuleBody:
    """Choose which finished pictures get a second look."""
    with services.database.write() as session:
        set_rule(session, dataset_id, Rule(wanted.rule, wanted.number))
    request.state.audit_detail = wanted.model_dump()
    return wanted


@router.get("/items/{item_id}/second-look", responses=problem_responses(404))
def read_looks(item_id: ItemId, services: OpenServices) -> LooksOut:
    """List what reviewers said about a picture, and all comments on it."""
    with services.database.read() as session:
        looks = [
            LookOut.model_validate(
                {
                    "verdict": one.verdict,
                    "reviewer": get_user(session, one.reviewer_id).name,
                    "labeler": get_user(session, one.labeler_id).name,
                    "revision": one.revision_id,
                    "changed_from": one.changed_from_id,
                    "created_at": one.created_at.isoformat(),
                }
            )
            for one in looks_at(session, item_id)
        ]
        comments = [CommentOut.of(session, one) for one in comments_on(session, item_id)]
    return LooksOut(looks=looks, comments=comments)


@router.post("/items/{item_id}/second-look", responses=problem_responses(404, 409, 412, 422, 428, 503))
@in_lane(SAVES)
def write_verdict(
    item_id: ItemId,
    wanted: VerdictIn,
    response: Response,
    services: OpenServices,
    annotator: Annotator,
    expected: ExpectedRevision,
    request: Request,
) -> ItemState:
    """Approve the newest mask of a picture, or return the picture to its labeler."""
    with services.database.write() as session:
        get_item(session, item_id)
        reviewer = get_or_create(session, annotator).id
        newest = look(session, item_id, reviewer=reviewer, verdict=wanted.verdict, expected=expected)
        response.headers["ETag"] = etag(newest)
        answer = ItemState.of(newest)
    request.state.audit_detail = {"verdict": wanted.verdict}
    if wanted.verdict == "returned":
        services.decided(item_id)
    return answer


@router.post("/items/{item_id}/comments", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def write_comment(
    item_id: ItemId, wanted: CommentIn, services: OpenServices, annotator: Annotator
) -> CommentOut:
    """Pin a comment to a place of a picture."""
    with services.database.write() as session:
        author = get_or_create(session, annotator).id
        comment = add_comment(session, item_id, author=author, x=wanted.x, y=wanted.y, text=wanted.text)
        return CommentOut.of(session, comment)


@router.post("/items/{item_id}/comments/{comment_id}/resolve", responses=problem_responses(404, 503))
@in_lane(SAVES)
def resolve(item_id: ItemId, comment_id: CommentId, services: OpenServices) -> CommentOut:
    """Mark a comment as done with."""
    with services.database.write() as session:
        get_item(session, item_id)
        return CommentOut.of(session, resolve_comment(session, item_id, comment_id))

"""Hints about a mask before it is accepted: what is usual for its classes, and what people have confirmed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.items import get_item
from db.mask_hints import HintKind, confirm_hints, confirmed_hints, newest_done_masks
from db.users import get_or_create
from puzzlecam_app.labels.usual_masks import LEAST_MASKS, MOST_MASKS
from puzzlecam_app.lanes import PICTURES, SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, ItemId, OpenServices, problem_responses

router = APIRouter(prefix="/items", tags=["masks"])

_MOST_HINTS = 300


class HintBody(BaseModel):
    """One hint."""

    model_config = ConfigDict(extra="forbid")

    class_index: Annotated[int, Field(ge=0, le=254)] = Field(description="0: about the whole mask")
    kind: HintKind


class UsualOut(BaseModel):
    """What is usual for a class in the accepted masks; shares of a picture and places, 0..1."""

    class_index: int
    masks: int = Field(description="Accepted masks with this class")
    least: float = Field(description="Smaller shares of the picture are unusual")
    most: float = Field(description="Larger ones are")
    low: float = Field(description="Nine of ten masks have a share from this one")
    high: float = Field(description="to this one")
    left: float = Field(description="The centre of the class is usually right of this")
    right: float
    top: float
    bottom: float


class MaskHintsOut(BaseModel):
    """What a mask of this picture is compared with."""

    masks: int = Field(description="Accepted masks of other pictures that were looked at")
    least_masks: int = Field(description="A class with fewer masks is not compared")
    classes: list[UsualOut]
    confirmed: list[HintBody]


class ConfirmIn(BaseModel):
    """Hints that point out what is right."""

    model_config = ConfigDict(extra="forbid")

    hints: list[HintBody] = Field(min_length=1, max_length=_MOST_HINTS)


@router.get("/{item_id}/mask-hints", responses=problem_responses(404))
@in_lane(PICTURES)
def read_mask_hints(item_id: ItemId, services: OpenServices) -> MaskHintsOut:
    """Say what is usual for each class in the accepted masks of the other pictures of the dataset.

    Masks are read for at most about a second; with the next request, more are known.
    """
    with services.database.read() as session:
        item = get_item(session, item_id)
        confirmed = confirmed_hints(session, item_id)
        hashes = newest_done_masks(session, item.dataset_id, MOST_MASKS)
    hashes.pop(item_id, None)
    known, usual = services.usual_masks.of(hashes.values())
    return MaskHintsOut(
        masks=known,
        least_masks=LEAST_MASKS,
        classes=[UsualOut(**asdict(one)) for one in usual],
        confirmed=[
            HintBody.model_validate({"class_index": index, "kind": kind}) for index, kind in confirmed
        ],
    )


@router.post("/{item_id}/mask-hints", status_code=204, responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def write_confirmed(
    item_id: ItemId, confirmed: ConfirmIn, services: OpenServices, annotator: Annotator, request: Request
) -> None:
    """Remember that what these hints point out is right; they are not shown for this picture again."""
    with services.database.write() as session:
        user_id = get_or_create(session, annotator).id
        confirm_hints(session, item_id, user_id, [(one.class_index, one.kind) for one in confirmed.hints])
    named = ", ".join(f"{one.kind} of class {one.class_index}" for one in confirmed.hints)
    request.state.audit_detail = {"hints": named}

"""Which split selected pictures belong to, such as train or val."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.copies import follow_originals
from db.datasets import get_dataset
from db.selection import MAX_SELECTED, present_ids, set_split
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import DatasetId, Id, OpenServices, problem_responses

router = APIRouter(prefix="/datasets/{dataset_id}/gallery", tags=["gallery"])


class SplitIn(BaseModel):
    """Pictures, and the split that they belong to from now on."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] = Field(min_length=1, max_length=MAX_SELECTED)
    split: str | None = Field(
        max_length=64, pattern=r"^[\w][\w .-]*$", description="Its name, such as val; null for no split"
    )


class SplitOut(BaseModel):
    """How many pictures changed."""

    changed: int


@router.post("/split", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def write_split(dataset_id: DatasetId, wanted: SplitIn, services: OpenServices, request: Request) -> SplitOut:
    """Put pictures into a split, or take them out of theirs."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        changed = set_split(session, present_ids(session, dataset_id, wanted.ids), wanted.split)
        follow_originals(session, dataset_id)
    request.state.audit_detail = {"split": wanted.split, "pictures": changed}
    return SplitOut(changed=changed)

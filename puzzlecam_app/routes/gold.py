"""Gold pictures: known masks, and how close people come to them. For leads only."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from db.copies import copies_in, masks_of, names_of_originals
from db.datasets import get_dataset
from db.errors import NothingToDecideError
from db.gold import gold_pictures, mark_gold, unmark_gold, with_ground_truth
from db.items import get_item
from db.labels import latest_label_set, resolve_retired
from db.selection import present_ids
from db.team_models import Copy
from db.users import get_or_create, get_user
from puzzlecam_app.lanes import PICTURES, SAVES, in_lane
from puzzlecam_app.routes.agreement import IouOut
from puzzlecam_app.routes.common import (
    Annotator,
    DatasetId,
    Id,
    ItemId,
    OpenServices,
    problem_responses,
)
from puzzlecam_app.routes.team import Name, users_named
from puzzlecam_app.teamwork.agreement import Overlap, compare_with, overlap
from puzzlecam_app.teamwork.copying import give_gold

router = APIRouter(tags=["team"])
_MOST_GOLD: Final = 10_000
_MOST_SCORED: Final = 2_000


class GoldItemOut(BaseModel):
    """A gold picture."""

    item_id: int
    name: str


class GoldScoreOut(IouOut):
    """How close a person's masks come to the gold masks."""

    name: str
    given: int = Field(description="Copies of gold pictures that the person was given")


class GoldOut(BaseModel):
    """The gold pictures of a dataset, and the scores of the people who labeled copies of them."""

    items: list[GoldItemOut]
    scores: list[GoldScoreOut]
    ground_truth: int = Field(description="Pictures that have ground truth and can become gold")


class GoldIn(BaseModel):
    """Pictures that become gold."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] = Field(default=[], max_length=_MOST_GOLD)
    ground_truth: bool = Field(default=False, description="Also all pictures that have ground truth")


class MarkedOut(BaseModel):
    """How many pictures became gold, and which could not."""

    marked: int
    left: list[str] = Field(description="Why some could not; the first ten")


class GiveIn(BaseModel):
    """Who gets gold pictures without knowing it."""

    model_config = ConfigDict(extra="forbid")

    people: Annotated[list[Name], Field(min_length=1, max_length=200)]
    count: int = Field(default=5, ge=1, le=100, description="How many each person gets")


class GivenOut(BaseModel):
    """How many copies each person got."""

    shares: dict[str, int]


@router.get("/datasets/{dataset_id}/gold", responses=problem_responses(404))
@in_lane(PICTURES)
def read_gold(dataset_id: DatasetId, services: OpenServices) -> GoldOut:
    """List the gold pictures, and the IoU of each person with them."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        gold = {one.item_id: one.mask_hash for one in gold_pictures(session, dataset_id)}
        copies = copies_in(session, dataset_id, is_gold=True)[-_MOST_SCORED:]
        by_person: dict[int, list[Copy]] = {}
        for one in copies:
            by_person.setdefault(one.user_id, []).append(one)
        names = {user_id: get_user(session, user_id).name for user_id in by_person}
        work = {one.item_id: masks_of(session, one.item_id, []) for one in copies}
        retired = {
            one.index: one.retired_to
            for one in latest_label_set(session, dataset_id).classes
            if one.retired_to is not None
        }
        titles = names_of_originals(session, list(gold))
        truths = len(with_ground_truth(session, dataset_id))
    table = np.arange(256, dtype=np.uint8)
    for index, target in resolve_retired(retired).items():
        table[index] = target

    def score(copy: Copy) -> Overlap | None:
        made = [one for one in work[copy.item_id] if one.user_id == copy.user_id]
        if not made or copy.of_item_id not in gold:
            return None
        # Where classes were merged since, the gold mask still has the old ones.
        return overlap(
            table[services.masks.get(gold[copy.of_item_id])], services.masks.get(made[0].mask_hash)
        )

    scores = []
    for user_id, own in by_person.items():
        found = [one for one in map(score, own) if one is not None]
        iou = IouOut.of(compare_with(found)) if found else IouOut(iou=0, pictures=0, low=None, high=None)
        scores.append(GoldScoreOut(name=names[user_id], given=len(own), **iou.model_dump()))
    return GoldOut(
        items=[GoldItemOut(item_id=item_id, name=titles.get(item_id, "")) for item_id in gold],
        scores=sorted(scores, key=lambda one: one.name),
        ground_truth=truths,
    )


@router.post("/datasets/{dataset_id}/gold", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def mark_pictures(
    dataset_id: DatasetId, wanted: GoldIn, services: OpenServices, annotator: Annotator, request: Request
) -> MarkedOut:
    """Make finished pictures, or those with ground truth, gold: others are compared with them."""
    marked, left = 0, list[str]()
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        lead = get_or_create(session, annotator).id
        ids = present_ids(session, dataset_id, wanted.ids)
        if wanted.ground_truth:
            ids = list(dict.fromkeys([*ids, *with_ground_truth(session, dataset_id)]))[:_MOST_GOLD]
        for item_id in ids:
            try:
                marked += mark_gold(session, item_id, by=lead)
            except NothingToDecideError as problem:
                left.append(str(problem))
    request.state.audit_detail = {"pictures": marked}
    return MarkedOut(marked=marked, left=left[:10])


@router.delete("/items/{item_id}/gold", status_code=204, responses=problem_responses(404, 503))
@in_lane(SAVES)
def unmark_picture(item_id: ItemId, services: OpenServices) -> None:
    """Make a gold picture an ordinary one again."""
    with services.database.write() as session:
        get_item(session, item_id)
        unmark_gold(session, item_id)


@router.post("/datasets/{dataset_id}/gold/give", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def give_pictures(
    dataset_id: DatasetId, wanted: GiveIn, services: OpenServices, annotator: Annotator, request: Request
) -> GivenOut:
    """Give people copies of gold pictures among their pictures. Nobody but the lead learns of it."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        users = users_named(services, session, dataset_id, wanted.people)
        lead = get_or_create(session, annotator).id
        given = give_gold(session, dataset_id, users, wanted.count, lead)
    shares = {name: given[user_id] for user_id, name in users.items()}
    request.state.audit_detail = {"gold": ", ".join(f"{name} {number}" for name, number in shares.items())}
    return GivenOut(shares=shares)

"""Pictures that several people have labeled: how far they agree, and a consensus. For leads only."""

from __future__ import annotations

import io
from typing import Annotated, Final, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from db.annotations import Making, append_revision, latest_revision
from db.copies import IndependentMask, copies_in, masks_of, names_of_originals
from db.datasets import get_dataset
from db.labels import latest_label_set
from db.palette import BACKGROUND, voc_palette
from db.users import get_or_create, get_user
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lanes import PICTURES, SAVES, in_lane
from puzzlecam_app.routes.common import (
    Annotator,
    DatasetId,
    ExpectedRevision,
    HttpError,
    Id,
    ItemId,
    ItemState,
    OpenServices,
    etag,
    problem_responses,
)
from puzzlecam_app.routes.csv_answers import csv_answer
from puzzlecam_app.services import Services
from puzzlecam_app.teamwork.agreement import Agreement, Iou, Shared
from puzzlecam_app.teamwork.consensus import disagreement, majority, staple

router = APIRouter(tags=["team"])

_MOST_COMPARED: Final = 300
"""The newest so many pictures with copies are compared, so that an answer takes seconds at most."""
_NAMES: Final = {"majority": "majority", "staple": "STAPLE"}
Method = Literal["majority", "staple"]


class IouOut(BaseModel):
    """How far masks agree."""

    iou: float = Field(description="Intersection over union, 0 to 1; a mean over classes where several are")
    pictures: int
    low: float | None = Field(description="With `high` the 95 % interval; null for fewer than ten pictures")
    high: float | None

    @classmethod
    def of(cls, found: Iou) -> IouOut:
        return cls(iou=found.iou, pictures=found.pictures, low=found.low, high=found.high)


class ClassIouOut(IouOut):
    """How far people agree about a class."""

    index: int
    name: str


class PairIouOut(IouOut):
    """How far two people agree."""

    people: tuple[str, str]


class SharedMaskOut(BaseModel):
    """The mask of one person."""

    person: str
    revision: int


class SharedItemOut(BaseModel):
    """A picture with several independent masks."""

    item_id: int
    name: str
    iou: float = Field(description="Mean over the pairs of people of the mean IoU of the classes")
    masks: list[SharedMaskOut]
    revision: int = Field(description="The newest revision of the picture; If-Match of a consensus")
    has_consensus: bool = Field(description="Whether the newest revision is a consensus")


class AgreementOut(BaseModel):
    """How far people agree who labeled the same pictures without knowing it."""

    shared: int = Field(description="Pictures that several people were given")
    compared: int = Field(description="Those that at least two have finished")
    classes: list[ClassIouOut]
    pairs: list[PairIouOut]
    items: list[SharedItemOut] = Field(description="The largest differences first")


class ConsensusIn(BaseModel):
    """Which consensus becomes the newest mask."""

    method: Method


@router.get("/datasets/{dataset_id}/agreement", responses=problem_responses(404))
@in_lane(PICTURES)
def read_agreement(dataset_id: DatasetId, services: OpenServices) -> AgreementOut:
    """Compare the masks of people who labeled the same pictures, of the newest 300 such pictures."""
    return _agreement(services, dataset_id)


def _agreement(services: Services, dataset_id: int) -> AgreementOut:
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        copies = copies_in(session, dataset_id, is_gold=False)
        shared = sorted({one.of_item_id for one in copies})
        masks = {
            item_id: masks_of(session, item_id, [one for one in copies if one.of_item_id == item_id])
            for item_id in shared[-_MOST_COMPARED:]
        }
        compared = {item_id: found for item_id, found in masks.items() if len(found) > 1}
        classes = {one.index: one.name for one in latest_label_set(session, dataset_id).classes}
        people = {
            one.user_id: get_user(session, one.user_id).name for found in compared.values() for one in found
        }
        names = names_of_originals(session, list(compared))
        newest = {item_id: latest_revision(session, item_id) for item_id in compared}
    found = services.comparer.agreement(
        [
            Shared(item_id, {one.user_id: one.mask_hash for one in masks})
            for item_id, masks in compared.items()
        ]
    )
    items = [
        SharedItemOut(
            item_id=item_id,
            name=names[item_id],
            iou=iou,
            masks=[
                SharedMaskOut(person=people[one.user_id], revision=one.revision_id)
                for one in compared[item_id]
            ],
            revision=one.id if (one := newest[item_id]) else 0,
            has_consensus=bool(one and (one.note or "").startswith("Consensus")),
        )
        for item_id, iou in sorted(found.items.items(), key=lambda pair: pair[1])
    ]
    return AgreementOut(
        shared=len(shared),
        compared=len(compared),
        classes=_classes(found, classes),
        pairs=[
            PairIouOut(people=(people[first], people[second]), **IouOut.of(one).model_dump())
            for (first, second), one in sorted(found.pairs.items(), key=lambda pair: pair[1].iou)
        ],
        items=items,
    )


@router.get("/datasets/{dataset_id}/agreement.csv", response_class=Response, responses=problem_responses(404))
@in_lane(PICTURES)
def read_agreement_table(dataset_id: DatasetId, services: OpenServices) -> Response:
    """Send the same by pair of people, by class and by picture, as a CSV file."""
    found = _agreement(services, dataset_id)
    measured: list[tuple[str, str, IouOut]] = [
        *(("people", " and ".join(one.people), one) for one in found.pairs),
        *(("class", one.name, one) for one in found.classes),
    ]
    pictures = [("picture", one.name, f"{one.iou:.4f}", 1, "", "") for one in found.items]
    return csv_answer(
        "agreement.csv",
        ("of", "name", "iou", "pictures", "low", "high"),
        [
            *(
                (kind, name, f"{one.iou:.4f}", one.pictures, _rounded(one.low), _rounded(one.high))
                for kind, name, one in measured
            ),
            *pictures,
        ],
    )


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


@router.get(
    "/items/{item_id}/agreement/picture", response_class=Response, responses=problem_responses(404, 422)
)
@in_lane(PICTURES)
def read_picture(
    item_id: ItemId,
    services: OpenServices,
    shown: Annotated[Literal["difference", "majority", "staple", "mask"], Query()],
    revision: Annotated[Id | None, Query(description="Whose mask; with `mask`")] = None,
) -> Response:
    """Send a PNG to lay over the picture: where people differ, a consensus, or the mask of one person."""
    with services.database.read() as session:
        item, masks = _find(session, item_id)
    if shown == "mask":
        masks = [one for one in masks if one.revision_id == revision]
        if not masks:
            raise HttpError(404, f"the picture has no such mask: {revision}", remedy="Load the page again")
        return _png(_coloured(item, services.masks.get(masks[0].mask_hash)))
    arrays = _arrays(services, masks)
    if shown == "difference":
        return _png(_heat(disagreement(arrays)))
    return _png(_coloured(item, _consensus(shown, arrays)))


@router.post(
    "/items/{item_id}/agreement/consensus", responses=problem_responses(404, 412, 422, 428, 503, 507)
)
@in_lane(SAVES)
def write_consensus(
    item_id: ItemId,
    wanted: ConsensusIn,
    response: Response,
    services: OpenServices,
    annotator: Annotator,
    expected: ExpectedRevision,
    request: Request,
) -> ItemState:
    """Make the consensus of the independent masks the newest mask of the picture, which is then corrected."""
    with services.database.read() as session:
        _, masks = _find(session, item_id)
        people = sorted(get_user(session, one.user_id).name for one in masks)
    mask = _consensus(wanted.method, _arrays(services, masks))
    mask_hash = services.masks.put(mask, voc_palette())
    with services.database.write() as session:
        newest = append_revision(
            session,
            item_id,
            expected=expected,
            action="corrected",
            author=get_or_create(session, annotator).id,
            mask_hash=mask_hash,
            making=Making(note=f"Consensus ({_NAMES[wanted.method]}) of {', '.join(people)}."),
        )
        response.headers["ETag"] = etag(newest)
        answer = ItemState.of(newest)
    request.state.audit_detail = {"method": wanted.method}
    services.decided(item_id)
    return answer


def _find(session: Session, item_id: int) -> tuple[ItemFacts, list[IndependentMask]]:
    item = read_item(session, item_id)
    copies = [one for one in copies_in(session, item.dataset_id, is_gold=False) if one.of_item_id == item_id]
    masks = masks_of(session, item_id, copies) if copies else []
    if len(masks) < 2:
        raise HttpError(
            404, "fewer than two people have labeled this picture", where=item.name, remedy="Wait for them"
        )
    return item, masks


def _arrays(services: Services, masks: list[IndependentMask]) -> list[NDArray[np.uint8]]:
    return [services.masks.get(one.mask_hash) for one in masks]


def _consensus(method: Method, masks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return majority(masks) if method == "majority" else staple(masks).mask


def _classes(found: Agreement, names: dict[int, str]) -> list[ClassIouOut]:
    known = {BACKGROUND: "background"} | names
    return [
        ClassIouOut(index=index, name=known.get(index, f"class {index}"), **IouOut.of(one).model_dump())
        for index, one in sorted(found.classes.items())
    ]


def _coloured(item: ItemFacts, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask as RGBA: classes in their colours, void grey, background transparent."""
    table = np.zeros((256, 4), np.uint8)
    for index, color in item.class_colors.items():
        table[index] = (*bytes.fromhex(color.removeprefix("#")), 170)
    table[255] = (224, 224, 192, 170)
    return table[mask]


def _heat(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Where people differ, as RGBA: red, and denser the more people differ."""
    shown = np.zeros((*share.shape, 4), np.uint8)
    shown[..., 0], shown[..., 1], shown[..., 2] = 255, 32, 64
    shown[..., 3] = np.where(share > 0, 110 + 230 * np.minimum(share, 0.5), 0)
    return shown


def _png(rgba: NDArray[np.uint8]) -> Response:
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG", compress_level=1)
    return Response(buffer.getvalue(), media_type="image/png", headers={"Cache-Control": "no-store"})

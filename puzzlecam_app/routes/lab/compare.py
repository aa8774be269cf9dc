"""The Lab around the current picture: other models, pictures computed ahead, scales over the dataset."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from db.datasets import get_dataset
from db.labels import latest_label_set
from puzzlecam_app.items import ItemFacts
from puzzlecam_app.lab.headers import SideHeader
from puzzlecam_app.lab.models import ModelChoice, ModelKey
from puzzlecam_app.lab.room import Lab
from puzzlecam_app.lab.scales import PICTURES_A_CLASS
from puzzlecam_app.lab.sides import begin_mask, side
from puzzlecam_app.lanes import MAPS, in_lane, run_in
from puzzlecam_app.routes.common import DatasetId, ItemId, OpenServices, problem_responses
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses
from puzzlecam_app.routes.lab.picture import OpenLab, WantedModel, finished, opened
from puzzlecam_app.services import Services

router = APIRouter(tags=["lab"])

AheadTiles = Annotated[int | None, Query(ge=1, le=4, description="Also compute the maps of n x n tiles")]


class ScaleOut(BaseModel):
    """The largest value that the maps of a class reach in a dataset."""

    index: int
    name: str
    maximum: float = Field(description="Largest sum over scales and views where the class is tagged")
    pictures: int = Field(description="How many pictures it was measured on")


class ScalesOut(BaseModel):
    """The classes measured so far, and the progress of measuring."""

    state: Literal["none", "running", "done", "failed"]
    done: int = 0
    total: int = 0
    problem: str | None = None
    pictures_a_class: int = PICTURES_A_CLASS
    classes: list[ScaleOut]


@router.get("/items/{item_id}/lab/models", responses=problem_responses(404, 422))
@in_lane(MAPS)
def read_models(item_id: ItemId, lab: OpenLab) -> list[ModelChoice]:
    """List the models, runs and epochs that the Lab can show for a picture."""
    return lab.models.choices(lab.item(item_id))


@router.get(
    "/items/{item_id}/lab/side",
    response_class=FramedResponse,
    responses=framed_responses(SideHeader, 404, 422, 503),
)
async def read_side(item_id: ItemId, lab: OpenLab, model_key: WantedModel) -> Response:
    """Send one side of a comparison: maps and mask as a model gives them, framed (see docs/formats.md)."""
    if model_key.kind == "film":
        item = await run_in(MAPS, lab.item, item_id)
    else:
        item, model = await opened(lab, item_id, model_key)
        await finished(item, lambda: lab.begin_look(item, model))
        await finished(item, lambda: begin_mask(lab, item, model_key))
    return await run_in(MAPS, _side_answer, lab, item, model_key)


def _side_answer(lab: Lab, item: ItemFacts, model_key: ModelKey) -> Response:
    found = side(lab, item, model_key)
    header = SideHeader(
        key=model_key.text,
        identity=found.identity,
        threshold=found.threshold,
        uses_crf=found.uses_crf,
        note=found.note,
        logits=None if found.logits_t is None else [float(value) for value in found.logits_t],
    )
    return framed(header, {"maps": found.maps_thw, "mask": found.mask})


@router.post("/items/{item_id}/lab/ahead", status_code=202, responses=problem_responses(404, 422))
@in_lane(MAPS)
def compute_ahead(item_id: ItemId, lab: OpenLab, model_key: WantedModel, tiles: AheadTiles = None) -> None:
    """Compute the maps of a picture that may be opened next, when the model is otherwise idle."""
    item = lab.item(item_id)
    lab.look_ahead(item, lab.model(model_key, item), tiles)


@router.get("/datasets/{dataset_id}/lab/scale", responses=problem_responses(404, 422))
@in_lane(MAPS)
def read_scale(
    dataset_id: DatasetId, services: OpenServices, lab: OpenLab, model_key: WantedModel
) -> ScalesOut:
    """Return the scale of each class over the pictures of a dataset that a model has processed."""
    names = _names(services, dataset_id)
    found = lab.scales.of(dataset_id, lab.models.get(model_key, dataset_id))
    job = services.jobs.get(("lab scale", dataset_id, model_key))
    return ScalesOut(
        state="none" if job is None else job.state,
        done=job.done if job else 0,
        total=job.total if job else 0,
        problem=job.problem if job else None,
        classes=[
            ScaleOut(index=index, name=name, maximum=found[name].maximum, pictures=found[name].pictures)
            for index, name in names.items()
            if name in found
        ],
    )


@router.post("/datasets/{dataset_id}/lab/scale", status_code=202, responses=problem_responses(404, 422))
@in_lane(MAPS)
def measure_scale(
    dataset_id: DatasetId, services: OpenServices, lab: OpenLab, model_key: WantedModel
) -> None:
    """Process a few pictures of each class in the background; a second request changes nothing."""
    _names(services, dataset_id)
    model = lab.models.get(model_key, dataset_id)
    services.jobs.start(
        ("lab scale", dataset_id, model_key), lambda report: lab.scales.measure(dataset_id, model, report)
    )


def _names(services: Services, dataset_id: int) -> dict[int, str]:
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        return {one.index: one.name for one in latest_label_set(session, dataset_id).classes if one.index > 0}

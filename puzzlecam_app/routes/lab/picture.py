"""The Lab's raw arrays of every step to a mask; the browser colours, thresholds and compares them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from puzzlecam_app.items import ItemFacts
from puzzlecam_app.lab.headers import (
    ExportedSettings,
    FirstHeader,
    MaskFacts,
    MaskHeader,
    PictureFacts,
    PuzzleHeader,
    ReferenceFacts,
    StepsHeader,
    WalkFacts,
    WalkIn,
)
from puzzlecam_app.lab.looking import PictureLook
from puzzlecam_app.lab.masks import MaskSettings, MaskSteps
from puzzlecam_app.lab.models import KEY_PATTERN, ModelKey
from puzzlecam_app.lab.references import Reference
from puzzlecam_app.lab.room import LONGEST_WAIT_S, Lab, LabBusyError
from puzzlecam_app.lab.wording import class_facts, model_facts, puzzle_facts
from puzzlecam_app.lanes import MAPS, outcome, run_in
from puzzlecam_app.routes.common import ItemId, OpenServices, problem_responses
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses, header_values
from puzzlecam_app.wire import frame_arrays
from trainer.masks.crf import CrfConfig

if TYPE_CHECKING:
    from trainer.cams.explanations import Explanations
    from trainer.models.proposal import ProposalModel

router = APIRouter(prefix="/items", tags=["lab"])

_MOST_OTHERS_SENT = 24
Tiles = Annotated[int, Query(ge=1, le=4, description="n of the n x n tiles")]


async def _lab(services: OpenServices) -> Lab:
    return services.lab


async def _model_key(
    model: Annotated[
        str, Query(pattern=KEY_PATTERN, description="Key of a model, as `/lab/models` lists it")
    ] = "proposer",
) -> ModelKey:
    return ModelKey.parse(model)


OpenLab = Annotated[Lab, Depends(_lab)]
WantedModel = Annotated[ModelKey, Depends(_model_key)]
Begun = TypeVar("Begun")


async def finished(item: ItemFacts, begin: Callable[[], Future[Begun]]) -> Begun:
    """Wait for a computation of the Lab without holding a thread; its result is then in memory.

    Raises:
        LabBusyError: the model is busy with other work for longer than a request may wait.
    """
    begun = await run_in(MAPS, begin)
    try:
        return await outcome(begun, LONGEST_WAIT_S)
    except (TimeoutError, CancelledError) as error:
        raise LabBusyError(item.name) from error


async def opened(lab: Lab, item_id: int, model_key: ModelKey) -> tuple[ItemFacts, ProposalModel]:
    """Return a picture and the model of the key."""

    def find() -> tuple[ItemFacts, ProposalModel]:
        item = lab.item(item_id)
        return item, lab.model(model_key, item)

    return await run_in(MAPS, find)


class MaskIn(BaseModel):
    """Settings of a mask; for those left out the model's own are used."""

    model_config = ConfigDict(extra="forbid")

    threshold: float | None = Field(default=None, ge=0, le=1)
    use_crf: bool | None = None
    crf: CrfConfig | None = None
    walk: WalkIn | None = None


class MaskOnScreenIn(MaskIn):
    """Settings of a mask that a person is waiting for."""

    may_be_draft: bool = Field(
        default=False,
        description="Where the CRF would take long, it may run at half the size with few iterations",
    )


@router.get(
    "/{item_id}/lab", response_class=FramedResponse, responses=framed_responses(StepsHeader, 404, 422, 503)
)
async def read_lab(item_id: ItemId, request: Request, lab: OpenLab, model_key: WantedModel) -> Response:
    """Send every step to the maps of a tagged picture, framed (see docs/formats.md)."""
    item, model = await opened(lab, item_id, model_key)
    references = await run_in(MAPS, lab.references, item)
    headers = {"ETag": f'"{lab.state(item, model, references)}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    await finished(item, lambda: lab.begin_look(item, model))
    return await run_in(MAPS, _look_answer, lab, item, model, references, headers)


def _look_answer(
    lab: Lab,
    item: ItemFacts,
    model: ProposalModel,
    references: Sequence[Reference],
    headers: Mapping[str, str],
) -> Response:
    picture = lab.look(item, model)
    steps, count = picture.steps, len(item.tags)
    by_logit = np.argsort(-steps.logits_c[count:], kind="stable")[:_MOST_OTHERS_SENT]
    shown = [*range(count), *(count + int(position) for position in by_logit)]
    lab.scales.note(item, model, steps.raw_chw[:count].max(axis=(1, 2)).tolist())
    header = StepsHeader(
        item=_picture(item),
        model=model_facts(model),
        classes=class_facts(model, picture, shown),
        others=len(picture.others),
        references=[ReferenceFacts(kind=one.kind, title=one.title) for one in references],
    )
    arrays = {
        **_step_arrays(picture),
        "raw": _half(steps.raw_chw[shown]),
        "scores": _half(steps.scores_chw[shown]),
        **{f"reference_{number}": lab.reference_mask(one) for number, one in enumerate(references)},
    }
    # Floats hardly get smaller: packing them takes longer than sending them as they are.
    return FramedResponse(frame_arrays(header_values(header), arrays), headers=dict(headers))


@router.get(
    "/{item_id}/lab/first",
    response_class=FramedResponse,
    responses=framed_responses(FirstHeader, 404, 422, 503),
)
async def read_first(item_id: ItemId, lab: OpenLab, model_key: WantedModel) -> Response:
    """Send equation 1 at scale 1, which is computed before the other maps, framed (see docs/formats.md)."""
    item, model = await opened(lab, item_id, model_key)
    scores = await finished(item, lambda: lab.begin_first_scores(item, model))
    if scores is None:
        look = await finished(item, lambda: lab.begin_look(item, model))
        scores = look.steps.scores_chw[: len(item.tags)]
    return await run_in(MAPS, framed, FirstHeader(), {"scores": _half(scores)})


@router.get(
    "/{item_id}/lab/puzzle",
    response_class=FramedResponse,
    responses=framed_responses(PuzzleHeader, 404, 422, 503),
)
async def read_puzzle(item_id: ItemId, lab: OpenLab, model_key: WantedModel, tiles: Tiles = 2) -> Response:
    """Send the maps of the whole picture and of its tiles with the losses, framed (see docs/formats.md)."""
    item, model = await opened(lab, item_id, model_key)
    look = await finished(item, lambda: lab.begin_puzzle(item, model, tiles))
    arrays = {
        "whole": _half(look.whole_thw),
        "tiled": _half(look.tiled_thw),
        "whole_cells": _half(look.whole_cells_thw),
        "tiled_cells": _half(look.tiled_cells_thw),
    }
    return await run_in(MAPS, framed, puzzle_facts(model, look), arrays)


@router.post(
    "/{item_id}/lab/mask",
    response_class=FramedResponse,
    responses=framed_responses(MaskHeader, 404, 422, 503),
)
async def write_mask(
    item_id: ItemId, wanted: MaskOnScreenIn, lab: OpenLab, model_key: WantedModel
) -> Response:
    """Make the mask of a picture with other settings and send its steps, framed; nothing is stored."""
    item, model = await opened(lab, item_id, model_key)
    await finished(item, lambda: lab.begin_look(item, model))
    return await run_in(MAPS, _mask_answer, lab, item, model, wanted)


def _mask_answer(lab: Lab, item: ItemFacts, model: ProposalModel, wanted: MaskOnScreenIn) -> Response:
    settings, steps = _made(lab, item, model, wanted, may_be_draft=wanted.may_be_draft)
    arrays: dict[str, NDArray[Any]] = {"thresholded": steps.thresholded, "mask": steps.mask}
    if steps.walked_thw is not None:
        arrays["walked"] = steps.walked_thw
    return framed(MaskHeader(settings=settings, is_draft=steps.is_draft), arrays)


@router.post("/{item_id}/lab/arrays", response_class=Response, responses=problem_responses(404, 422))
async def export_arrays(
    item_id: ItemId, wanted: MaskIn, lab: OpenLab, model_key: WantedModel, tiles: Tiles = 2
) -> Response:
    """Send every array of a picture as one `.npz` file, with `settings`, a JSON text, among them."""
    item, model = await opened(lab, item_id, model_key)
    await finished(item, lambda: lab.begin_look(item, model))
    await finished(item, lambda: lab.begin_puzzle(item, model, tiles))
    explained = await finished(item, lambda: lab.begin_explanations(item, model))
    more = {} if isinstance(explained, str) else explanation_arrays(explained)
    return await run_in(MAPS, _exported, lab, item, model, wanted, tiles, more)


def _exported(
    lab: Lab,
    item: ItemFacts,
    model: ProposalModel,
    wanted: MaskIn,
    tiles: int,
    more: Mapping[str, NDArray[np.float32]],
) -> Response:
    picture, look = lab.look(item, model), lab.puzzle(item, model, tiles)
    settings, steps = _made(lab, item, model, wanted)
    everything = list(range(len(item.tags) + len(picture.others)))
    header = ExportedSettings(
        item=_picture(item),
        model=model_facts(model),
        classes=class_facts(model, picture, everything),
        puzzle=puzzle_facts(model, look),
        mask=settings,
    )
    arrays: dict[str, NDArray[Any]] = {
        **_step_arrays(picture, half=False),
        "raw": picture.steps.raw_chw,
        "scores": picture.steps.scores_chw,
        "whole": look.whole_thw,
        "tiled": look.tiled_thw,
        "whole_cells": look.whole_cells_thw,
        "tiled_cells": look.tiled_cells_thw,
        "thresholded": steps.thresholded,
        "mask": steps.mask,
        **{one.kind.replace("-", "_"): lab.reference_mask(one) for one in lab.references(item)},
        **more,
    }
    if steps.walked_thw is not None:
        arrays["walked"] = steps.walked_thw
    buffer = io.BytesIO()
    arrays["settings"] = np.array(json.dumps(header_values(header), allow_nan=False))
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return Response(
        buffer.getvalue(),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="picture-{item.id}.npz"',
            "Cache-Control": "no-store",
        },
    )


def _made(
    lab: Lab, item: ItemFacts, model: ProposalModel, wanted: MaskIn, *, may_be_draft: bool = False
) -> tuple[MaskFacts, MaskSteps]:
    """The mask's steps, and all settings that they were made with."""
    from trainer.masks.crf import crf_available

    refinement = model.refinement
    threshold = refinement.background_threshold if wanted.threshold is None else wanted.threshold
    is_on = refinement.use_crf if wanted.use_crf is None else wanted.use_crf
    crf = (wanted.crf or refinement.crf) if is_on and crf_available().available else None
    walk = None
    if wanted.walk is not None and model.walk is not None:
        walk = model.walk.config.model_copy(update=wanted.walk.model_dump())
        if walk == model.walk.config:
            walk = None
    steps = lab.mask(
        item, model, MaskSettings(threshold, crf, walk, refinement.min_piece_share), may_be_draft=may_be_draft
    )
    used = walk or (model.walk.config if model.walk else None)
    settings = MaskFacts(
        threshold=threshold,
        crf=crf,
        walk=WalkFacts(beta=used.beta, radius=used.radius, log2_steps=used.log2_steps) if used else None,
    )
    return settings, steps


def _picture(item: ItemFacts) -> PictureFacts:
    return PictureFacts(id=item.id, name=item.name, width=item.width, height=item.height)


def _step_arrays(picture: PictureLook, *, half: bool = True) -> dict[str, NDArray[Any]]:
    """Steps of the tags. What is thresholded stays float32, so that the browser makes the same mask."""
    steps = picture.steps
    narrow = _half if half else np.asarray
    arrays: dict[str, NDArray[Any]] = {
        "views": narrow(steps.views_svthw),
        "scales": narrow(steps.scales_sthw),
        "total": narrow(steps.total_thw),
        "own": steps.own_thw,
        "cams": steps.cams_thw,
    }
    if steps.spread_thw is not None:
        arrays["spread"] = narrow(steps.spread_thw)
    for number, other in enumerate(steps.others_thw, start=2):
        arrays[f"source_{number}"] = other
    if picture.self_trained_thw is not None:
        arrays["self_trained"] = picture.self_trained_thw
    if picture.edges_hw is not None and picture.walked_thw is not None:
        arrays["edges"] = narrow(picture.edges_hw)
        arrays["walked"] = picture.walked_thw
    if picture.learned_thw is not None and picture.live_thw is not None:
        arrays["learned"] = narrow(picture.learned_thw)
        arrays["live"] = picture.live_thw
    return arrays


def explanation_arrays(found: Explanations) -> dict[str, NDArray[np.float32]]:
    """The maps of `Explanations` by the names that they have in answers and exports."""
    from trainer.cams.explanations import LAYERCAM_STAGES

    return {
        "cam_once": found.cam_thw,
        "layercam": found.layercam_thw,
        **{
            f"layercam_stage_{stage}": maps
            for stage, maps in zip(LAYERCAM_STAGES, found.stages_sthw, strict=True)
        },
        "eigencam": found.eigencam_hw,
        "gradient": found.gradient_thw,
    }


def _half(array: NDArray[Any]) -> NDArray[np.float16]:
    limit = float(np.finfo(np.float16).max)
    narrowed: NDArray[np.float16] = np.clip(array, -limit, limit).astype(np.float16)
    return narrowed

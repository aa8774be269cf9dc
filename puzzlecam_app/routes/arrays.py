"""Raw arrays of one picture: class activation maps and superpixels. Colouring is the browser's."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response

from puzzlecam_app import display
from puzzlecam_app.items import read_item
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.routes.common import HttpError, ItemId, OpenServices, problem_responses
from puzzlecam_app.routes.framed import framed

router = APIRouter(prefix="/items", tags=["arrays"])

_LONGEST_WAIT_S = 120


@router.get("/{item_id}/cams", response_class=Response, responses=problem_responses(404, 422, 503))
def read_cams(item_id: ItemId, services: OpenServices) -> Response:
    """Send the class activation maps of the picture's tags, framed (see docs/formats.md).

    Arrays `cams`, `whole` and `tiled`: float16, classes x height x width, 0..1. The header names for each
    class `index`, `name`, `weak`, `seen_as` (a sentence), `disagreement`; also `model`, `tiles` a side, and
    `threshold`, the heat up to which a pixel of the proposal is background.
    """
    with services.database.read() as session:
        item = read_item(session, item_id)
    try:
        cams = services.proposals.request(item_id, Priority.NOW).result(timeout=_LONGEST_WAIT_S)
    except (TimeoutError, CancelledError) as error:
        raise HttpError(503, "the heatmap is not ready yet", where=item.name, remedy="Try again") from error
    model = services.proposals.predictor_of(item.dataset_id).model
    classes = [
        {
            "index": index,
            "name": name,
            "weak": bool(cams.weak_k[k]),
            "seen_as": model.describe(name),
            "disagreement": float(cams.disagreement_k[k]),
        }
        for k, (index, name) in enumerate(zip(item.tags, cams.class_names, strict=True))
    ]
    header: dict[str, Any] = {
        "model": cams.identity,
        "tiles": cams.tiles_per_side,
        "threshold": model.background_threshold,
        "classes": classes,
    }
    arrays = {"cams": cams.cams_khw, "whole": cams.whole_khw, "tiled": cams.tiled_khw}
    return framed(header, {name: array.astype(np.float16) for name, array in arrays.items()})


@router.get("/{item_id}/superpixels", response_class=Response, responses=problem_responses(404, 422))
def read_superpixels(item_id: ItemId, services: OpenServices) -> Response:
    """Send SLIC superpixels, framed: the array `labels`, uint16 height x width.

    For large pictures it is smaller than the picture and is to be enlarged with nearest neighbours.
    """
    with services.database.read() as session:
        item = read_item(session, item_id)
    labels = display.superpixels(item, services.workspace.superpixels_dir, services.settings.max_image_pixels)
    return framed({"segments": int(labels.max()) + 1}, {"labels": labels})

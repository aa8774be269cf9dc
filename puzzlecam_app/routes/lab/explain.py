"""Other views of a picture's classes than the CAM: gradient saliency, LayerCAM, EigenCAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from numpy.typing import NDArray

from puzzlecam_app.lab.headers import ExplanationsHeader
from puzzlecam_app.lanes import MAPS, run_in
from puzzlecam_app.routes.common import ItemId
from puzzlecam_app.routes.framed import FramedResponse, framed, framed_responses
from puzzlecam_app.routes.lab.picture import OpenLab, WantedModel, explanation_arrays, finished, opened

if TYPE_CHECKING:
    from trainer.cams.explanations import Explanations

router = APIRouter(prefix="/items", tags=["lab"])

BRIGHTEST_SHARE = 99.0
"""Percentile of the gradients that is drawn as 1: a few pixels are many times as large as all others."""


@router.get(
    "/{item_id}/lab/explain",
    response_class=FramedResponse,
    responses=framed_responses(ExplanationsHeader, 404, 422, 503),
)
async def read_explanations(item_id: ItemId, lab: OpenLab, model_key: WantedModel) -> Response:
    """Send other views of the tags than the CAM, framed (see docs/formats.md)."""
    item, model = await opened(lab, item_id, model_key)
    found = await finished(item, lambda: lab.begin_explanations(item, model))
    return await run_in(MAPS, _answer, found)


def _answer(found: Explanations | str) -> Response:
    if isinstance(found, str):
        return framed(ExplanationsHeader(none=found), {})
    return framed(
        ExplanationsHeader(none=None),
        {name: _shown(name, array) for name, array in explanation_arrays(found).items()},
    )


def _shown(name: str, array: NDArray[np.float32]) -> NDArray[Any]:
    """Float16 in [0, 1]: each map divided by its maximum, gradients by a percentile."""
    axes = (-2, -1)
    if name == "gradient":
        brightest = np.percentile(array, BRIGHTEST_SHARE, axis=axes, keepdims=True)
    else:
        brightest = array.max(axis=axes, keepdims=True)
    shown: NDArray[np.float16] = np.clip(array / np.where(brightest > 0, brightest, 1), 0, 1).astype(
        np.float16
    )
    return shown

"""`/metrics` for Prometheus."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from puzzlecam_app.lanes import Lane, lane_states, run_in
from puzzlecam_app.monitoring.readings import readings_of
from puzzlecam_app.routes.common import OpenServices

router = APIRouter(include_in_schema=False)

_READING: Final = Lane("metrics", 1)


@router.get("/metrics")
async def metrics(services: OpenServices) -> Response:
    """Send all metrics in Prometheus' text format."""
    state = partial(readings_of, services, lane_states())
    text = await run_in(_READING, services.metrics.text, state)
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})

"""The app's own HTTP interface under /api: pixels and decisions by database id."""

from __future__ import annotations

from fastapi import APIRouter

from puzzlecam_app.routes import (
    arrays,
    datasets,
    items,
    lab,
    lab_compare,
    lab_dataset_compare,
    lab_figures,
    lab_survey,
    masks,
    refine,
    run_control,
    run_results,
    runs,
    session,
)


def api_router() -> APIRouter:
    """Return all routes under one prefix."""
    router = APIRouter(prefix="/api")
    for room in (
        session,
        datasets,
        items,
        arrays,
        masks,
        lab,
        lab_compare,
        lab_survey,
        lab_dataset_compare,
        lab_figures,
        refine,
        runs,
        run_control,
        run_results,
    ):
        router.include_router(room.router)
    return router

"""The app's own HTTP interface under /api: pixels and decisions by database id."""

from __future__ import annotations

from fastapi import APIRouter

from puzzlecam_app.routes import (
    account,
    arrays,
    classes,
    dataset_names,
    datasets,
    exports,
    gallery,
    items,
    lab,
    leases,
    live,
    masks,
    people,
    queue,
    refine,
    runs,
    second_looks,
    session,
    tag_lists,
    tags,
    team,
    uploads,
    work,
)


def api_router() -> APIRouter:
    """Return all routes under one prefix."""
    router = APIRouter(prefix="/api")
    for room in (
        session,
        account,
        people,
        datasets,
        dataset_names,
        queue,
        classes,
        exports,
        gallery,
        live,
        items,
        leases,
        arrays,
        masks,
        tags,
        team,
        work,
        tag_lists,
        uploads,
        second_looks,
        *lab.ROOMS,
        refine,
        *runs.ROOMS,
    ):
        router.include_router(room.router)
    return router

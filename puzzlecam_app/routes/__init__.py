"""The app's own HTTP interface under /api: pixels and decisions by database id."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter
from starlette.routing import BaseRoute

from puzzlecam_app.routes import (
    account,
    agreement,
    arrays,
    bookmarks,
    classes,
    dataset_names,
    datasets,
    exports,
    gallery,
    gold,
    identities,
    items,
    lab,
    leases,
    live,
    mask_hints,
    masks,
    metrics,
    objects,
    openid,
    people,
    preferences,
    queue,
    refine,
    runs,
    second_looks,
    session,
    sign_in,
    splits,
    tag_lists,
    tags,
    team,
    uploads,
    work,
)


@cache
def all_routes() -> tuple[BaseRoute, ...]:
    """Return the routes of an app, sign-in included.

    All apps of a process share them: they know no workspace, and FastAPI takes tenths of a second to read the
    signatures of all functions.
    """
    top = APIRouter()
    top.include_router(api_router())
    top.include_router(sign_in.router)
    top.include_router(openid.router)
    top.include_router(metrics.router)
    return tuple(top.routes)


def api_router() -> APIRouter:
    """Return all routes under /api."""
    router = APIRouter(prefix="/api")
    for room in (
        session,
        preferences,
        account,
        identities,
        people,
        datasets,
        dataset_names,
        queue,
        classes,
        exports,
        gallery,
        splits,
        live,
        items,
        bookmarks,
        mask_hints,
        leases,
        arrays,
        masks,
        objects,
        tags,
        team,
        work,
        agreement,
        gold,
        tag_lists,
        uploads,
        second_looks,
        *lab.ROOMS,
        refine,
        *runs.ROOMS,
    ):
        router.include_router(room.router)
    return router

"""Where people are sent after signing in: to a page of this studio, never to another site."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import RedirectResponse

from puzzlecam_app.auth import LOGIN_PATH, LOGOUT_PATH
from puzzlecam_app.sub_path import root_of


def next_path(request: Request) -> str:
    """Return where to go after signing in: a path of this studio, never another site."""
    wanted = request.query_params.get("next", "/")
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\", LOGIN_PATH, LOGOUT_PATH))
    return wanted if is_own and wanted.isprintable() else "/"


def redirect_to(request: Request, path: str) -> RedirectResponse:
    """Send a browser to a path of this studio."""
    return RedirectResponse(root_of(request.scope) + path, status_code=303)

"""The sub-path under which a proxy offers the studio, such as `/studio` of `https://example.org/studio/`."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def own_path(scope: Scope) -> str:
    """Return the path of a request below the studio's root: `/api/health`, also behind a sub-path.

    Middleware compares this path, never `scope["path"]`, which includes the sub-path.
    """
    path: str = scope["path"]
    root = root_of(scope)
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def root_of(scope: Scope) -> str:
    """Return the sub-path without a slash at its end; empty if there is none.

    Outside of mounted apps only: a mount adds its own path.
    """
    root: str = scope.get("root_path", "")
    return root


class SubPath:
    """ASGI middleware that lets the app work below a sub-path.

    It accepts requests from a proxy that removes the sub-path and from one that does not. As ASGI asks, the
    scope then contains the sub-path as `root_path` and the full path as `path`.

    Args:
        app: The app that is served below the sub-path.
        root_path: The sub-path, with a slash at its beginning and none at its end.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == self._root:
            # Relative addresses of the page need the slash. Without a host, the redirect suits any proxy.
            query = scope["query_string"].decode("latin-1")
            there = f"{self._root}/?{query}" if query else f"{self._root}/"
            await RedirectResponse(there, status_code=307)(scope, receive, send)
            return
        within = {**scope, "root_path": self._root}
        if not scope["path"].startswith(f"{self._root}/"):
            within["path"] = self._root + scope["path"]
            if scope.get("raw_path") is not None:
                within["raw_path"] = self._root.encode() + scope["raw_path"]
        await self._app(within, receive, send)

"""What logs and metrics call a request: by the template of its route, without secrets."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import Scope

OTHER: Final = "other"
"""The route of requests that no rule of the permission table matches, or that were refused before it."""
_IDS: Final = ("dataset_id", "item_id", "run_id")
_ID: Final = re.compile(r"[0-9]{1,12}")
_SECRET: Final = re.compile(r"(/join/)[^/]+")


def remember_route(scope: Scope, template: str, parameters: dict[str, str]) -> None:
    """Note which route a request is for; called where the permission table has been asked anyway."""
    state = scope.setdefault("state", {})
    state["route"] = template
    given = {name: parameters[name] for name in _IDS if name in parameters}
    state["route_ids"] = {name: int(text) for name, text in given.items() if _ID.fullmatch(text)}


def route_of(scope: Scope) -> str:
    """The template of the request's route, such as `/api/items/{item_id}`."""
    route: str = scope.get("state", {}).get("route", OTHER)
    return route


def ids_of(scope: Scope) -> dict[str, int]:
    """The ids of dataset, picture and run in the request's path."""
    ids: dict[str, int] = scope.get("state", {}).get("route_ids", {})
    return ids


def shown_path(scope: Scope) -> str:
    """The path as logs and error files show it: the secret of an invitation is left out."""
    return _SECRET.sub(r"\1...", scope["path"])

"""Which folders and URLs a page may import from."""

from __future__ import annotations

from pathlib import Path

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.urls import StorageUrl, parse_url, place_named
from puzzlecam_app.user_paths import user_path


def check_import_place(settings: Settings, text: str) -> Path | StorageUrl:
    """Return the folder or URL that was typed if a page may read it.

    URLs must be below one that the settings allow, so that nobody can make the studio ask other machines.

    Raises:
        UserError: It is not allowed, or cannot be used.
    """
    place = place_named(text)
    if isinstance(place, Path):
        return check_import_path(settings, place)
    if not any(place.is_in(parse_url(allowed)) for allowed in settings.import_urls):
        allowed = ", ".join(settings.import_urls)
        raise UserError(
            "the pages may not import from here" if allowed else "the pages may not import from URLs",
            where=str(place),
            remedy=f"Use a URL below {allowed}"
            if allowed
            else "Import on the command line, or allow URLs with PUZZLECAM_IMPORT_URLS",
        )
    return place


def check_import_path(settings: Settings, path: Path) -> Path:
    """Return the resolved `path` if a page may read it.

    If import roots are set, it must be under one of them. Otherwise a studio that only this machine can reach
    may read whatever its user may read, and one that other machines can reach may read nothing.

    Raises:
        UserError: The path is not allowed, or does not exist.
    """
    resolved = user_path(path).resolve()
    if settings.import_roots:
        if not any(resolved.is_relative_to(root.resolve()) for root in settings.import_roots):
            allowed = ", ".join(str(root) for root in settings.import_roots)
            raise UserError(
                "the pages may not import from here", where=str(path), remedy=f"Use a folder under {allowed}"
            )
    elif settings.is_reachable_from_outside:
        raise UserError(
            "importing on this page is off, because other machines can reach this studio",
            remedy="Import on the command line, or allow folders with PUZZLECAM_IMPORT_ROOTS",
        )
    if not resolved.exists():
        raise UserError("there is no such file or folder", where=str(path), remedy="Check the spelling")
    return resolved

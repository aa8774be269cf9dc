"""Which folders a page may import from."""

from __future__ import annotations

from pathlib import Path

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings
from puzzlecam_app.user_paths import user_path


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

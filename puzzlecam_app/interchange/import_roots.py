"""Which folders a page may import from."""

from __future__ import annotations

from pathlib import Path

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings


def check_import_path(settings: Settings, path: Path) -> Path:
    """Return the resolved `path` if a page may read it.

    With import roots set, it must lie under one of them. Without, a studio that only this machine reaches
    may read whatever its user may; one that other machines reach may read nothing.

    Raises:
        UserError: The path is not allowed, or is not there.
    """
    resolved = path.expanduser().resolve()
    if settings.import_roots:
        if not any(resolved.is_relative_to(root.resolve()) for root in settings.import_roots):
            allowed = ", ".join(str(root) for root in settings.import_roots)
            raise UserError(
                "this place may not be imported from", where=str(path), remedy=f"Use one under {allowed}"
            )
    elif settings.is_reachable_from_outside:
        raise UserError(
            "importing from the page is off, because other machines can reach this studio",
            remedy="Import on the command line, or name folders with PUZZLECAM_IMPORT_ROOTS",
        )
    if not resolved.exists():
        raise UserError("there is no such file or folder", where=str(path), remedy="Check the spelling")
    return resolved

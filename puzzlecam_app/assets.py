"""Where the files are that are shipped and are not Python: the editor, the theme, the sample project."""

from __future__ import annotations

from pathlib import Path

from puzzlecam_app.errors import UserError


def assets_dir() -> Path:
    """The folder `assets`: inside the package when it was installed from a wheel, beside it in a checkout.

    Raises:
        UserError: Neither is there; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "assets", package.parent / "assets"):
        if folder.is_dir():
            return folder
    raise UserError(
        "the program's own files are missing", where=str(package / "assets"), remedy="Install it again"
    )

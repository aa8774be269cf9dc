"""Where the shipped files are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (
    _PACKAGE.parent / "assets",  # checkout
    _PACKAGE / "assets",  # wheel
    _PACKAGE.parent / "puzzlecam_app" / "assets",  # wheel that keeps all assets with the app
)


def asset_path(name: str) -> Path:
    """Path of a shipped file such as "classes/imagenet.toml".

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for root in _ROOTS:
        if (root / name).is_file():
            return root / name
    raise FileNotFoundError(f"The shipped file assets/{name} is missing; install the package again.")

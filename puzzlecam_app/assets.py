"""The shipped files that are not Python: modules and style sheets of the pages, theme, sample project."""

from __future__ import annotations

import functools
import hashlib
import posixpath
import re
from pathlib import Path

from puzzlecam_app.errors import UserError

ASSETS_URL = "/ui"
_SENT_TO_BROWSERS = (".js", ".css", ".svg")
_IMPORT = re.compile(
    r"^\s*(?:import|export)\s+(?:[\w*{}\s,$]+\s+from\s+)?[\"'](\.{1,2}/[^\"']+)[\"']", re.MULTILINE
)


def assets_dir() -> Path:
    """The folder `assets`: inside the package when installed from a wheel, beside it in a checkout.

    Raises:
        UserError: There is no such folder; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "assets", package.parent / "assets"):
        if folder.is_dir():
            return folder
    raise UserError(
        "the program's own files are missing", where=str(package / "assets"), remedy="Install it again"
    )


@functools.cache
def assets_version() -> str:
    """Hash of all modules and style sheets, computed at the first call.

    It is part of their URLs: browsers can keep the files for ever and still get new ones after an upgrade.
    """
    digest = hashlib.sha256()
    folder = assets_dir()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SENT_TO_BROWSERS:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def asset_url(path: str, root_path: str = "") -> str:
    """URL of this version of an asset; relative imports of a module resolve to the same version.

    Args:
        path: Relative to the folder `assets`, with slashes.
        root_path: The sub-path that the studio is served under, as in the settings.
    """
    return f"{root_path}{ASSETS_URL}/{assets_version()}/{path}"


@functools.cache
def modules_of(path: str) -> tuple[str, ...]:
    """Paths of an ES module and of all modules that it imports, directly or not; itself first."""
    found, waiting = [path], [path]
    while waiting:
        module = waiting.pop()
        for imported in _IMPORT.findall((assets_dir() / module).read_text(encoding="utf-8")):
            there = posixpath.normpath(posixpath.join(posixpath.dirname(module), imported))
            if there not in found:
                found.append(there)
                waiting.append(there)
    return tuple(found)

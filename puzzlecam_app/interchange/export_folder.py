"""The folder that an export is written to: it always holds one complete export, never parts of two."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.user_paths import user_path

MANIFEST: Final = "manifest.json"
_KIND: Final = "puzzlecam-export"


@contextmanager
def new_export(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out` to be filled; it replaces `out` when the block ends.

    `write_manifest` must be called in the block. If the block raises, `out` does not change.

    Raises:
        UserError: `out` contains something that no export wrote, or cannot be written.
    """
    out = user_path(out).resolve()
    _refuse_foreign(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        building = _beside(out, "new")
        building.mkdir()
    except OSError as error:
        raise _cannot_write(out, error) from error
    try:
        yield building
        _swap(building, out)
    except OSError as error:
        raise _cannot_write(out, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write the manifest of an export: `content`, and the names of all files in `folder`."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    manifest = {"kind": _KIND, **content, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")


def created_at(folder: Path) -> str:
    """When the snapshot of an export was taken, in ISO 8601."""
    return str(json.loads((folder / MANIFEST).read_text("utf-8"))["created"])


def is_export(manifest: dict[str, Any]) -> bool:
    """Whether `write_manifest` wrote what was read from a file."""
    return manifest.get("kind") == _KIND


def _refuse_foreign(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError("a file is in the way", where=str(out), remedy="Choose another folder with --out")
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if not present:
        return
    try:
        manifest = json.loads((out / MANIFEST).read_text("utf-8"))
        written = {MANIFEST, *manifest["files"]} if manifest["kind"] == _KIND else set()
    except (OSError, ValueError, KeyError, TypeError):
        written = set()
    foreign = sorted(present - written)
    if foreign:
        raise UserError(
            f"the folder contains files that no export wrote ({foreign[0]})",
            where=str(out),
            remedy="Choose an empty folder, or one that contains only an export, with --out",
        )


def _swap(building: Path, out: Path) -> None:
    if not out.exists():
        building.rename(out)
        return
    aside = _beside(out, "old")
    out.rename(aside)
    try:
        building.rename(out)
    except OSError:
        aside.rename(out)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _beside(out: Path, purpose: str) -> Path:
    # Not tempfile: only the owner could read its folders, and exports are for other people too.
    return out.with_name(f".{out.name}.{purpose}-{uuid.uuid4().hex}")


def _cannot_write(out: Path, error: OSError) -> UserError:
    return UserError(
        f"the export cannot be written ({error.strerror or error})",
        where=str(error.filename or out),
        remedy="Free some disk space, or choose another folder with --out",
    )

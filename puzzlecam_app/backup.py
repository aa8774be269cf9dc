"""Backups of a workspace that is in use, and workspaces made from them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from puzzlecam_app.errors import UserError

if TYPE_CHECKING:
    from puzzlecam_app.settings import Settings

RECORD: Final = "backup.json"
_FORMAT: Final = "puzzlecam-backup"
_ROOMS: Final = ("masks", "images")
_SAME_TIME_S: Final = 2.1  # some disks store times in steps of two seconds


@dataclass(frozen=True)
class Report:
    """What a backup or a restoration did: files copied, files that were there already, and bytes copied."""

    copied: int
    kept: int
    bytes_copied: int


def back_up(settings: Settings, folder: Path, *, has_runs: bool = True) -> Report:
    """Copy the database, masks, pictures, aliases and runs of a workspace, while it is in use.

    A later backup into the same folder copies only what is new. The copy of the database is replaced last,
    so that the folder holds a whole backup at each moment once it holds one.

    Args:
        settings: Workspace and database.
        folder: Made if it is missing.
        has_runs: Whether training runs are copied.

    Raises:
        UserError: The folder is part of the workspace, or cannot be written; or masks are missing.
        db.errors.BackupError: The database cannot be copied.
    """
    from db.backup import copy_name, dump_database

    root = settings.workspace.resolve()
    folder = folder.resolve()
    if folder == root or root in folder.parents:
        raise UserError(
            "a backup cannot lie in the workspace that it is made of",
            where=str(folder),
            remedy="Choose a folder elsewhere, best on another disk",
        )
    url = settings.resolve_database_url()
    name = copy_name(url)
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        snapshot = folder / f".new-{name}"
        snapshot.unlink(missing_ok=True)
        dump_database(url, snapshot)
        needed = _masks_in(url)
        rooms = (*_ROOMS, *(("runs",) if has_runs else ()))
        if settings.masks_url is not None:
            _bring_masks(settings, needed)
        report = _copy_rooms(root, folder, rooms)
        lost = [one for one in needed if not (folder / "masks" / one[:2] / f"{one}.png").exists()]
        snapshot.replace(folder / name)
        record = {"format": _FORMAT, "version": 1, "database": name, "made": datetime.now(UTC).isoformat()}
        (folder / RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")
    if lost:
        raise UserError(
            f"the backup was made, but {len(lost)} masks that the database names are missing",
            where=str(root / "masks"),
            remedy="puzzlecam dataset verify NAME lists the pictures that they belong to",
        )
    return report


def restore(settings: Settings, folder: Path) -> Report:
    """Make a workspace from a backup. The database is made last.

    Args:
        settings: Workspace and database, both still without anything in them.
        folder: What `back_up` wrote.

    Raises:
        UserError: The folder is no backup, or is of another kind of database; or the workspace is in use.
        db.errors.BackupError: The database is not empty, or the copy cannot be read.
    """
    from db.backup import copy_name, load_database

    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            "this is no backup", where=str(folder), remedy="Name a folder that puzzlecam backup wrote"
        ) from error
    url = settings.resolve_database_url()
    name = copy_name(url)
    if not isinstance(record, dict) or record.get("format") != _FORMAT or record.get("database") != name:
        raise UserError(
            "the backup is of another kind of database, or of another program",
            where=str(folder / RECORD),
            remedy="Set PUZZLECAM_DATABASE_URL to a database of the same kind",
        )
    workspace = settings.paths
    if next(_files(workspace.masks_dir), None) is not None:
        raise UserError(
            "the workspace holds masks already",
            where=str(workspace.masks_dir),
            remedy="Restore into a new folder with --workspace",
        )
    with _explained(workspace.root):
        workspace.root.mkdir(parents=True, exist_ok=True)
        report = _copy_rooms(folder, workspace.root, (*_ROOMS, "runs"))
        load_database(folder / name, url)
    return report


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    """Turn an error of the disk into a sentence."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"a file cannot be copied ({error.strerror or error})",
            where=str(error.filename or place),
            remedy="Free some room or choose another folder, and give the command again: it continues",
        ) from error


def _bring_masks(settings: Settings, needed: list[str]) -> None:
    """Fetch what only the store of masks has; what cannot be had is told as missing later."""
    from db.errors import StorageError
    from puzzlecam_app.interchange.parallel import THREADS_THAT_WAIT, map_files
    from puzzlecam_app.storage.mask_store import open_masks

    masks = open_masks(settings.paths.masks_dir, settings.masks_url)

    def bring(name: str) -> None:
        with suppress(StorageError):
            masks.get(name)

    map_files(bring, [one for one in needed if not masks.is_near(one)], threads=THREADS_THAT_WAIT)


def _masks_in(url: str) -> list[str]:
    """Hashes of all masks that the database names now, but for datasets that the trash has emptied."""
    from sqlalchemy import select

    from db.engine import open_database
    from db.hidden_copies import WITH_COPIES
    from db.models import Dataset, Item, Revision

    database = open_database(url)
    try:
        with database.read() as session:
            hashes = select(Revision.mask_hash).where(Revision.mask_hash.is_not(None)).distinct()
            kept = hashes.join(Item).join(Dataset).where(Dataset.emptied_at.is_(None))
            rows = session.scalars(kept, execution_options=WITH_COPIES)
            return [one for one in rows if one is not None]
    finally:
        database.close()


def _copy_rooms(source: Path, target: Path, rooms: tuple[str, ...]) -> Report:
    copied = kept = size = 0
    aliases = source / "aliases.toml"
    files = [aliases] if aliases.is_file() else []
    for path in (*files, *(path for room in rooms for path in _files(source / room))):
        goal = target / path.relative_to(source)
        if _is_there(path, goal):
            kept += 1
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        part = goal.with_name(f".{goal.name}.part")
        part.unlink(missing_ok=True)
        try:
            shutil.copy2(path, part, follow_symlinks=False)
        except FileNotFoundError:
            if path.is_symlink() or path.exists():
                raise
            continue  # its run was deleted meanwhile
        part.replace(goal)
        copied += 1
        size += goal.lstat().st_size
    return Report(copied, kept, size)


def _files(folder: Path) -> Iterator[Path]:
    """All files and links below a folder, except those that are being written."""
    for parent, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in (*links, *names):
            if not name.endswith(".part"):
                yield Path(parent) / name


def _is_there(path: Path, goal: Path) -> bool:
    """Whether a file was copied before and has not changed since: copies have the time of their source."""
    try:
        new, old = path.lstat(), goal.lstat()
    except FileNotFoundError:
        return False
    return new.st_size == old.st_size and abs(new.st_mtime - old.st_mtime) < _SAME_TIME_S

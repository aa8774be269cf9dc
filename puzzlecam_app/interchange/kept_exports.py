"""The exports that a workspace keeps, and the zips in which they leave it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import threading
import time
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.export_folder import MANIFEST, is_export
from puzzlecam_app.interchange.safe_names import safe_names

_NAME: Final = re.compile(r"(?!\.)[\w.-]{1,255}")
_COMPRESSED: Final = frozenset((".jpg", ".jpeg", ".png", ".webp", ".npz", ".gz"))
_PIECE_BYTES: Final = 2**20
_SPARE_BYTES: Final = 256 * 2**20
_ZIPS_KEPT_S: Final = 24 * 3600
_EARLIEST_IN_ZIPS: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class KeptExport:
    """What an export contains, from its manifest.

    Attributes:
        name: of its folder.
        created: ISO time of the snapshot, in UTC.
        by: who started it; None if that is not known.
        size_bytes: of all files together.
    """

    name: str
    dataset_id: int
    dataset: str
    created: str
    by: str | None
    format: str
    pictures: int
    left_out: int
    classes: tuple[str, ...]
    statuses: tuple[str, ...]
    splits: tuple[str, ...]
    with_tags: tuple[str, ...]
    void_boundary_px: int
    size_bytes: int


@dataclass(frozen=True)
class Archive:
    """A finished zip. The same export always has the same bytes, so `etag` stays when it is made again."""

    path: Path
    etag: str


class KeptExports:
    """Lists, packs and removes exports. Safe to call from several threads.

    Args:
        exports_dir: One folder for each export.
        zips_dir: Where zips are kept for a day; safe to delete.
    """

    def __init__(self, exports_dir: Path, zips_dir: Path) -> None:
        self._exports = exports_dir
        self._zips = zips_dir
        self._lock = threading.Lock()
        self._packing: dict[str, threading.Lock] = {}

    def new_folder(self, dataset: str) -> Path:
        """A folder that no export has yet, named after the dataset and the time."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
        return self._exports / f"{safe_names([dataset])[dataset]}-{stamp}"

    def of_dataset(self, dataset_id: int) -> list[KeptExport]:
        """The exports of a dataset, the newest first."""
        if not self._exports.is_dir():
            return []
        folders = [path for path in self._exports.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)]
        found = [one for one in map(_described, folders) if one is not None and one.dataset_id == dataset_id]
        return sorted(found, key=lambda one: (one.created, one.name), reverse=True)

    def get(self, dataset_id: int, name: str) -> KeptExport | None:
        """The export of that name, if the dataset has one."""
        folder = self._exports / name
        if not _NAME.fullmatch(name) or folder.is_symlink() or not folder.is_dir():
            return None
        found = _described(folder)
        return found if found is not None and found.dataset_id == dataset_id else None

    def remove(self, export: KeptExport) -> None:
        """Delete the folder and the zip of an export."""
        with self._packing_lock(export.name):
            self._zip_path(export.name).unlink(missing_ok=True)
            aside = self._exports / f".{export.name}.removed-{uuid.uuid4().hex}"
            (self._exports / export.name).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def pack(self, dataset_id: int, name: str) -> None:
        """Make the zip of a new export now, if the disk has room; otherwise asking for it says why not."""
        export = self.get(dataset_id, name)
        if export is not None:
            with contextlib.suppress(UserError, OSError):
                self.archive(export)

    def archive(self, export: KeptExport) -> Archive:
        """The zip of an export; it is made if it is not there.

        Raises:
            UserError: The disk has no room for it.
        """
        folder, path = self._exports / export.name, self._zip_path(export.name)
        with self._packing_lock(export.name):
            manifest = (folder / MANIFEST).read_bytes()
            if path.is_file():
                os.utime(path)  # it is in use
            else:
                self._sweep()
                self._check_room(export)
                pack_zip(folder, path, export.created)
        return Archive(path, f'"{hashlib.sha256(manifest).hexdigest()[:32]}"')

    def _packing_lock(self, name: str) -> threading.Lock:
        with self._lock:
            return self._packing.setdefault(name, threading.Lock())

    def _zip_path(self, name: str) -> Path:
        return self._zips / f"{name}.zip"

    def _sweep(self) -> None:
        """Delete zips that nobody has asked for within a day, and what a killed process left."""
        self._zips.mkdir(parents=True, exist_ok=True)
        for path in self._zips.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _ZIPS_KEPT_S:
                    path.unlink()
            except OSError:
                continue  # somebody else has removed it, or is reading it on Windows

    def _check_room(self, export: KeptExport) -> None:
        free = shutil.disk_usage(self._zips).free
        if free < export.size_bytes + _SPARE_BYTES:
            raise UserError(
                f"the disk has {free / 2**20:,.0f} MB left, and the zip of this export needs "
                f"{export.size_bytes / 2**20:,.0f} MB",
                where=str(self._zips),
                remedy="Free some disk space, or copy the export's folder on the server",
            )


def _described(folder: Path) -> KeptExport | None:
    try:
        changed_ns = (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return None
    return _read(folder, changed_ns)


@lru_cache(maxsize=1024)
def _read(folder: Path, _changed_ns: int) -> KeptExport | None:
    """Read what an export contains; None for a folder that holds none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not is_export(manifest):
            return None
        return KeptExport(
            name=folder.name,
            dataset_id=manifest["dataset"]["id"],
            dataset=manifest["dataset"]["name"],
            created=manifest["created"],
            by=manifest.get("exported_by"),
            format=manifest["format"],
            pictures=len(manifest["items"]),
            left_out=len(manifest["left_out"]),
            classes=tuple(manifest["classes"]),
            statuses=tuple(manifest["statuses"]),
            splits=tuple(manifest["splits"]),
            with_tags=tuple(manifest["with_tags"]),
            void_boundary_px=manifest["void_boundary_px"],
            size_bytes=sum(path.stat().st_size for path in _files(folder)),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _files(folder: Path) -> Sequence[Path]:
    """All files of an export in a fixed order. Links are left out: they could lead out of it."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def pack_zip(folder: Path, path: Path, created: str) -> None:
    """Write a zip whose bytes depend on the export alone. Pictures are stored, other files compressed.

    `created` is the time of all its files, in ISO 8601.
    """
    moment = _moment(created)
    building = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with zipfile.ZipFile(building, "x", strict_timestamps=False) as archive:
            for file in _files(folder):
                entry = zipfile.ZipInfo(f"{folder.name}/{file.relative_to(folder).as_posix()}", moment)
                entry.external_attr = 0o644 << 16
                is_compressed = file.suffix.lower() in _COMPRESSED
                entry.compress_type = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
                entry.file_size = file.stat().st_size
                with file.open("rb") as source, archive.open(entry, "w") as target:
                    shutil.copyfileobj(source, target, _PIECE_BYTES)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _moment(created: str) -> tuple[int, int, int, int, int, int]:
    try:
        at = datetime.fromisoformat(created).astimezone(UTC)
    except ValueError:
        return _EARLIEST_IN_ZIPS
    return max(_EARLIEST_IN_ZIPS, (at.year, at.month, at.day, at.hour, at.minute, at.second))

"""Uploads that are under way: their files in the workspace, and the limits that hold for them."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.protection import MAX_BODY_BYTES
from puzzlecam_app.uploads.paths import safe_path
from trainer.machine.durable_write import write_atomic

CHUNK_BYTES: Final = MAX_BODY_BYTES
MAX_FILES: Final = 200_000
MAX_OPEN: Final = 20
"""Uploads of one person that are under way."""
KEPT_S: Final = 3 * 24 * 3600
"""An upload that nobody has sent anything for so long is removed."""
_ROOM_BYTES: Final = 2**30
"""Stays free on the disk for the studio itself."""
_FACTS: Final = "upload.json"


@dataclass(frozen=True)
class Upload:
    """An upload as it was begun.

    Attributes:
        id: sixteen hexadecimal digits.
        owner: name of the person.
        dataset: name of the data set that the pictures go to.
        dataset_id: its id; None for a new one.
        total_bytes: what the files have together.
        files: how many files there are.
        begun: seconds since 1970.
    """

    id: str
    owner: str
    dataset: str
    dataset_id: int | None
    total_bytes: int
    files: int
    begun: float


class WrongOffset(Exception):  # noqa: N818 - it reports a state, as "409 Conflict" does
    """A part does not follow what is there; `received` says how much that is."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received} bytes are there")
        self.received = received


class UploadStore:
    """The uploads of a workspace. Safe to call from several threads.

    Args:
        folder: The folder of the uploads.
        images_dir: The folder of imported copies; they count against the quota too.
        quota_bytes: What both may have together.
    """

    def __init__(self, folder: Path, images_dir: Path, quota_bytes: int) -> None:
        self._folder = folder
        self._images_dir = images_dir
        self._quota_bytes = quota_bytes
        self._lock = threading.Lock()
        self._received: dict[str, int] = {}

    def begin(self, owner: str, dataset: str, dataset_id: int | None, total_bytes: int, files: int) -> Upload:
        """Begin an upload.

        Raises:
            UserError: The quota or the disk has no room for it, or the person has too many uploads.
        """
        self.sweep()
        with self._lock:
            if sum(one.owner == owner for one in self.all()) >= MAX_OPEN:
                raise UserError(
                    f"you have {MAX_OPEN} uploads that are not finished", remedy="Finish or remove some"
                )
            self._check_room(total_bytes)
            upload = Upload(secrets.token_hex(8), owner, dataset, dataset_id, total_bytes, files, time.time())
            (self._place(upload.id) / "parts").mkdir(parents=True)
            self.files_of(upload.id).mkdir()
            write_atomic(self._place(upload.id) / _FACTS, json.dumps(asdict(upload)).encode())
            self._received[upload.id] = 0
        return upload

    def room_bytes(self) -> int:
        """How much can be uploaded now."""
        with self._lock:
            return max(0, self._room())

    def get(self, upload_id: str) -> Upload | None:
        """The upload with that id, if it is under way."""
        try:
            return Upload(**json.loads((self._place(upload_id) / _FACTS).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def all(self) -> list[Upload]:
        """All uploads that are under way, the oldest first."""
        names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        found = [one for name in names if (one := self.get(name)) is not None]
        return sorted(found, key=lambda one: one.begun)

    def files_of(self, upload_id: str) -> Path:
        """The folder of the files that have arrived whole."""
        return self._place(upload_id) / "files"

    def received(self, upload_id: str) -> dict[str, int]:
        """How many bytes of each file have arrived, by its path."""
        return {
            path.relative_to(top).as_posix(): path.stat().st_size
            for top in (self.files_of(upload_id), self._place(upload_id) / "parts")
            for path in _files(top)
        }

    def add(self, upload: Upload, path: str, size: int, offset: int, content: bytes) -> int:
        """Add a part of a file; returns how many bytes of the file are there.

        Args:
            upload: The upload.
            path: Path of the file in the upload.
            size: Size of the whole file.
            offset: Where the part begins.
            content: The part.

        Raises:
            WrongOffset: The part does not follow what is there.
            UserError: The path cannot be used, or more arrives than was said at the beginning.
        """
        path = safe_path(path)
        with self._lock:
            whole = self.files_of(upload.id) / path
            part = self._place(upload.id) / "parts" / path
            if whole.is_file():
                if whole.stat().st_size != size:
                    raise UserError(
                        "another file of this path is in the upload",
                        where=path,
                        remedy="Rename one of the two",
                    )
                return size
            there = part.stat().st_size if part.is_file() else 0
            if offset != there:
                raise WrongOffset(there)
            count = self._count(upload.id)
            if there + len(content) > size or count + len(content) > upload.total_bytes:
                raise UserError(
                    "more arrives than was announced", where=path, remedy="Begin the upload again"
                )
            try:
                part.parent.mkdir(parents=True, exist_ok=True)
                with part.open("ab") as file:
                    file.write(content)
                self._received[upload.id] = count + len(content)
                if there + len(content) == size:
                    whole.parent.mkdir(parents=True, exist_ok=True)
                    part.replace(whole)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as problem:
                raise UserError(
                    "a file has the name of a folder", where=path, remedy="Rename one of the two"
                ) from problem
            (self._place(upload.id) / _FACTS).touch()
            return there + len(content)

    def check_whole(self, upload: Upload) -> None:
        """Raise UserError unless everything that was announced has arrived."""
        parts = list(_files(self._place(upload.id) / "parts"))
        there = sum(1 for _ in _files(self.files_of(upload.id)))
        if parts or there < upload.files:
            raise UserError(
                f"{there:,} of {upload.files:,} files have arrived", remedy="Continue the upload first"
            )

    def check_space(self, bytes_needed: int) -> int:
        """How many bytes may be unpacked; raises UserError if these are more than there is room for."""
        with self._lock:
            self._check_room(bytes_needed)
            return self._room()

    def remove(self, upload_id: str) -> None:
        """Remove an upload with its files."""
        with self._lock:
            self._received.pop(upload_id, None)
            shutil.rmtree(self._place(upload_id), ignore_errors=True)

    def sweep(self, now: float | None = None) -> None:
        """Remove uploads that nobody has continued for three days."""
        limit = (time.time() if now is None else now) - KEPT_S
        for path in list(self._folder.iterdir()) if self._folder.is_dir() else []:
            facts = path / _FACTS
            last = facts if facts.exists() else path
            if last.exists() and last.stat().st_mtime < limit:
                self.remove(path.name)

    def _place(self, upload_id: str) -> Path:
        return self._folder / upload_id

    def _count(self, upload_id: str) -> int:
        """Bytes of an upload that have arrived; counted once after a start of the studio."""
        if upload_id not in self._received:
            self._received[upload_id] = sum(self.received(upload_id).values())
        return self._received[upload_id]

    def _room(self) -> int:
        used = _size(self._images_dir)
        for one in self.all():
            used += max(one.total_bytes, self._count(one.id))
        on_disk = shutil.disk_usage(self._folder).free - _ROOM_BYTES
        return min(self._quota_bytes - used, on_disk // 2)  # the import copies what has arrived

    def _check_room(self, wanted: int) -> None:
        room = self._room()
        if wanted > room:
            raise UserError(
                f"there is room for {max(0, room) / 1e9:.1f} GB more, and this needs {wanted / 1e9:.1f} GB",
                remedy="Upload less, remove what nobody needs, or ask the operator for a larger quota",
            )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

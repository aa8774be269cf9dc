"""The mask store: one PNG for each mask, named after its content.

A mask is a uint8 array HxW of class indices. Its name is the SHA-256 of shape and indices, so equal masks
share a file, a file never has to change, and reading can check that it is undamaged. A file is written under
a temporary name, flushed to the disk and renamed, so it is never incomplete, even if the process or the
machine dies.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import uuid
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from db.errors import InvalidInputError, MaskCorruptError, MaskMissingError, MaskUnwritableError
from db.troubles import disk_full, is_disk_full

MaskArray = npt.NDArray[np.uint8]

_HASH: Final = re.compile(r"[0-9a-f]{64}")
# Level 1 writes a 12-megapixel mask three times as fast as the default, for a file a little larger.
_COMPRESS_LEVEL: Final = 1
_PALETTE_BYTES: Final = 768


def mask_hash(mask: MaskArray) -> str:
    """Name of a mask: SHA-256, in hexadecimal, over ``"<height>x<width>:"`` and the indices row by row."""
    height, width = mask.shape
    digest = hashlib.sha256(f"{height}x{width}:".encode())
    digest.update(np.ascontiguousarray(mask).data)
    return digest.hexdigest()


class MaskStore:
    """Masks under `root`, as ``ab/abcd...png``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where the mask called `name` is or would be; raises InvalidInputError unless it is a hash."""
        if not _HASH.fullmatch(name):
            raise InvalidInputError(f"{name!r} is not the hash of a mask.")
        return self.root / name[:2] / f"{name}.png"

    def put(self, mask: MaskArray, palette: bytes) -> str:
        """Store `mask` (uint8, HxW, not empty) and return its hash; it is on the disk when this returns.

        `palette` is 256 colours, 768 bytes, for people who open the file; it is not part of the mask.
        Raises DiskFullError, MaskUnwritableError.
        """
        if mask.dtype != np.uint8 or mask.ndim != 2 or mask.size == 0:
            raise InvalidInputError(f"A mask is a uint8 array HxW, not {mask.dtype} {mask.shape}.")
        if len(palette) != _PALETTE_BYTES:
            raise InvalidInputError(f"A palette has {_PALETTE_BYTES} bytes, not {len(palette)}.")
        name = mask_hash(mask)
        target = self.path(name)
        if target.exists():
            try:
                self.get(name)
                with contextlib.suppress(OSError):
                    target.touch()  # it is needed again; the trash deletes old files only
                return name
            except MaskCorruptError:
                pass  # The stored file is damaged; this mask replaces it.
        try:
            if not target.parent.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync_folder(self.root)
            _write_durably(target, mask, palette)
        except OSError as error:
            if is_disk_full(error):
                raise disk_full(self.root) from error
            raise MaskUnwritableError(
                f"The folder of masks {self.root} cannot be written ({error.strerror or error}); "
                "check the disk and your rights to it, and try again."
            ) from error
        return name

    def count(self, most: int) -> int:
        """How many masks there are, counted up to `most`."""
        return sum(1 for _ in itertools.islice(self.root.glob("??/*.png"), most))

    def sweep(self) -> int:
        """Remove what killed processes left half written; returns how many files that were.

        What a process that is alive has begun stays, be it this one or another.
        """
        swept = 0
        for path in self.root.glob("??/.new-*.tmp"):
            if not _is_being_written(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
                    swept += 1
        return swept

    def get(self, name: str) -> MaskArray:
        """The mask called `name`, uint8 HxW, checked against its hash.

        Raises MaskMissingError and MaskCorruptError.
        """
        path = self.path(name)
        try:
            return read_mask(path, name, str(path))
        except FileNotFoundError as error:
            raise MaskMissingError(
                f"The mask file {path} is missing; restore the folder {self.root} from a backup."
            ) from error

    def is_near(self, name: str) -> bool:  # noqa: ARG002 - stores with another place behind them look
        """Whether `get` of the mask called `name` needs nothing but the local disk."""
        return True

    def file(self, name: str) -> Path:
        """The file of the mask called `name`, for links to it; raises what `get` does where it must be made.

        It may be missing if there is no other place that it could come from.
        """
        return self.path(name)


def read_mask(source: Path | BinaryIO, name: str, where: str) -> MaskArray:
    """Read a mask from its PNG and check it against its `name`; `where` is said in errors.

    Raises FileNotFoundError and MaskCorruptError.
    """
    try:
        with Image.open(source, formats=["PNG"]) as image:
            if image.mode != "P":
                raise MaskCorruptError(f"The mask file {where} has mode {image.mode} instead of P.")
            mask = np.array(image, dtype=np.uint8)
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MaskCorruptError(_corrupt(where, str(error))) from error
    if mask_hash(mask) != name:
        raise MaskCorruptError(_corrupt(where, "its content has another hash"))
    return mask


_TEMPORARY: Final = re.compile(r"\.new-(?:(\d{1,10})-)?[0-9a-f]+\.tmp")
_being_written: Final[set[str]] = set()
"""Names of the temporary files that this process is writing."""


def _is_being_written(name: str) -> bool:
    found = _TEMPORARY.fullmatch(name)
    if found is None or found[1] is None:
        return False
    process = int(found[1])
    return name in _being_written if process == os.getpid() else _is_alive(process)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # there a signal of 0 would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _corrupt(where: str, reason: str) -> str:
    return f"The mask file {where} is damaged ({reason}); restore it from a backup."


def _write_durably(target: Path, mask: MaskArray, palette: bytes) -> None:
    image = Image.fromarray(mask)
    image.putpalette(palette)
    # Not tempfile: only the owner could read its files, and a group may share a workspace.
    temporary = target.with_name(f".new-{os.getpid()}-{uuid.uuid4().hex}.tmp")
    _being_written.add(temporary.name)
    try:
        with temporary.open("xb") as file:
            image.save(file, format="PNG", compress_level=_COMPRESS_LEVEL)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        _being_written.discard(temporary.name)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # Without this, a power cut may undo the rename. Windows cannot open folders and does not need this.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

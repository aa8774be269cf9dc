"""The mask store: one PNG for each mask, named after its content.

A mask is a uint8 array HxW of class indices. Its name is the SHA-256 of shape and indices, so equal masks
share a file, a file never has to change, and reading can check that it is undamaged. A file is written under
a temporary name, flushed to the disk and renamed, so it is never incomplete, even if the process or the
machine dies.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from db.errors import InvalidInputError, MaskCorruptError, MaskMissingError

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
                return name
            except MaskCorruptError:
                pass  # The stored file is damaged; this mask replaces it.
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.root)
        _write_durably(target, mask, palette)
        return name

    def get(self, name: str) -> MaskArray:
        """The mask called `name`, uint8 HxW, checked against its hash.

        Raises MaskMissingError and MaskCorruptError.
        """
        path = self.path(name)
        try:
            with Image.open(path, formats=["PNG"]) as image:
                if image.mode != "P":
                    raise MaskCorruptError(f"The mask file {path} has mode {image.mode} instead of P.")
                mask = np.array(image, dtype=np.uint8)
        except FileNotFoundError as error:
            raise MaskMissingError(
                f"The mask file {path} is missing; restore the folder {self.root} from a backup."
            ) from error
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise MaskCorruptError(_corrupt(path, str(error))) from error
        if mask_hash(mask) != name:
            raise MaskCorruptError(_corrupt(path, "its content has another hash"))
        return mask


def _corrupt(path: Path, reason: str) -> str:
    return f"The mask file {path} is damaged ({reason}); restore it from a backup."


def _write_durably(target: Path, mask: MaskArray, palette: bytes) -> None:
    image = Image.fromarray(mask)
    image.putpalette(palette)
    # Not tempfile: only the owner could read its files, and a group may share a workspace.
    temporary = target.with_name(f".new-{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            image.save(file, format="PNG", compress_level=_COMPRESS_LEVEL)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # Without this, a power cut may undo the rename. Windows cannot open folders and does not need this.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

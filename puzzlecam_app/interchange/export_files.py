"""Writes one picture and its mask into an export."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL import Image

from db.errors import StorageError
from db.masks import MaskArray, MaskStore
from db.palette import voc_palette
from puzzlecam_app.interchange.mask_files import classes_in
from puzzlecam_app.interchange.pictures import PictureError, load_upright_rgb, open_picture
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.void_boundary import with_void_boundary
from puzzlecam_app.root_files import RootFiles

HowStored = Literal["linked", "copied", "re-encoded"]

_JPEG_QUALITY: Final = 95


@dataclass(frozen=True)
class ExportedPicture:
    """A picture that is in the export under `name`; `mask_classes` are the indices in its mask."""

    item: SnapshotItem
    name: str
    stored: HowStored
    jpeg_sha256: str
    mask_classes: tuple[int, ...]


@dataclass(frozen=True)
class FileExporter:
    """Writes pictures among `files` to `pictures` and masks to `masks`; may be called from many threads.

    `max_pixels` is as in `pictures.load_upright_rgb`,
    `void_boundary_px` as in `with_void_boundary`.
    """

    files: RootFiles
    mask_store: MaskStore
    pictures: Path
    masks: Path
    void_boundary_px: int
    link: bool
    max_pixels: int

    def __call__(self, item: SnapshotItem) -> ExportedPicture | Problem:
        """Write `item` as ``<name>.jpg`` and ``<name>.png``, or return what prevents that."""
        name = item.export_name
        source = self.files.root / item.path
        try:
            mask = self.mask_store.get(item.mask_hash)
            with self.files.open(item.path) as file:
                data, known = file.read(), os.fstat(file.fileno())
        except StorageError as problem:
            return error(item.name, str(problem), "Restore the file and export again")
        except OSError as problem:
            reason = f"the picture {source} cannot be read ({problem.strerror})"
            return error(item.name, reason, "Put it back and export again")
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != item.sha256:
            reason = f"the picture {source} has changed since it was imported"
            return error(item.name, reason, "Import the dataset again, check the mask, and export again")
        target = self.pictures / f"{name}.jpg"
        stored: HowStored
        try:
            if _is_upright_jpeg(data, item, self.max_pixels):
                stored = _link_or_copy(source, target, data, known if self.link else None)
            else:
                data = _encoded(data, self.max_pixels)
                sha256 = hashlib.sha256(data).hexdigest()
                target.write_bytes(data)
                stored = "re-encoded"
        except PictureError as problem:
            return error(item.name, problem.message, problem.remedy or "Export again")
        write_palette_png(self.masks / f"{name}.png", with_void_boundary(mask, self.void_boundary_px))
        return ExportedPicture(item, name, stored, sha256, classes_in(mask))


def write_palette_png(path: Path, mask: MaskArray) -> None:
    """Write class indices (uint8 HxW) as a PNG of mode P with VOC's colour map of 256 entries."""
    image = Image.fromarray(mask)
    image.putpalette(voc_palette())
    image.save(path, format="PNG")


def _is_upright_jpeg(data: bytes, item: SnapshotItem, max_pixels: int) -> bool:
    """Whether readers that know nothing of EXIF or CMYK see the file as the editor showed it."""
    with open_picture(data, max_pixels=max_pixels) as image:
        return image.format == "JPEG" and image.mode in {"RGB", "L"} and item.orientation == 1


def _link_or_copy(source: Path, target: Path, data: bytes, known: os.stat_result | None) -> HowStored:
    """Write `target` as a hard link to `source`, whose content is `data`; without `known`, as a copy.

    `known` is the file that the content came from: meanwhile, another one could be in its place.
    """
    if known is not None:
        try:
            os.link(source.resolve(), target)
            if os.path.samestat(known, target.lstat()):
                return "linked"
            target.unlink()
        except OSError:
            pass  # Another file system, or one without hard links.
    target.write_bytes(data)
    return "copied"


def _encoded(data: bytes, max_pixels: int) -> bytes:
    buffer = io.BytesIO()
    pixels = Image.fromarray(load_upright_rgb(data, max_pixels=max_pixels))
    pixels.save(buffer, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()

"""Writes one picture and its labels into an export."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from PIL import Image

from db.engine import Database
from db.errors import StorageError
from db.masks import MaskArray, MaskStore
from puzzlecam_app.interchange.drawn import DrawnObject
from puzzlecam_app.interchange.formats.writing import PictureOut, PictureRecord, Target, Writer, Written
from puzzlecam_app.interchange.kept_objects import connected_parts, fitted, objects_in
from puzzlecam_app.interchange.mask_files import classes_in
from puzzlecam_app.interchange.pictures import PictureError, load_upright_rgb, open_picture
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.void_boundary import with_void_boundary
from puzzlecam_app.root_files import RootFiles

HowStored = Literal["linked", "copied", "re-encoded", "packed", "not exported"]
HowPictures = Literal["link", "copy", "none"]

_JPEG_QUALITY: Final = 95
_SUFFIXES: Final = {"JPEG": ".jpg", "PNG": ".png"}


@dataclass(frozen=True)
class ExportedPicture:
    """A picture that is in the export; `written` is what its format returned."""

    record: PictureRecord
    stored: HowStored
    picture_sha256: str
    written: Written

    @property
    def item(self) -> SnapshotItem:
        """What the studio knows about it."""
        return self.record.item


@dataclass(frozen=True)
class FileExporter:
    """Writes pictures among `files`, and hands their labels to `writer`; may be called from many threads.

    `with_objects` are the ids of items that have objects of their own, so that the others ask no database.
    `max_pixels` is as in `pictures.load_upright_rgb`, `void_boundary_px` as in `with_void_boundary`. With
    `jpeg_only`, all other pictures are encoded again; otherwise PNG files are kept too.
    """

    database: Database
    with_objects: Collection[int]
    files: RootFiles
    mask_store: MaskStore
    target: Target
    writer: Writer
    void_boundary_px: int
    pictures: HowPictures
    max_pixels: int
    jpeg_only: bool

    def __call__(self, item: SnapshotItem) -> ExportedPicture | Problem:
        """Write `item`, or return what prevents that."""
        try:
            stored_mask = self.mask_store.get(item.mask_hash)
            file, stored, sha256 = self._write_picture(item)
        except StorageError as problem:
            return error(item.name, str(problem), "Restore the file and export again")
        except OSError as problem:
            reason = f"the picture {self.files.place(item.path)} cannot be read ({problem.strerror})"
            return error(item.name, reason, "Put it back and export again")
        except PictureError as problem:
            return error(item.name, problem.message, problem.remedy or "Export again")
        classes = self.target.classes
        mask = with_void_boundary(classes.mask(stored_mask), self.void_boundary_px)
        tags = classes.tags(item.tags)
        one = PictureOut(item, item.export_name, file, mask, self._objects(item, stored_mask, mask), tags)
        record = PictureRecord(item, one.name, file, one.height, one.width, classes_in(mask), tags)
        return ExportedPicture(record, stored, sha256, self.writer.write(one))

    def _objects(self, item: SnapshotItem, stored: MaskArray, mask: MaskArray) -> tuple[DrawnObject, ...]:
        if item.item_id in self.with_objects:
            found = objects_in(self.database, item.item_id, item.mask_hash, stored)
        else:
            found = connected_parts(stored)
        objects = self.target.classes.objects(found)
        return tuple(fitted(objects, mask)) if self.void_boundary_px else objects

    def _write_picture(self, item: SnapshotItem) -> tuple[str, HowStored, str]:
        """Write the file of a picture; returns its path in the export, how it got there, and its SHA-256."""
        if self.pictures == "none":
            return item.path, "not exported", item.sha256
        data, known = self.files.read_for_export(item.path, item.sha256)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != item.sha256:
            raise PictureError(
                f"the picture {self.files.place(item.path)} has changed since it was imported",
                remedy="Import the dataset again, check the mask, and export again",
            )
        suffix = self._kept_suffix(data, item)
        place = self.writer.place(item) + (suffix or ".jpg")
        target = self.target.folder / PurePosixPath(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        if suffix is not None:
            return (
                place,
                _link_or_copy(
                    self.files.root / item.path, target, data, known if self.pictures == "link" else None
                ),
                sha256,
            )
        data = _encoded(data, self.max_pixels)
        target.write_bytes(data)
        return place, "re-encoded", hashlib.sha256(data).hexdigest()

    def _kept_suffix(self, data: bytes, item: SnapshotItem) -> str | None:
        """The ending of a file that readers that know nothing of EXIF or CMYK see as the editor showed it.

        None for a file that must be encoded again.
        """
        with open_picture(data, max_pixels=self.max_pixels) as image:
            is_plain = image.mode in {"RGB", "L"} and item.orientation == 1
            suffix = _SUFFIXES.get(image.format or "")
        if not is_plain or (self.jpeg_only and suffix != ".jpg"):
            return None
        return suffix


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

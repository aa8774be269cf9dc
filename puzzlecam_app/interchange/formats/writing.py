"""What a format needs to write a dataset: the protocol of writers, and the pictures they get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from db.masks import MaskArray
from db.palette import VOID
from puzzlecam_app.interchange.class_changes import ExportClasses
from puzzlecam_app.interchange.drawn import DrawnObject, visible
from puzzlecam_app.interchange.mask_files import classes_in
from puzzlecam_app.interchange.read_options import Zero
from puzzlecam_app.interchange.snapshot import SnapshotItem


@dataclass(frozen=True)
class Target:
    """What is written.

    Attributes:
        folder: an empty folder that becomes the export.
        dataset: name of the dataset.
        classes: the classes of the export.
        created: when the snapshot was taken.
        zero: what 0 means in masks of indices, in formats that leave it open.
        as_polygons: outlines instead of run lengths, in formats that have both.
        as_predictions: predictions instead of annotations, in formats that have both.
    """

    folder: Path
    dataset: str
    classes: ExportClasses
    created: datetime
    as_polygons: bool = False
    zero: Zero = "background"
    as_predictions: bool = False


@dataclass(frozen=True)
class PictureOut:
    """A picture whose file is in the export already.

    Attributes:
        item: what the studio knows about it.
        name: its name in every export, without suffix.
        file: its path in the export, with slashes; if pictures are not exported, its path in the dataset.
        mask: class indices of the export, uint8 (H, W).
        objects: the objects of the mask.
        tags: class indices of the export.
    """

    item: SnapshotItem
    name: str
    file: str
    mask: MaskArray
    objects: tuple[DrawnObject, ...]
    tags: tuple[int, ...]

    @property
    def height(self) -> int:
        """Rows of the picture."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """Columns of the picture."""
        return int(self.mask.shape[1])

    @property
    def visible_objects(self) -> list[DrawnObject]:
        """The objects as far as the mask shows them."""
        return visible(self.objects, self.mask)

    @property
    def void_px(self) -> int:
        """Pixels that are void."""
        return int(np.count_nonzero(self.mask == VOID))

    @property
    def bare_tags(self) -> tuple[int, ...]:
        """Tags without a pixel in the mask."""
        return tuple(set(self.tags) - set(classes_in(self.mask)))


@dataclass(frozen=True)
class Written:
    """What writing one picture gave.

    Attributes:
        record: what the lists of the format need of it; must be small.
        lost: what the format could not carry, as a clause, and how many of it.
    """

    record: Any
    lost: Mapping[str, int] = field(default_factory=dict)


class Writer(Protocol):
    """Writes one dataset."""

    def place(self, item: SnapshotItem) -> str:
        """Where the file of a picture goes, without suffix, relative to the export's folder."""

    def write(self, one: PictureOut) -> Written:
        """Write the files of one picture's labels. Called from several threads."""

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the lists; `pictures` are in the natural order of their names, each with its record."""


@dataclass(frozen=True)
class PictureRecord:
    """What is kept of a picture after it was written; fields as in `PictureOut`."""

    item: SnapshotItem
    name: str
    file: str
    height: int
    width: int
    mask_classes: tuple[int, ...]
    tags: tuple[int, ...]


@dataclass(frozen=True)
class WriteFormat:
    """A format that can be exported.

    Attributes:
        name: as in ``--format``.
        title: for people.
        writer: makes the writer of one export.
        cannot_carry: sentences about what the studio knows and the format has no place for.
        jpeg_only: whether all pictures must be JPEG files.
        root: folder of the export that is given to programs that read it; "" for the export itself.
        has_polygons: whether outlines can be chosen instead of run lengths.
        has_predictions: whether predictions can be chosen instead of annotations.
        oracle: what the tests read its files with.
        packs_pictures: whether pictures end inside files of the format, so that links would be copies too.
        read_as: the format that imports it, if that has another name.
    """

    name: str
    title: str
    writer: Callable[[Target], Writer]
    cannot_carry: tuple[str, ...]
    oracle: str
    jpeg_only: bool = False
    root: str = ""
    has_polygons: bool = False
    has_predictions: bool = False
    packs_pictures: bool = False
    read_as: str = ""

"""All formats that can be read, and which of them a folder is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from puzzlecam_app.errors import UsageError, UserError
from puzzlecam_app.interchange.formats import (
    cityscapes,
    coco,
    color_masks,
    cvat_masks,
    cvat_xml,
    datumaro,
    folder,
    hugging_face,
    label_studio,
    labelme,
    panoptic,
    parquet,
    voc,
    yolo,
)
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.read_options import AUTO
from puzzlecam_app.root_files import RootFiles

READ_FORMATS: Final = (
    voc.READ,
    cityscapes.READ,
    coco.READ,
    yolo.READ,
    labelme.READ,
    label_studio.READ,
    panoptic.READ,
    cvat_xml.READ,
    cvat_masks.READ,
    datumaro.READ,
    hugging_face.READ,
    parquet.READ,
    color_masks.READ,
    folder.READ,
)
"""In the order in which they are listed; the last one reads any folder."""


@dataclass(frozen=True)
class Recognised:
    """A format, and by what a folder was recognised to be of it."""

    format: ReadFormat
    reason: str


def read_format(name: str) -> ReadFormat:
    """The format called `name`; raises UsageError, which lists all names."""
    for one in READ_FORMATS:
        if one.name == name:
            return one
    known = ", ".join((AUTO, *(one.name for one in READ_FORMATS)))
    raise UsageError(f"there is no format {name!r}", where="--format", remedy=f"Choose one of {known}")


def recognise(files: RootFiles, known: str | None = None) -> Recognised:
    """The format that a folder is of.

    Args:
        files: Those of the folder.
        known: The format that the dataset was imported as before; it is taken if its signs are there.

    Raises:
        UserError: The signs of several formats are there.
    """
    fallback = READ_FORMATS[-1]
    if known == fallback.name:
        return Recognised(fallback, "the dataset was imported so before")
    found = [Recognised(one, reason) for one in READ_FORMATS if (reason := one.recognise(files)) is not None]
    beaten = {name for one in found for name in one.format.more_telling_than}
    again = [one for one in found if one.format.name == known]
    found = again or [one for one in found if one.format.name not in beaten]
    if not found:
        return Recognised(fallback, "there are signs of no other format")
    if len(found) > 1:
        signs = "; ".join(f"{one.format.name}, because {one.reason}" for one in found)
        raise UserError(
            f"the folder can be read in {len(found)} ways: {signs}",
            where=str(files.root),
            remedy=f"Choose one with --format {' or --format '.join(one.format.name for one in found)}",
        )
    return found[0]

"""All formats that can be written."""

from __future__ import annotations

from typing import Final

from puzzlecam_app.errors import UsageError
from puzzlecam_app.interchange.formats import (
    cityscapes,
    coco_write,
    color_masks,
    cvat_masks,
    cvat_xml,
    datumaro,
    hugging_face,
    index_masks,
    label_studio,
    labelme,
    panoptic,
    parquet_write,
    puzzle_cam,
    voc_write,
    yolo,
)
from puzzlecam_app.interchange.formats.writing import WriteFormat

WRITE_FORMATS: Final = (
    voc_write.WRITE,
    coco_write.WRITE,
    yolo.WRITE,
    labelme.WRITE,
    label_studio.WRITE,
    panoptic.WRITE,
    cvat_xml.WRITE,
    cvat_masks.WRITE,
    datumaro.WRITE,
    hugging_face.WRITE,
    parquet_write.WRITE,
    color_masks.WRITE,
    index_masks.MMSEG,
    cityscapes.WRITE,
    puzzle_cam.WRITE,
    index_masks.FOLDER,
)
"""In the order in which they are offered."""


def write_format(name: str) -> WriteFormat:
    """The format called `name`; raises UsageError, which lists all names."""
    for one in WRITE_FORMATS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in WRITE_FORMATS)
    raise UsageError(f"there is no format {name!r}", where="--format", remedy=f"Choose one of {known}")

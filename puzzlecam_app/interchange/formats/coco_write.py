"""Writes COCO instances: run lengths, or polygons where they are exact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from puzzlecam_app import __version__
from puzzlecam_app.interchange.drawn import DrawnObject
from puzzlecam_app.interchange.formats.polygons import outlines, signed_area
from puzzlecam_app.interchange.formats.rle import compress, counts_of
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem

_IMAGES: Final = "images"


class CocoWriter:
    """Writes ``images/`` and one file of instances for each split.

    Categories keep the ids they were imported with; new ones get the next free numbers. Objects keep theirs
    where they are unique.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._ids = category_ids(target)
        (target.folder / "annotations").mkdir()

    def place(self, item: SnapshotItem) -> str:
        """In ``images``."""
        return f"{_IMAGES}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Make the annotations of a picture; no file is written."""
        annotations = [self._annotation(one, drawn) for drawn in one.objects]
        return Written(annotations, {"pixels of void, which became background": one.void_px})

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``annotations/instances_<split>.json``; ``instances.json`` for pictures without a split."""
        splits = dict.fromkeys(record.item.split for record, _ in pictures)
        files = safe_names(split for split in splits if split is not None)
        for split in splits:
            name = "instances" if split is None else f"instances_{files[split]}"
            path = self._target.folder / "annotations" / f"{name}.json"
            content = self._content(split, [one for one in pictures if one[0].item.split == split])
            path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    def _annotation(self, one: PictureOut, drawn: DrawnObject) -> dict[str, Any]:
        height, width = drawn.pixels.shape
        polygons = as_polygons(drawn) if self._target.as_polygons and not drawn.is_crowd else None
        return {
            "id": drawn.source_id,
            "category_id": self._ids[drawn.class_index],
            "segmentation": polygons
            or {
                "size": [one.height, one.width],
                "counts": compress(counts_of(drawn, one.height, one.width)),
            },
            "area": drawn.area_px,
            "bbox": [drawn.left, drawn.top, width, height],
            "iscrowd": int(drawn.is_crowd),
        }

    def _content(
        self, split: str | None, pictures: Sequence[tuple[PictureRecord, list[dict[str, Any]]]]
    ) -> dict[str, Any]:
        names = self._target.classes.names
        images, annotations = [], []
        number_of = _unique(annotation["id"] for _, own in pictures for annotation in own)
        for number, (record, own) in enumerate(pictures, start=1):
            images.append(
                {
                    "id": number,
                    "file_name": record.file.removeprefix(f"{_IMAGES}/"),
                    "width": record.width,
                    "height": record.height,
                    "tags": [names[index - 1] for index in record.tags],
                    "annotator": record.item.author,
                    "annotated_at": record.item.decided_at.isoformat(timespec="seconds"),
                }
            )
            annotations += [annotation | {"id": next(number_of), "image_id": number} for annotation in own]
        return {
            "info": {
                "description": self._target.dataset,
                "contributor": f"puzzlecam-studio {__version__}",
                "date_created": self._target.created.isoformat(timespec="seconds"),
                **({} if split is None else {"split": split}),
            },
            "licenses": [],
            "images": images,
            "annotations": annotations,
            "categories": [
                {"id": self._ids[one.index], "name": one.name, "supercategory": ""}
                for one in self._target.classes.classes
            ],
        }


WRITE: Final = WriteFormat(
    "coco",
    "COCO instances",
    CocoWriter,
    (
        "void: it becomes background",
        "colours of classes",
        "tags, authors and times only in fields of the studio's own, which other programs ignore",
    ),
    oracle="pycocotools",
    has_polygons=True,
)


def category_ids(target: Target) -> dict[int, int]:
    """Category id of each class index: the one that the class was imported with, else the next free one."""
    ids: dict[int, int] = {}
    for one in target.classes.classes:
        if one.source_id is not None and one.source_id not in ids.values():
            ids[one.index] = one.source_id
    free = max([0, *ids.values()]) + 1
    for one in target.classes.classes:
        if one.index not in ids:
            ids[one.index] = free
            free += 1
    return ids


def as_polygons(drawn: DrawnObject) -> list[list[int]] | None:
    """The polygons ``[x1, y1, x2, y2, ...]`` of an object; None if it has holes, which they cannot have.

    Read by COCO's rule, they give exactly its pixels.
    """
    paths = outlines(drawn.pixels)
    if any(signed_area(path) < 0 for path in paths):
        return None
    return [[value for x, y in path for value in (x + drawn.left, y + drawn.top)] for path in paths]


def _unique(ids: Iterable[int | None]) -> Iterator[int]:
    """Each id that is there the first time, else a new one."""
    listed = list(ids)
    free = max((one for one in listed if one is not None), default=0) + 1
    used: set[int] = set()
    result = []
    for one in listed:
        if one is None or one in used:
            one, free = free, free + 1
        used.add(one)
        result.append(one)
    return iter(result)

"""COCO panoptic: a PNG of segment numbers for each picture, and a JSON that gives their categories."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from PIL import Image

from db.palette import BACKGROUND, VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import DrawnObject, cut_out
from puzzlecam_app.interchange.file_bytes import read_file
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.coco_write import category_ids
from puzzlecam_app.interchange.formats.colors import pack
from puzzlecam_app.interchange.formats.json_files import (
    entries,
    first_fitting,
    head_and_tail,
    json_files,
    read_json,
)
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.named_classes import named_classes
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.mask_files import MaskFileError, read_colors
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.root_files import RootFiles

_BACKGROUND: Final = "background"
_EXPORT_AGAIN: Final = "Correct the file, or export it again"


def _fits(text: bytes) -> bool:
    return re.search(rb'"segments_info"\s*:', text) is not None and b'"file_name"' in text


def recognise(files: RootFiles) -> str | None:
    """There is a JSON with segments_info."""
    file = first_fitting(files, _fits)
    return None if file is None else f"{file.relative} has segments_info"


@dataclass(frozen=True)
class PanopticLabels:
    """The PNG of one picture; class index and whether it is an object, by segment number."""

    where: str
    segments: Mapping[int, tuple[int, bool]]

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Read the segments; pixels of none are void. Raises MaskFileError for a number of no segment."""
        colors = read_colors(read_file(files, self.where), picture)
        # The number of a segment is R + 256 G + 65536 B.
        present, inverse = np.unique(pack(colors[..., ::-1]), return_inverse=True)
        unknown = [number for number in present.tolist() if number and number not in self.segments]
        if unknown:
            raise MaskFileError(
                f"the segment {unknown[0]} is not in segments_info", where=self.where, remedy=_EXPORT_AGAIN
            )
        meaning = [VOID if number == 0 else self.segments[number][0] for number in present.tolist()]
        inverse = inverse.reshape(colors.shape[:2])
        objects: list[DrawnObject] = []
        for place, number in enumerate(present.tolist()):
            if number and self.segments[number][1] and BACKGROUND < meaning[place] < VOID:
                one = cut_out(inverse == place, meaning[place])
                objects += [] if one is None else [one]
        return Labels(np.array(meaning, np.uint8)[inverse], tuple(objects))


def read(root: Path, options: ReadOptions) -> Source:
    """Read all panoptic lists in `root`; the PNGs of a list are in the folder that is called like it.

    Raises:
        UserError: There is no such list, or categories contradict each other.
    """
    files = RootFiles(root, options.follow_links)
    lists = [file for file in json_files(files) if _fits(head_and_tail(file))]
    if not lists:
        raise UserError("there is no panoptic JSON", where=str(root), remedy="Give its folder")
    contents = [(file, read_json(file)) for file in lists]
    ids: dict[int, tuple[str, bool]] = {}
    for file, data in contents:
        for category in entries(data, "categories"):
            number, name = category.get("id"), category.get("name")
            if not isinstance(number, int) or not isinstance(name, str):
                raise UserError("a category has no id or no name", where=str(file), remedy=_EXPORT_AGAIN)
            known = ids.setdefault(number, (name, bool(category.get("isthing", 1))))
            if known[0] != name:
                raise UserError(
                    f"the id {number} is given to two categories", where=str(file), remedy=_EXPORT_AGAIN
                )
    classes = named_classes(
        (name for name, _ in ids.values()), where=str(root), classes_file=options.classes_file
    )
    masks = frozenset(PurePosixPath(file.relative).with_suffix("").as_posix() for file, _ in contents)
    pictures = ListedPictures(files, masks)
    for file, data in contents:
        stem = PurePosixPath(file.relative).with_suffix("").as_posix()
        images = {image.get("id"): image for image in entries(data, "images")}
        name = re.sub(r"^panoptic_", "", file.stem)
        for number, annotation in enumerate(entries(data, "annotations"), start=1):
            where = f"{file.relative}, annotation {number}"
            image = images.get(annotation.get("image_id"), {})
            path = pictures.find(
                image.get("file_name"), where=where, folders=[f"images/{name}", name, "images", ""]
            )
            if path is None or not isinstance(annotation.get("file_name"), str):
                continue
            segments = {
                segment["id"]: (index, ids[segment["category_id"]][1])
                for segment in entries(annotation, "segments_info")
                if isinstance(segment.get("id"), int)
                and segment.get("category_id") in ids
                and (index := classes.index(ids[segment["category_id"]][0])) is not None
            }
            names = [
                classes.class_list.names[index - 1] for index, _ in segments.values() if 0 < index < VOID
            ]
            extra = image.get("tags")
            names += [tag for tag in extra if isinstance(tag, str)] if isinstance(extra, list) else []
            png = f"{stem}/{annotation['file_name']}"
            split = _split(data, name) or options.split
            labels = PanopticLabels(png, segments)
            pictures.add(SourceItem(path, path, classes.tags(names), split, labels), where=where)
    return Source(
        root,
        "panoptic",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        pictures.problems(),
        follow_links=options.follow_links,
        source_ids={
            classes.clean(name): number
            for number, (name, _) in ids.items()
            if 0 < (classes.index(name) or 0) < VOID
        },
    )


READ: Final = ReadFormat("panoptic", "COCO panoptic", recognise, read)


class PanopticWriter:
    """Writes ``images/``, and for each split ``annotations/panoptic_<split>.json`` with a folder of PNGs.

    Every pixel that is not void has a segment, as COCO wants it; background is a category of its own.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._ids = category_ids(target)
        self._ids[BACKGROUND] = max(self._ids.values()) + 1

    def place(self, item: SnapshotItem) -> str:
        """In ``images``."""
        return f"images/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the PNG of a picture."""
        numbers = np.zeros(one.mask.shape, np.int32)
        segments: list[dict[str, Any]] = []
        background = cut_out(one.mask == BACKGROUND, BACKGROUND)
        shown = [*([] if background is None else [background]), *one.visible_objects]
        for number, drawn in enumerate(shown, start=1):
            numbers[drawn.box][drawn.pixels] = number
        for number, drawn in enumerate(shown, start=1):
            found = cut_out(numbers == number, drawn.class_index)
            if found is None:
                continue
            height, width = found.pixels.shape
            segments.append(
                {
                    "id": number,
                    "category_id": self._ids[found.class_index],
                    "area": found.area_px,
                    "bbox": [found.left, found.top, width, height],
                    "iscrowd": int(drawn.is_crowd),
                }
            )
        colors = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16 & 255], axis=-1)
        path = self._target.folder / "annotations" / _list_name(one.item) / f"{one.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(colors.astype(np.uint8)).save(path)
        return Written(segments)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the lists."""
        classes = self._target.classes
        categories = [
            {
                "id": self._ids[one.index],
                "name": one.name,
                "isthing": 1,
                "color": list(one.rgb),
                "supercategory": "",
            }
            for one in classes.classes
        ]
        categories.append(
            {
                "id": self._ids[BACKGROUND],
                "name": _BACKGROUND,
                "isthing": 0,
                "color": [0, 0, 0],
                "supercategory": "",
            }
        )
        for split in dict.fromkeys(record.item.split for record, _ in pictures):
            own = [one for one in pictures if one[0].item.split == split]
            content = {
                "info": {"description": self._target.dataset, **({} if split is None else {"split": split})},
                "images": [
                    {
                        "id": number,
                        "file_name": record.file.removeprefix("images/"),
                        "width": record.width,
                        "height": record.height,
                        "tags": [classes.names[index - 1] for index in record.tags],
                    }
                    for number, (record, _) in enumerate(own, start=1)
                ],
                "annotations": [
                    {"image_id": number, "file_name": f"{record.name}.png", "segments_info": segments}
                    for number, (record, segments) in enumerate(own, start=1)
                ],
                "categories": categories,
            }
            path = self._target.folder / "annotations" / f"{_list_name(own[0][0].item)}.json"
            path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


WRITE: Final = WriteFormat(
    "panoptic",
    "COCO panoptic",
    PanopticWriter,
    (
        "overlaps of objects: each pixel belongs to one",
        "tags only in a field of the studio's own, which other programs ignore",
        "authors and times; they are in the manifest",
    ),
    oracle="a decoder of its own",
)


def _list_name(item: SnapshotItem) -> str:
    return "panoptic" if item.split is None else f"panoptic_{safe_names([item.split])[item.split]}"


def _split(data: Mapping[str, Any], name: str) -> str | None:
    info = data.get("info")
    if isinstance(info, dict) and isinstance(info.get("split"), str):
        return str(info["split"])
    name = re.sub(r"20\d\d$", "", name)
    return split_name(name) if is_split_folder(name) else None

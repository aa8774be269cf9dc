"""The dataset format of Datumaro: a JSON for each subset, with run lengths, polygons and labels."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from db.palette import BACKGROUND, VOID, voc_color
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import DrawnObject, cut_out
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.coco import segmented
from puzzlecam_app.interchange.formats.json_files import (
    entries,
    first_fitting,
    head_and_tail,
    json_files,
    read_json,
)
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.moments import moment
from puzzlecam_app.interchange.formats.named_classes import named_classes
from puzzlecam_app.interchange.formats.painting import painted
from puzzlecam_app.interchange.formats.polygons import PolygonError
from puzzlecam_app.interchange.formats.rle import RleError, compress, counts_of
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import Rgb

_NO_SPLIT: Final = "default"
_VOID: Final = "void"
_IMAGE: Final = 2
"""Datumaro's number for datasets of pictures."""


def _fits(text: bytes) -> bool:
    has_labels = re.search(rb'"categories"\s*:\s*\{\s*("label"|"mask"|"points")', text) is not None
    return has_labels and b'"items"' in text


def recognise(files: RootFiles) -> str | None:
    """There is a JSON with Datumaro's categories and items."""
    file = first_fitting(files, _fits)
    return None if file is None else f"{file.relative} has categories and items of Datumaro"


@dataclass(frozen=True)
class DatumaroLabels:
    """The annotations of one item. `indices` has the class index of each label."""

    where: str
    annotations: Sequence[Mapping[str, Any]]
    indices: Sequence[int | None]

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:  # noqa: ARG002
        """Draw masks and polygons by their z-order; raises MaskFileError for a wrong one."""
        drawn: list[tuple[int, DrawnObject]] = []
        for annotation in self.annotations:
            index = _index(annotation, self.indices)
            if index is None:
                continue
            shape = annotation.get("rle") if annotation.get("type") == "mask" else [annotation.get("points")]
            try:
                found = segmented(shape, picture.height, picture.width)
                order = int(annotation.get("z_order") or 0)
            except (RleError, PolygonError, ValueError, TypeError) as problem:
                place = f"{self.where}, annotation {annotation.get('id')}"
                raise MaskFileError(
                    str(problem), where=place, remedy="Export it again in Datumaro"
                ) from problem
            if found is not None:
                number = annotation.get("id")
                drawn.append((order, DrawnObject(index, *found, number if isinstance(number, int) else None)))
        drawn.sort(key=lambda entry: entry[0])
        return painted([one for _, one in drawn], picture, "later-over-earlier")


def read(root: Path, options: ReadOptions) -> Source:
    """Read all subsets in `root`; their names are the splits, and classes have the order of the labels.

    Raises:
        UserError: There is no subset, or one cannot be read.
    """
    files = RootFiles(root, options.follow_links)
    lists = [file for file in json_files(files) if _fits(head_and_tail(file))]
    if not lists:
        raise UserError("there is no subset of Datumaro", where=str(root), remedy="Give its folder")
    contents = [(file, read_json(file)) for file in lists]
    names = [name for _, data in contents for name in _names(data)]
    classes = named_classes(names, where=str(root), classes_file=options.classes_file)
    pictures = ListedPictures(files)
    lost: Counter[str] = Counter()
    colors: dict[int, Rgb] = {}
    for file, data in contents:
        indices = [classes.index(name) for name in _names(data)]
        colors |= _colors(data, indices)
        subset = data.get("infos", {}).get("split") if isinstance(data.get("infos"), dict) else None
        split = subset if isinstance(subset, str) else None if file.stem == _NO_SPLIT else file.stem
        for number, item in enumerate(entries(data, "items"), start=1):
            where = f"{file.relative}, item {number}"
            image = item.get("image")
            listed = image.get("path") if isinstance(image, dict) else None
            folders = [f"images/{file.stem}", "images", ""]
            path = pictures.find(listed or item.get("id"), where=where, folders=folders)
            own = entries(item, "annotations")
            drawn = [one for one in own if one.get("type") in {"mask", "polygon"}]
            lost.update(
                str(one.get("type")) for one in own if one.get("type") not in {"mask", "polygon", "label"}
            )
            if path is None:
                continue
            found = [index for one in own if (index := _index(one, indices)) is not None]
            tags = [classes.class_list.names[index - 1] for index in found if BACKGROUND < index < VOID]
            extra = item.get("attr")
            attributes = extra if isinstance(extra, dict) else {}
            author = attributes.get("annotator")
            pictures.add(
                SourceItem(
                    path,
                    path,
                    tuple(dict.fromkeys(tags)),
                    split or options.split,
                    DatumaroLabels(where, drawn, indices),
                    author=author if isinstance(author, str) else None,
                    labelled_at=moment(attributes.get("annotated_at")),
                ),
                where=where,
            )
    problems: list[Problem] = [
        error(lists[0].relative, f"{count} annotations of the kind {kind} have no mask", "Draw them as masks")
        for kind, count in lost.items()
    ]
    return Source(
        root,
        "datumaro",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
        colors=colors,
    )


READ: Final = ReadFormat("datumaro", "Datumaro", recognise, read)


class DatumaroWriter:
    """Writes ``images/<subset>`` and ``annotations/<subset>.json``; ``default`` is for no split.

    Void is a label of its own.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        (target.folder / "annotations").mkdir()

    def place(self, item: SnapshotItem) -> str:
        """In ``images``, by subset."""
        return f"images/{_subset(item.split)}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Make the item of a picture; no file is written."""
        shown = one.visible_objects
        void = cut_out(one.mask == VOID, VOID)
        shown += [] if void is None else [void]
        annotations = [
            self._annotation(number, "mask", drawn.class_index)
            | {
                "rle": {
                    "counts": compress(counts_of(drawn, one.height, one.width)),
                    "size": [one.height, one.width],
                },
                "z_order": 0,
            }
            for number, drawn in enumerate(shown, start=1)
        ]
        annotations += [
            self._annotation(number, "label", index)
            for number, index in enumerate(one.tags, start=len(shown) + 1)
        ]
        item = {
            "id": one.name,
            "attr": {
                "annotator": one.item.author,
                "annotated_at": one.item.decided_at.isoformat(timespec="seconds"),
            },
            "annotations": annotations,
            "image": {"path": Path(one.file).name, "size": [one.height, one.width]},
        }
        return Written(item)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the subsets."""
        classes = self._target.classes.classes
        colormap = [(one.index - 1, one.rgb) for one in classes] + [(len(classes), voc_color(VOID))]
        categories = {
            "label": {
                "labels": [
                    {"name": name, "parent": "", "attributes": []}
                    for name in (*(one.name for one in classes), _VOID)
                ],
                "attributes": [],
            },
            "mask": {
                "colormap": [
                    {"label_id": number, "r": red, "g": green, "b": blue}
                    for number, (red, green, blue) in colormap
                ]
            },
        }
        for split in dict.fromkeys(record.item.split for record, _ in pictures):
            content = {
                "dm_format_version": "1.0",
                "media_type": _IMAGE,
                "infos": {} if split is None else {"split": split},
                "categories": categories,
                "items": [item for record, item in pictures if record.item.split == split],
            }
            path = self._target.folder / "annotations" / f"{_subset(split)}.json"
            path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    def _annotation(self, number: int, kind: str, index: int) -> dict[str, Any]:
        label = len(self._target.classes.classes) if index == VOID else index - 1
        return {"id": number, "type": kind, "attributes": {}, "group": 0, "label_id": label}


WRITE: Final = WriteFormat(
    "datumaro",
    "Datumaro",
    DatumaroWriter,
    (
        "overlaps of objects of different classes: masks show what the mask shows",
        "authors and times only in attributes of items",
    ),
    oracle="datumaro",
)


def _subset(split: str | None) -> str:
    return _NO_SPLIT if split is None else safe_names([split])[split]


def _names(data: Any) -> list[str]:
    """The labels of a subset, by number."""
    categories = data.get("categories") if isinstance(data, dict) else None
    label = categories.get("label") if isinstance(categories, dict) else None
    return [str(one.get("name", "")) for one in entries(label, "labels")]


def _index(annotation: Mapping[str, Any], indices: Sequence[int | None]) -> int | None:
    label = annotation.get("label_id")
    return indices[label] if isinstance(label, int) and 0 <= label < len(indices) else None


def _colors(data: Mapping[str, Any], indices: Sequence[int | None]) -> dict[int, Rgb]:
    """Colours of classes, by index."""
    colors: dict[int, Rgb] = {}
    for entry in entries(data["categories"].get("mask"), "colormap"):
        index = _index(entry, indices)
        red, green, blue = (
            value if isinstance(value := entry.get(key), int) and 0 <= value <= 255 else None
            for key in ("r", "g", "b")
        )
        if index is None or not BACKGROUND < index < VOID:
            continue
        if red is not None and green is not None and blue is not None:
            colors[index] = (red, green, blue)
    return colors

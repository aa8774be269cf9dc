"""Label Studio: a JSON of tasks with brush masks and polygons, as annotations or predictions."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import quoteattr

import numpy as np

from db.palette import VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import DrawnObject, cut_out
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.brush import decode, encode
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
from puzzlecam_app.interchange.formats.polygons import PolygonError, fill, points_of
from puzzlecam_app.interchange.formats.rle import RleError
from puzzlecam_app.interchange.formats.sizes import check_size
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
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.tag_files import read_text
from puzzlecam_app.root_files import RootFiles

_LABELS: Final = "labels.txt"
_VOID: Final = "void"
_DRAWN: Final = {"brushlabels": "brushlabels", "polygonlabels": "polygonlabels"}
_UPLOADED: Final = re.compile(r"^[0-9a-f]{8}-")


def _fits(text: bytes) -> bool:
    is_list = text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    has_data = re.search(rb'"data"\s*:\s*\{', text) is not None
    return is_list and has_data and re.search(rb'"(annotations|predictions)"\s*:\s*\[', text) is not None


def recognise(files: RootFiles) -> str | None:
    """There is a JSON list of tasks with data and annotations or predictions."""
    file = first_fitting(files, _fits)
    return None if file is None else f"{file.relative} is a list of tasks with data and annotations"


@dataclass(frozen=True)
class LabelStudioLabels:
    """The regions of one task."""

    where: str
    regions: Sequence[Mapping[str, Any]]
    index_of: Mapping[str, int]

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:  # noqa: ARG002
        """Draw the regions, later ones on top; raises MaskFileError for one that cannot be drawn."""
        objects: list[DrawnObject] = []
        for region in self.regions:
            where = f"{self.where}, region {region.get('id')}"
            check_size(region.get("original_width"), region.get("original_height"), picture)
            value = region["value"]
            for name in _names(region):
                index = self.index_of.get(name)
                if index is None:
                    continue
                try:
                    one = _object(value, index, picture.height, picture.width)
                except (RleError, PolygonError) as problem:
                    raise MaskFileError(
                        str(problem), where=where, remedy="Export it again in Label Studio"
                    ) from problem
                if one is not None:
                    objects.append(one)
        return painted(objects, picture, "later-over-earlier")


def read(root: Path, options: ReadOptions) -> Source:
    """Read the tasks of all JSON lists in `root`.

    Of several annotations of a task, the last one that was not cancelled is taken; without any, the last
    prediction. The classes have the order of ``labels.txt``, if there is one, else that of the alphabet.

    Raises:
        UserError: There is no list of tasks, or there are no classes.
    """
    files = RootFiles(root, options.follow_links)
    lists = [file for file in json_files(files) if _fits(head_and_tail(file))]
    if not lists:
        raise UserError("there is no list of tasks", where=str(root), remedy="Export JSON in Label Studio")
    tasks = [
        (f"{file.relative}, task {number}", task)
        for file in lists
        for number, task in enumerate(entries({"tasks": read_json(file)}, "tasks"), start=1)
    ]
    chosen = [(where, task, _chosen(task)) for where, task in tasks]
    listed = files.first(_LABELS)
    order = [] if listed is None else [line.strip() for line in read_text(listed).splitlines()]
    regions = [region for _, _, answer in chosen for region in entries(answer, "result")]
    used = sorted({name for region in regions for name in (*_names(region), *_choices(region))})
    names = [name for name in (*order, *used) if name]
    classes = named_classes(names, where=str(root), classes_file=options.classes_file)
    pictures = ListedPictures(files)
    problems: list[Problem] = []
    lost: Counter[str] = Counter()
    for where, task, answer in chosen:
        path = pictures.find_first(_places(task), where=where)
        own = entries(answer, "result")
        drawn = [
            region for region in own if region.get("type") in _DRAWN and isinstance(region.get("value"), dict)
        ]
        tags = [name for region in own for name in (*_names(region), *_choices(region))]
        lost.update(str(region.get("type")) for region in own if region not in drawn and not _choices(region))
        if path is None:
            continue
        data = task.get("data")
        split = data.get("split") if isinstance(data, dict) else None
        pictures.add(
            SourceItem(
                path,
                path,
                classes.tags(tags),
                split if isinstance(split, str) else options.split,
                LabelStudioLabels(where, drawn, classes.index_of) if answer else None,
                author=_author(task, answer),
                labelled_at=moment(answer.get("created_at")),
            ),
            where=where,
        )
    problems += [
        error(
            lists[0].relative, f"{count} regions of the kind {kind} have no mask", "Draw them with the brush"
        )
        for kind, count in lost.items()
    ]
    return Source(
        root,
        "label-studio",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
    )


READ: Final = ReadFormat("label-studio", "Label Studio JSON", recognise, read)


class LabelStudioWriter:
    """Writes ``images/``, ``tasks.json``, ``label_config.xml`` and ``labels.txt``."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def place(self, item: SnapshotItem) -> str:
        """In ``images``."""
        return f"images/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Make the task of a picture; no file is written."""
        names = self._target.classes.names
        shapes = [
            (names[drawn.class_index - 1], drawn.whole(*one.mask.shape)) for drawn in one.visible_objects
        ]
        if one.void_px:
            shapes.append((_VOID, one.mask == VOID))
        result: list[dict[str, Any]] = [
            self._region(
                one, number, {"format": "rle", "rle": encode(mask), "brushlabels": [name]}, "brushlabels"
            )
            for number, (name, mask) in enumerate(shapes, start=1)
        ]
        if one.bare_tags:
            choices = {"choices": [names[index - 1] for index in one.bare_tags]}
            result.append(self._region(one, 0, choices, "choices"))
        answer: dict[str, Any] = {"result": result}
        when = one.item.decided_at.isoformat(timespec="seconds")
        answer["created_at"] = when
        data: dict[str, Any] = {"image": f"/data/local-files/?d={one.file}", "annotator": one.item.author}
        if one.item.split is not None:
            data["split"] = one.item.split
        if self._target.as_predictions:
            answer["model_version"] = f"puzzlecam, revision {one.item.revision_id}"
            return Written(_packed({"data": data, "predictions": [answer]}))
        return Written(_packed({"data": data, "annotations": [answer]}))

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write the tasks and the configuration of the project."""
        folder, classes = self._target.folder, self._target.classes
        with (folder / "tasks.json").open("w", encoding="utf-8") as file:
            for number, (_, task) in enumerate(pictures, start=1):
                inner = zlib.decompress(task).decode()
                file.write(f'{"[" if number == 1 else ","}\n{{"id": {number}, {inner.removeprefix("{")}')
            file.write("\n]\n")
        labels = "".join(
            f"    <Label value={quoteattr(name)} background={quoteattr(color)}/>\n"
            for name, color in [*((one.name, one.color) for one in classes.classes), (_VOID, "#e0e0c0")]
        )
        choices = "".join(f"    <Choice value={quoteattr(name)}/>\n" for name in classes.names)
        (folder / "label_config.xml").write_text(
            '<View>\n  <Image name="image" value="$image" zoom="true"/>\n'
            f'  <BrushLabels name="labels" toName="image">\n{labels}  </BrushLabels>\n'
            f'  <Choices name="tags" toName="image" choice="multiple">\n{choices}  </Choices>\n</View>\n',
            "utf-8",
        )
        (folder / _LABELS).write_text("".join(f"{name}\n" for name in classes.names), "utf-8")

    @staticmethod
    def _region(one: PictureOut, number: int, value: dict[str, Any], kind: str) -> dict[str, Any]:
        return {
            "id": f"{one.item.item_id}-{number}",
            "type": kind,
            "from_name": "tags" if kind == "choices" else "labels",
            "to_name": "image",
            "original_width": one.width,
            "original_height": one.height,
            "image_rotation": 0,
            "value": value,
        }


WRITE: Final = WriteFormat(
    "label-studio",
    "Label Studio JSON",
    LabelStudioWriter,
    (
        "overlaps of objects of different classes: regions show what the mask shows",
        "splits and authors only in fields of the task's data",
    ),
    oracle="the brush decoder of label-studio-sdk",
    has_predictions=True,
)


def _packed(task: dict[str, Any]) -> bytes:
    """A task as deflated JSON: the run lengths of 10,000 pictures would fill the memory as numbers."""
    return zlib.compress(json.dumps(task, ensure_ascii=False).encode(), 1)


def _chosen(task: Mapping[str, Any]) -> dict[str, Any]:
    """The annotation or prediction of a task that is read; an empty one if there is none."""
    given = [one for one in entries(task, "annotations") if not one.get("was_cancelled")]
    return (given or entries(task, "predictions") or [{}])[-1]


def _names(region: Mapping[str, Any]) -> list[str]:
    """The labels of a region that is drawn."""
    value = region.get("value")
    listed = value.get(_DRAWN.get(str(region.get("type")), "")) if isinstance(value, dict) else None
    return [name.strip() for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _choices(region: Mapping[str, Any]) -> list[str]:
    value = region.get("value")
    listed = value.get("choices") if isinstance(value, dict) and region.get("type") == "choices" else None
    return [name.strip() for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _object(value: Mapping[str, Any], index: int, height: int, width: int) -> DrawnObject | None:
    if "rle" in value:
        return cut_out(decode(value["rle"], height, width), index)
    points = points_of(value.get("points"), 100, 100) * [width / 100, height / 100]
    return cut_out(fill(np.asarray(points), height, width), index)


def _places(task: Mapping[str, Any]) -> list[str]:
    """Where the picture of a task may be, the likeliest place first."""
    data = task.get("data")
    values = data.values() if isinstance(data, dict) else ()
    for value in values:
        if not isinstance(value, str) or "." not in value:
            continue
        address = urlparse(value)
        inner = parse_qs(address.query).get("d", [""])[0] or unquote(address.path)
        name = inner.replace("\\", "/").rpartition("/")[2]
        plain = _UPLOADED.sub("", name)
        return [inner.lstrip("/"), f"images/{name}", name, plain]
    return []


def _author(task: Mapping[str, Any], answer: Mapping[str, Any]) -> str | None:
    by, data = answer.get("completed_by"), task.get("data")
    told = data.get("annotator") if isinstance(data, dict) else None
    if isinstance(by, dict):
        told = told or by.get("username") or by.get("email")
    return told if isinstance(told, str) else None

"""labelme: a JSON of shapes beside each picture, in the order in which they are painted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw
from skimage.measure import label

from db.masks import MaskArray
from db.palette import BACKGROUND, VOID
from puzzlecam_app.interchange.drawn import BoolArray, DrawnObject, cut_out
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.contours import Contour, contours, filled
from puzzlecam_app.interchange.formats.json_files import entries, first_fitting, json_files, read_json
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.named_classes import named_classes
from puzzlecam_app.interchange.formats.painting import painted
from puzzlecam_app.interchange.formats.polygons import MOST_POINTS
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
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.interchange.tag_files import read_text
from puzzlecam_app.root_files import RootFiles

_BACKGROUND: Final = "_background_"
_IGNORE: Final = "__ignore__"
_LABELS: Final = "labels.txt"
_DRAWN: Final = frozenset({"polygon", "rectangle", "circle"})


def _fits(text: bytes) -> bool:
    return b'"shapes"' in text and b'"imagePath"' in text


def recognise(files: RootFiles) -> str | None:
    """There is a JSON with shapes and imagePath."""
    file = first_fitting(files, _fits)
    return None if file is None else f"{file.relative} has shapes and imagePath"


@dataclass(frozen=True)
class LabelmeLabels:
    """The shapes of one picture."""

    where: str
    shapes: Sequence[Mapping[str, Any]]
    index_of: Mapping[str, int]
    width: object
    height: object

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:  # noqa: ARG002
        """Paint the shapes in their order; those of one group are one object.

        Raises:
            MaskFileError: A shape has points that are none, or is of a kind without pixels.
        """
        check_size(self.width, self.height, picture)
        objects: list[DrawnObject] = []
        groups: dict[tuple[int, int], int] = {}
        for number, shape in enumerate(self.shapes, start=1):
            index = self.index_of.get(str(shape.get("label", "")).strip())
            if index is None:
                continue
            where = f"{self.where}, shape {number}"
            one = cut_out(_pixels(shape, picture.height, picture.width, where), index)
            group = shape.get("group_id")
            if one is None:
                continue
            key = (index, group) if isinstance(group, int) else None
            if key is not None and key in groups:
                objects[groups[key]] = _joined(objects[groups[key]], one, picture)
                continue
            if key is not None:
                groups[key] = len(objects)
            objects.append(one)
        return painted(objects, picture, "later-over-earlier")


def read(root: Path, options: ReadOptions) -> Source:
    """Read the JSON files of a folder; ``labels.txt``, if there is one, gives the order of the classes.

    Raises:
        UserError: A file is no JSON of labelme, or there are no classes.
    """
    files = RootFiles(root, options.follow_links)
    contents = []
    for file in json_files(files, depth=3):
        data = read_json(file)
        if isinstance(data, dict) and "shapes" in data:
            data.pop("imageData", None)  # the whole picture, in a text
            contents.append((file, data))
    listed = files.first(_LABELS)
    order = [] if listed is None else [line.strip() for line in read_text(listed).splitlines()]
    used = sorted(
        {str(shape.get("label", "")).strip() for _, data in contents for shape in entries(data, "shapes")}
    )
    names = [name for name in (*order, *used) if name]
    classes = named_classes(names, where=str(root), classes_file=options.classes_file)
    pictures = ListedPictures(files)
    problems: list[Problem] = []
    for file, data in contents:
        folder = PurePosixPath(file.relative).parent.as_posix()
        path = pictures.find(_image_path(data), where=file.relative, folders=[folder])
        if path is None:
            continue
        shapes = entries(data, "shapes")
        problems += _unknown(shapes, classes.index_of, file.relative)
        flags = data.get("flags")
        tags = [str(shape.get("label", "")) for shape in shapes]
        tags += [str(name) for name, on in flags.items() if on] if isinstance(flags, dict) else []
        labels = LabelmeLabels(
            file.relative, shapes, classes.index_of, data.get("imageWidth"), data.get("imageHeight")
        )
        split = _split(path) or options.split
        pictures.add(SourceItem(path, path, classes.tags(tags), split, labels), where=file.relative)
    return Source(
        root,
        "labelme",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
    )


READ: Final = ReadFormat("labelme", "labelme", recognise, read)


class LabelmeWriter:
    """Writes a JSON beside each picture, without the picture in it, and ``labels.txt``.

    Objects are painted from large to small. What a hole of one would cover is painted after it: background
    as ``_background_``, void as ``__ignore__``.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        lines = [_IGNORE, _BACKGROUND, *target.classes.names]
        (target.folder / _LABELS).write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In the folder of the split."""
        return f"{_folder(item)}{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the shapes of one picture."""
        names = self._target.classes.names
        shapes: list[dict[str, Any]] = [
            {
                "label": _label(index, names),
                # labelme wants three points, also where the object is a pixel.
                "points": np.resize(path, (max(3, len(path)), 2)).astype(float).tolist(),
                "group_id": group,
                "description": "",
                "shape_type": "polygon",
                "flags": {},
                "mask": None,
            }
            for index, path, group in _shapes(one)
        ]
        content = {
            "version": "5.5.0",
            "flags": {names[index - 1]: True for index in one.bare_tags},
            "shapes": shapes,
            "imagePath": PurePosixPath(one.file).name,
            "imageData": None,
            "imageHeight": one.height,
            "imageWidth": one.width,
        }
        path = self._target.folder / f"{_folder(one.item)}{one.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        return Written(None)

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Nothing is left to write."""


WRITE: Final = WriteFormat(
    "labelme",
    "labelme",
    LabelmeWriter,
    (
        "overlaps of objects of different classes: shapes show what the mask shows",
        "colours of classes",
        "authors and times; they are in the manifest",
    ),
    oracle="labelme's shapes_to_label",
)


def _shapes(one: PictureOut) -> list[tuple[int, Contour, int | None]]:
    """Class index, outline and group of polygons that give the mask if they are painted in this order."""
    parts: list[tuple[int, Contour, int | None]] = []
    for number, drawn in enumerate(one.visible_objects, start=1):
        paths = contours(drawn.whole(one.height, one.width))
        group = number if len(paths) > 1 else None
        parts += [(drawn.class_index, path, group) for path in paths]
    drawn_parts = [(filled(part[1], one.height, one.width), part) for part in parts]
    drawn_parts.sort(key=lambda entry: -int(np.count_nonzero(entry[0])))
    canvas = np.zeros_like(one.mask)
    shapes: list[tuple[int, Contour, int | None]] = []
    for pixels, part in drawn_parts:
        canvas[pixels] = part[0]
        shapes.append(part)
    return shapes + [(index, path, None) for index, path in _corrections(canvas, one.mask)]


def _corrections(canvas: MaskArray, mask: MaskArray) -> list[tuple[int, Contour]]:
    """Outlines of the pixels that `canvas` shows wrongly, each free of holes, with their right class."""
    wrong = canvas != mask
    wanted = np.where(wrong, mask.astype(np.int16) + 1, 0)
    numbers = label(wanted, connectivity=2, background=0)  # type: ignore[no-untyped-call]
    found: list[tuple[int, Contour]] = []
    for number in range(1, int(numbers.max(initial=0)) + 1):
        region = numbers == number
        index = int(mask[region][0])
        (path,) = contours(region)
        if np.array_equal(filled(path, *mask.shape), region):
            found.append((index, path))
        else:
            found += [(index, row) for row in _rows(region)]
    return found


def _rows(region: BoolArray) -> list[Contour]:
    """Outlines of the runs of true pixels in each row."""
    edges = np.diff(np.pad(region.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return [
        np.array([[start, row], [end - 1, row]], np.int64)
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]


def _label(index: int, names: Sequence[str]) -> str:
    return {BACKGROUND: _BACKGROUND, VOID: _IGNORE}.get(index) or names[index - 1]


def _pixels(shape: Mapping[str, Any], height: int, width: int, where: str) -> BoolArray:
    """The pixels of a shape as labelme paints them."""
    kind = shape.get("shape_type") or "polygon"
    if kind not in _DRAWN:
        raise MaskFileError(
            f"a shape of the kind {kind!r} has no area", where=where, remedy="Draw it as a polygon"
        )
    points = shape.get("points")
    if not isinstance(points, list) or not 1 <= len(points) <= MOST_POINTS:
        raise MaskFileError(f"a shape has 1 to {MOST_POINTS} points", where=where, remedy="Draw it again")
    try:
        array = np.array(points, np.float64).reshape(len(points), 2)
    except (ValueError, TypeError, OverflowError) as problem:
        raise MaskFileError(
            "the points of a shape are no numbers", where=where, remedy="Draw it again"
        ) from problem
    if not np.isfinite(array).all():
        raise MaskFileError("a shape has points that are not finite", where=where, remedy="Draw it again")
    array = np.clip(array, [-width, -height], [2 * width, 2 * height])
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    corners = [(float(x), float(y)) for x, y in array]
    if kind == "rectangle" and len(corners) == 2:
        (x0, y0), (x1, y1) = corners
        draw.rectangle([min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)], outline=1, fill=1)
    elif kind == "circle" and len(corners) == 2:
        (x, y), (edge_x, edge_y) = corners
        radius = float(np.hypot(edge_x - x, edge_y - y))
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], outline=1, fill=1)
    elif len(corners) == 1:
        draw.point(corners, fill=1)
    else:
        draw.polygon(corners, outline=1, fill=1)
    return np.array(canvas, bool)


def _joined(first: DrawnObject, second: DrawnObject, picture: PictureInfo) -> DrawnObject:
    pixels = np.zeros((picture.height, picture.width), bool)
    pixels[first.box] |= first.pixels
    pixels[second.box] |= second.pixels
    return cut_out(pixels, first.class_index) or first


def _image_path(data: Mapping[str, Any]) -> Any:
    """The file name of the picture; only its last part counts, because folders are those of its author."""
    path = data.get("imagePath")
    return path.replace("\\", "/").rpartition("/")[2] if isinstance(path, str) else path


def _unknown(shapes: Sequence[Mapping[str, Any]], index_of: Mapping[str, int], file: str) -> list[Problem]:
    unknown = {str(shape.get("label", "")).strip() for shape in shapes} - index_of.keys()
    return [
        error(file, f"the class {name!r} is not in the class list; its shapes were left out", "Add it")
        for name in sorted(unknown)
    ]


def _folder(item: SnapshotItem) -> str:
    return "" if item.split is None else f"{safe_names([item.split])[item.split]}/"


def _split(path: str) -> str | None:
    folder = PurePosixPath(path).parent.name
    return split_name(folder) if is_split_folder(folder) else None

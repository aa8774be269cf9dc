"""CVAT for images 1.1: one XML with masks, polygons and tags of all pictures, and their z-order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from db.palette import VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import DrawnObject, cut_out
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.json_files import head_and_tail, json_files
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.named_classes import named_classes
from puzzlecam_app.interchange.formats.painting import painted
from puzzlecam_app.interchange.formats.polygons import PolygonError, fill, points_of
from puzzlecam_app.interchange.formats.rle import RleError, counts_of, from_counts
from puzzlecam_app.interchange.formats.sizes import check_size
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.kept_objects import connected_parts
from puzzlecam_app.interchange.list_bytes import MAX_BYTES
from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.root_files import RootFile, RootFiles

_FILE: Final = "annotations.xml"
_NO_SPLITS: Final = frozenset({"", "default"})
_VOID: Final = "void"
_SHAPES: Final = frozenset({"mask", "polygon"})
_NOT_READ: Final = frozenset({"box", "polyline", "points", "ellipse", "cuboid", "skeleton"})


def _fits(text: bytes) -> bool:
    return b"<annotations" in text[:2000] and b"<image " in text


def recognise(files: RootFiles) -> str | None:
    """There is an XML with annotations of images."""
    for file in json_files(files, depth=1, ending=".xml"):
        return f"{file.relative} has annotations of images" if _fits(head_and_tail(file)) else None
    return None


@dataclass(frozen=True)
class CvatLabels:
    """The shapes of one picture, as attributes of their elements, in the order of the file."""

    where: str
    shapes: Sequence[tuple[str, Mapping[str, str]]]
    index_of: Mapping[str, int]
    width: int | None
    height: int | None

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:  # noqa: ARG002
        """Draw the shapes by their z-order, later ones on top; raises MaskFileError for a wrong one."""
        check_size(self.width, self.height, picture)
        drawn: list[tuple[int, DrawnObject]] = []
        for number, (kind, shape) in enumerate(self.shapes, start=1):
            index = self.index_of.get(shape.get("label", "").strip())
            if index is None:
                continue
            try:
                one = _object(kind, shape, index, picture.height, picture.width)
                order = int(shape.get("z_order") or 0)
            except (RleError, PolygonError, ValueError, KeyError, OverflowError) as problem:
                reason = f"the {kind} cannot be read ({problem})"
                place = f"{self.where}, shape {number}"
                raise MaskFileError(reason, where=place, remedy="Export it again in CVAT") from problem
            if one is not None:
                drawn.append((order, one))
        drawn.sort(key=lambda entry: entry[0])
        return painted([one for _, one in drawn], picture, "later-over-earlier")


def read(root: Path, options: ReadOptions) -> Source:
    """Read all XML files of CVAT in `root`; classes have the order of the task's labels.

    Raises:
        UserError: There is none, or one cannot be read.
    """
    files = RootFiles(root, options.follow_links)
    lists = [file for file in json_files(files, depth=1, ending=".xml") if _fits(head_and_tail(file))]
    if not lists:
        raise UserError("there is no annotations.xml of CVAT", where=str(root), remedy="Export it in CVAT")
    names: dict[str, str | None] = {}
    images: list[tuple[RootFile, _Image]] = []
    for file in lists:
        for found in _parsed(file):
            if isinstance(found, _Image):
                images.append((file, found))
            else:
                names.setdefault(*found)
    used = {shape.get("label", "").strip(): None for _, image in images for _, shape in image.shapes}
    # Labels without a task come from the shapes.
    classes = named_classes(names or list(used), where=str(lists[0]), classes_file=options.classes_file)
    pictures = ListedPictures(files)
    problems: list[Problem] = []
    lost: Counter[str] = Counter()
    for file, image in images:
        where = f"{file.relative}, image {image.number}"
        folders = [f"images/{image.subset}", "images", image.subset, ""]
        path = pictures.find(image.name, where=where, folders=[one for one in folders if one is not None])
        lost.update(image.not_read)
        if path is None:
            continue
        labels = [shape.get("label", "").strip() for _, shape in image.shapes]
        unknown = {name for name in labels if name not in classes.index_of}
        problems += [
            error(where, f"the label {name!r} is not in the class list; its shapes were left out", "Add it")
            for name in sorted(unknown)
        ]
        tags = classes.tags([*labels, *image.tags])
        reader = CvatLabels(where, image.shapes, classes.index_of, image.width, image.height)
        split = None if image.subset in _NO_SPLITS else image.subset
        if split is None and is_split_folder(file.stem):
            split = split_name(file.stem)
        pictures.add(SourceItem(path, path, tags, split or options.split, reader), where=where)
    problems += [
        error(str(lists[0].relative), f"{count} shapes of the kind {kind} have no mask", "Draw them as masks")
        for kind, count in lost.items()
    ]
    colors = {
        index: rgb
        for name, color in names.items()
        if 0 < (index := classes.index_of.get(name, 0)) < VOID and (rgb := _rgb(color)) is not None
    }
    return Source(
        root,
        "cvat",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
        colors=colors,
    )


READ: Final = ReadFormat("cvat", "CVAT for images 1.1", recognise, read)


@dataclass(frozen=True)
class _Image:
    number: int
    name: str
    subset: str | None
    width: int | None
    height: int | None
    shapes: tuple[tuple[str, Mapping[str, str]], ...]
    tags: tuple[str, ...]
    not_read: tuple[str, ...]


def _parsed(file: RootFile) -> Iterator[tuple[str, str | None] | _Image]:
    """Names and colours of labels, and images, in the order of the file; raises UserError for a wrong one."""
    number = 0
    try:
        with file.files.open(file.relative) as opened:
            if opened.seek(0, 2) > MAX_BYTES:
                raise UserError(
                    f"the file is larger than {MAX_BYTES >> 20} MiB",
                    where=str(file),
                    remedy="Split the task",
                )
            opened.seek(0)
            for _, element in iterparse(opened, events=("end",), forbid_dtd=True):
                if element.tag == "label" and element.find("name") is not None:
                    name = (element.findtext("name") or "").strip()
                    yield name, element.findtext("color")
                elif element.tag == "image":
                    number += 1
                    yield _image(element, number)
                    element.clear()
    except DefusedXmlException as problem:
        raise UserError(
            "the file declares a document type or entities, which are refused",
            where=str(file),
            remedy="Remove the declaration",
        ) from problem
    except ParseError as problem:
        raise UserError(
            f"the file is not XML ({problem})", where=str(file), remedy="Export it again"
        ) from problem
    except OSError as problem:
        raise UserError(
            f"the file cannot be read ({problem.strerror})", where=str(file), remedy="Check its permissions"
        ) from problem


def _image(element: Element, number: int) -> _Image:
    return _Image(
        number,
        element.get("name", ""),
        element.get("subset"),
        _whole(element.get("width")),
        _whole(element.get("height")),
        tuple((child.tag, dict(child.attrib)) for child in element if child.tag in _SHAPES),
        tuple(child.get("label", "") for child in element if child.tag == "tag"),
        tuple(child.tag for child in element if child.tag in _NOT_READ),
    )


def _object(kind: str, shape: Mapping[str, str], index: int, height: int, width: int) -> DrawnObject | None:
    if kind == "polygon":
        pairs = [pair.split(",") for pair in shape["points"].split(";")]
        points = [[float(x), float(y)] for x, y in pairs]
        return cut_out(fill(points_of(points, height, width), height, width), index)
    top, left = int(shape["top"]), int(shape["left"])
    rows, columns = int(shape["height"]), int(shape["width"])
    if not (top >= 0 and left >= 0 and 0 < rows <= height - top and 0 < columns <= width - left):
        raise RleError(f"its box {columns} x {rows} at {left}, {top} is not in the picture")
    # Run lengths of CVAT go along the rows of the box.
    counts = np.array(shape["rle"].split(","), np.int64)
    found = from_counts(counts, columns, rows)
    if found is None:
        return None
    inner_left, inner_top, pixels = found
    return DrawnObject(index, top + inner_top, left + inner_left, np.ascontiguousarray(pixels.T))


class CvatXmlWriter:
    """Writes ``images/`` and ``annotations.xml`` with masks as run lengths.

    Void is a label of its own, which is there only if a mask has void. Objects do not overlap, because each
    shows what the mask shows, so z-order decides nothing.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    def place(self, item: SnapshotItem) -> str:
        """In ``images``."""
        return f"images/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Make the element of a picture; no file is written."""
        names = self._target.classes.names
        image = Element("image", width=str(one.width), height=str(one.height))
        image.set("name", one.file.removeprefix("images/"))
        if one.item.split is not None:
            image.set("subset", one.item.split)
        for drawn in _visible(one):
            label = _VOID if drawn.class_index == VOID else names[drawn.class_index - 1]
            turned = DrawnObject(1, 0, 0, drawn.pixels.T)
            height, width = drawn.pixels.shape
            counts = counts_of(turned, width, height).tolist()
            SubElement(
                image,
                "mask",
                label=label,
                source="manual",
                occluded="0",
                rle=", ".join(map(str, counts)),
                left=str(drawn.left),
                top=str(drawn.top),
                width=str(width),
                height=str(height),
                z_order="0",
            )
        for index in one.bare_tags:
            SubElement(image, "tag", label=names[index - 1], source="manual")
        return Written((image, one.void_px > 0))

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``annotations.xml``."""
        root = Element("annotations")
        SubElement(root, "version").text = "1.1"
        task = SubElement(SubElement(root, "meta"), "task")
        SubElement(task, "name").text = self._target.dataset
        SubElement(task, "size").text = str(len(pictures))
        SubElement(task, "created").text = self._target.created.isoformat()
        labels = SubElement(task, "labels")
        entries = [(one.name, one.color) for one in self._target.classes.classes]
        if any(has_void for _, (_, has_void) in pictures):
            entries.append((_VOID, "#e0e0c0"))
        for name, color in entries:
            label = SubElement(labels, "label")
            SubElement(label, "name").text = name
            SubElement(label, "color").text = color
            SubElement(label, "type").text = "any"
            SubElement(label, "attributes")
        for number, (_, (image, _)) in enumerate(pictures):
            image.set("id", str(number))
            root.append(image)
        (self._target.folder / _FILE).write_bytes(
            b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="utf-8")
        )


WRITE: Final = WriteFormat(
    "cvat",
    "CVAT for images 1.1",
    CvatXmlWriter,
    (
        "overlaps of objects of different classes: shapes show what the mask shows",
        "authors and times; they are in the manifest",
    ),
    oracle="datumaro",
)


def _visible(one: PictureOut) -> Iterator[DrawnObject]:
    """The objects as far as the mask shows them, then the parts of void."""
    yield from one.visible_objects
    for part in connected_parts((one.mask == VOID).astype(np.uint8)):
        yield DrawnObject(VOID, part.top, part.left, part.pixels)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and len(text) < 10 else None


def _rgb(color: str | None) -> tuple[int, int, int] | None:
    try:
        red, green, blue = bytes.fromhex((color or "").removeprefix("#"))
    except ValueError:
        return None
    return red, green, blue

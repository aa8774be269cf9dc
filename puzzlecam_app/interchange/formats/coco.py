"""COCO instances: objects as run lengths or polygons, with categories that keep their ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import BoolArray, DrawnObject, cut_out
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.json_files import (
    entries,
    first_fitting,
    head_and_tail,
    json_files,
    read_json,
)
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.moments import moment
from puzzlecam_app.interchange.formats.named_classes import NamedClasses, named_classes
from puzzlecam_app.interchange.formats.painting import painted
from puzzlecam_app.interchange.formats.polygons import PolygonError, fill, points_of
from puzzlecam_app.interchange.formats.rle import RleError, from_counts, uncompress
from puzzlecam_app.interchange.formats.sizes import check_size
from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.problems import Problem, error, ignored
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.root_files import RootFile, RootFiles

_KEYS: Final = (rb'"images"\s*:\s*\[', rb'"annotations"\s*:\s*\[', rb'"categories"\s*:\s*\[')
_SPLIT: Final = re.compile(r"^(?:instances|stuff|annotations?|coco)?[_.-]?(.*?)(?:20\d\d)?$", re.IGNORECASE)
_NO_SPLITS: Final = frozenset({"", "annotations", "coco", "_annotations.coco", "default", "labels", "result"})
_EXPORT_AGAIN: Final = "Correct the file, or export it again"


def _fits(text: bytes) -> bool:
    has = [re.search(key, text) is not None for key in _KEYS]
    is_panoptic = re.search(rb'"segments_info"\s*:', text) is not None
    return text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and sum(has) >= 2 and not is_panoptic


def recognise(files: RootFiles) -> str | None:
    """There is a JSON file with lists of images, annotations and categories."""
    file = first_fitting(files, _fits)
    return None if file is None else f"{file.relative} has images, annotations and categories"


@dataclass(frozen=True)
class CocoLabels:
    """The annotations of one picture. `index_of` gives the class index of a category id."""

    where: str
    annotations: Sequence[Mapping[str, Any]]
    index_of: Mapping[int, int]
    width: object
    height: object

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:  # noqa: ARG002
        """Draw the objects, smaller over larger; raises MaskFileError for one that cannot be drawn."""
        check_size(self.width, self.height, picture)
        objects = []
        for annotation in self.annotations:
            index = self.index_of.get(_whole(annotation.get("category_id"), -1))
            if index is None or not annotation.get("segmentation"):
                continue
            try:
                found = segmented(annotation["segmentation"], picture.height, picture.width)
            except (RleError, PolygonError) as problem:
                place = f"{self.where}, annotation {annotation.get('id')}"
                raise MaskFileError(str(problem), where=place, remedy=_EXPORT_AGAIN) from problem
            if found is not None:
                top, left, pixels = found
                number = annotation.get("id")
                objects.append(
                    DrawnObject(
                        index,
                        top,
                        left,
                        pixels,
                        number if isinstance(number, int) else None,
                        bool(annotation.get("iscrowd")),
                    )
                )
        return painted(objects, picture, "smaller-over-larger")


def read(root: Path, options: ReadOptions) -> Source:
    """Read all files of instances in `root`; pictures are found by their file names.

    Raises:
        UserError: There is no such file, or one cannot be read; categories contradict each other.
    """
    files = RootFiles(root, options.follow_links)
    lists = _lists(files)
    contents = [(file, read_json(file)) for file in lists]
    contents = [(file, data) for file, data in contents if isinstance(data, dict)]
    ids = _categories(contents)
    classes = named_classes(ids.values(), where=str(root), classes_file=options.classes_file)
    index_of = {number: index for number, name in ids.items() if (index := classes.index(name)) is not None}
    pictures = ListedPictures(files)
    problems: list[Problem] = []
    for file, data in contents:
        problems += _add_pictures(pictures, file, data, ids, index_of, classes, options.split)
    problems += _skipped(files, lists)
    return Source(
        root,
        "coco",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
        source_ids={classes.clean(name): number for number, name in ids.items() if number in index_of},
    )


READ: Final = ReadFormat("coco", "COCO instances", recognise, read)


def _lists(files: RootFiles) -> list[RootFile]:
    """The files to read: those named instances..., if there are any, else all that fit."""
    fitting = [file for file in json_files(files) if _fits(head_and_tail(file))]
    named = [file for file in fitting if file.name.startswith("instances")]
    if not fitting:
        raise UserError(
            "there is no JSON file with images, annotations and categories",
            where=str(files.root),
            remedy="Give the folder that contains it",
        )
    return named or fitting


def _skipped(files: RootFiles, lists: Sequence[RootFile]) -> list[Problem]:
    used = {file.relative for file in lists}
    return [
        ignored(file.relative, "the file was passed over, because there are files of instances", "")
        for file in json_files(files)
        if file.relative not in used and _fits(head_and_tail(file))
    ]


def _categories(contents: Sequence[tuple[RootFile, Any]]) -> dict[int, str]:
    """Category names by id, in the order of the file: the order says which index each class gets."""
    ids: dict[int, str] = {}
    for file, data in contents:
        for number, category in enumerate(entries(data, "categories"), start=1):
            key, name = category.get("id"), category.get("name")
            where = f"{file}, category {number}"
            if not isinstance(key, int) or not isinstance(name, str) or not name.strip():
                raise UserError("the category has no id or no name", where=where, remedy=_EXPORT_AGAIN)
            if ids.setdefault(key, name) != name:
                raise UserError(
                    f"the id {key} is given to {ids[key]!r} and to {name!r}",
                    where=where,
                    remedy=_EXPORT_AGAIN,
                )
    twice = [name for name, count in Counter(ids.values()).items() if count > 1]
    if twice:
        raise UserError(
            f"several ids are given to the category {twice[0]!r}",
            where=str(contents[0][0]),
            remedy="Give each category one id",
        )
    return ids


def _add_pictures(
    pictures: ListedPictures,
    file: RootFile,
    data: dict[str, Any],
    ids: Mapping[int, str],
    index_of: Mapping[int, int],
    classes: NamedClasses,
    split: str | None,
) -> list[Problem]:
    of_picture: dict[Any, list[dict[str, Any]]] = {}
    lost: Counter[str] = Counter()
    for annotation in entries(data, "annotations"):
        if _whole(annotation.get("category_id"), -1) not in index_of:
            lost["category that the class list lacks"] += 1
        elif not annotation.get("segmentation"):
            lost["box without an outline"] += 1
        of_picture.setdefault(_key(annotation.get("image_id")), []).append(annotation)
    split = _split(file, data) or split
    for number, image in enumerate(entries(data, "images"), start=1):
        where = f"{file.relative}, image {number}"
        listed = image.get("file_name")
        path = pictures.find(listed, where=where, folders=_folders(file))
        own = of_picture.pop(_key(image.get("id")), [])
        if path is None:
            continue
        names = [ids[one["category_id"]] for one in own if _whole(one.get("category_id"), -1) in index_of]
        extra = image.get("tags")
        names += [tag for tag in extra if isinstance(tag, str)] if isinstance(extra, list) else []
        author = image.get("annotator")
        pictures.add(
            SourceItem(
                path,
                path,
                classes.tags(names),
                split,
                CocoLabels(where, own, index_of, image.get("width"), image.get("height")),
                author=author if isinstance(author, str) else None,
                labelled_at=moment(image.get("annotated_at")),
            ),
            where=where,
        )
    if of_picture:
        lost["picture that the file lacks"] += sum(map(len, of_picture.values()))
    return [
        error(file.relative, f"annotations of a {what}: {count}; they were left out", "Correct the file")
        for what, count in lost.items()
    ]


def _folders(file: RootFile) -> list[str]:
    """Where the pictures of a list may be, the more likely place first."""
    above = PurePosixPath(file.relative).parent.as_posix()
    name = re.sub(r"^instances_", "", file.stem)
    likely = [f"images/{name}", name, above, f"{above}/images", "images", f"{above}/../images"]
    return [PurePosixPath(folder).as_posix() for folder in likely if ".." not in folder]


def _split(file: RootFile, data: Mapping[str, Any]) -> str | None:
    """The split of a list: as the studio wrote it, or by the name of the file or its folder."""
    info = data.get("info")
    if isinstance(info, dict) and isinstance(info.get("split"), str):
        return str(info["split"])
    if file.stem in _NO_SPLITS or file.stem == "instances":
        folder = PurePosixPath(file.relative).parent.name
        return split_name(folder) if is_split_folder(folder) else None
    found = _SPLIT.fullmatch(file.stem)
    name = found[1] if found else ""
    return split_name(name) if is_split_folder(name) else None


def segmented(segmentation: Any, height: int, width: int) -> tuple[int, int, BoolArray] | None:
    """The pixels of a list of polygons or of run lengths, as `from_counts` gives them.

    Raises:
        RleError: The run lengths are those of no mask of this size.
        PolygonError: The polygons are none.
    """
    if isinstance(segmentation, dict):
        size, counts = segmentation.get("size"), segmentation.get("counts")
        if size != [height, width]:
            raise RleError(f"the run lengths are for {size} (height, width), not for [{height}, {width}]")
        runs = uncompress(counts) if isinstance(counts, str) else counts
        return from_counts(runs if runs is not None else [], height, width)
    if not isinstance(segmentation, list):
        raise PolygonError("the outline is neither polygons nor run lengths")
    pixels = np.zeros((height, width), bool)
    for polygon in segmentation:
        pixels |= fill(points_of(polygon, height, width), height, width)
    found = cut_out(pixels, 1)
    return None if found is None else (found.top, found.left, found.pixels)


def _key(identifier: Any) -> Any:
    return identifier if isinstance(identifier, int | str) else None


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise

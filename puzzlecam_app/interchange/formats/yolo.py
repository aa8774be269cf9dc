"""YOLO segmentation: data.yaml, and a text of outlines for each picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import yaml

from db.palette import BACKGROUND, VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.drawn import cut_out, paint
from puzzlecam_app.interchange.file_bytes import read_file
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.contours import contours, filled
from puzzlecam_app.interchange.formats.listed_pictures import ListedPictures
from puzzlecam_app.interchange.formats.named_classes import named_classes
from puzzlecam_app.interchange.formats.painting import painted
from puzzlecam_app.interchange.formats.polygons import MOST_POINTS
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureError, PictureInfo
from puzzlecam_app.interchange.problems import Problem, ignored
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import is_split_folder, split_name
from puzzlecam_app.interchange.tag_files import read_text
from puzzlecam_app.root_files import RootFile, RootFiles

_YAML_FILES: Final = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")
_MAX_YAML_CHARACTERS: Final = 1 << 20
_MOST_LINES: Final = 100_000
_BOX_VALUES: Final = 5
_NO_SPLIT: Final = "train"


def recognise(files: RootFiles) -> str | None:
    """There is data.yaml with names, and a folder called labels."""
    found = files.first(*_YAML_FILES)
    if found is None:
        return None
    try:
        names = _names(found)
    except UserError:
        return None
    has_labels = any((files.root / f"{folder}labels").is_dir() for folder in ("", "train/", "valid/", "val/"))
    return (
        f"{found.relative} names {len(names)} classes, and there is a folder labels" if has_labels else None
    )


@dataclass(frozen=True)
class YoloLabels:
    """The text of one picture's outlines."""

    where: str
    index_of: Mapping[int, int]

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Draw the outlines, smaller over larger; raises MaskFileError for a line that is no outline."""
        objects = []
        for number, line in enumerate(_lines(files, self.where), start=1):
            place = f"{self.where}, line {number}"
            values = _values(line, place)
            index = self.index_of.get(int(values[0]))
            if index is None:
                raise MaskFileError(
                    f"there is no class with the number {int(values[0])}",
                    where=place,
                    remedy="Add it to the names in data.yaml",
                )
            if len(values) == _BOX_VALUES:
                continue
            points = values[1:].reshape(-1, 2) * [picture.width, picture.height]
            # As ultralytics: a point is the pixel that it lies in; those beyond the border are moved to it.
            pixels = np.clip(points, 0, [picture.width - 1, picture.height - 1]).astype(np.int64)
            one = cut_out(filled(pixels, picture.height, picture.width), index)
            if one is not None:
                objects.append(one)
        return painted(objects, picture, "smaller-over-larger")


def read(root: Path, options: ReadOptions) -> Source:
    """Read all pictures below folders called ``images``, and the texts in ``labels`` beside these.

    Raises:
        UserError: There is no data.yaml with names.
    """
    files = RootFiles(root, options.follow_links)
    found = files.first(*_YAML_FILES)
    if found is None:
        raise UserError("there is no data.yaml", where=str(root), remedy="Write its names: into data.yaml")
    numbers = _names(found)
    classes = named_classes(numbers.values(), where=str(found), classes_file=options.classes_file)
    index_of = {
        number: index for number, name in numbers.items() if (index := classes.index(name)) is not None
    }
    pictures = ListedPictures(files)
    problems: list[Problem] = []
    unlabelled: list[str] = []
    boxes = 0
    for path in pictures.paths:
        text = label_path(path)
        is_labelled = text is not None and files.lists_file(text)
        tags: tuple[str, ...] = ()
        if text is None or not is_labelled:
            unlabelled.append(path)
        else:
            found_in, own_boxes = _classes_in(files, text)
            tags = classes.tags(numbers[number] for number in found_in if number in index_of)
            boxes += own_boxes
        mask = YoloLabels(text, index_of) if text is not None and is_labelled else None
        split = _split(path) or options.split
        pictures.add(SourceItem(path, path, tags, split, mask), where=path)
    if unlabelled:
        count = f"{len(unlabelled)} picture{'' if len(unlabelled) == 1 else 's'}"
        reason = f"{count} without a file of labels came in without a mask (first: {unlabelled[0]})"
        problems.append(ignored("labels", reason, "Add an empty text if there is nothing in the picture"))
    if boxes:
        reason = f"{boxes} boxes have no outline; their classes became tags"
        problems.append(ignored("labels", reason, "Nothing needs to be done"))
    return Source(
        root,
        "yolo",
        pictures.items(),
        classes.class_list.names,
        classes.class_list,
        [*problems, *pictures.problems()],
        follow_links=options.follow_links,
        source_ids={classes.clean(name): number for number, name in numbers.items() if number in index_of},
    )


READ: Final = ReadFormat("yolo", "YOLO segmentation", recognise, read)


def label_path(picture: str) -> str | None:
    """The text of a picture: in ``labels`` instead of the last ``images`` of its path.

    >>> label_path("images/train/a.b.jpg"), label_path("train/images/a.jpg"), label_path("a.jpg")
    ('labels/train/a.b.txt', 'train/labels/a.txt', None)
    """
    parts = list(PurePosixPath(picture).with_suffix(".txt").parts)
    places = [number for number, part in enumerate(parts[:-1]) if part == "images"]
    if not places:
        return None
    parts[places[-1]] = "labels"
    return "/".join(parts)


class YoloWriter:
    """Writes ``images/<split>``, ``labels/<split>`` and ``data.yaml``; without a split, it is ``train``."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def place(self, item: SnapshotItem) -> str:
        """In ``images``, by split."""
        return f"images/{_folder(item)}/{item.export_name}"

    def write(self, one: PictureOut) -> Written:
        """Write the outlines, one for each connected part of an object; parts are never joined."""
        lines, drawn = [], []
        for shown in one.visible_objects:
            number = shown.class_index
            for path in contours(shown.whole(one.height, one.width)):
                # A point in the middle of its pixel is read as that pixel, however numbers are rounded.
                points = (np.resize(path, (max(3, len(path)), 2)) + 0.5) / [one.width, one.height]
                lines.append(f"{number - 1} {' '.join(f'{value:.8f}' for value in points.ravel())}\n")
                part = cut_out(filled(path, one.height, one.width), number)
                if part is not None:
                    drawn.append(part)
        text = self._target.folder / f"labels/{_folder(one.item)}/{one.name}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("".join(lines), "utf-8")
        seen = paint(drawn, one.height, one.width, "smaller-over-larger").indices
        is_void = one.mask == VOID
        void_px = int(np.count_nonzero(is_void & (seen == BACKGROUND)))
        return Written(
            None,
            {
                "pixels of void, which became background": void_px,
                "pixels that readers see as another class, because outlines have no holes": int(
                    np.count_nonzero(seen != np.where(is_void, BACKGROUND, one.mask))
                ),
                "tags without a pixel in the mask": len(one.bare_tags),
            },
        )

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:
        """Write ``data.yaml``, with names in the order of the class list."""
        folders = list(dict.fromkeys(_folder(record.item) for record, _ in pictures))
        content: dict[str, Any] = {"path": "."}
        # Readers refuse a file without train and val.
        for split in ("train", "val", *folders):
            content[split] = f"images/{split if split in folders else folders[0]}"
        content["names"] = dict(enumerate(self._target.classes.names))
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (self._target.folder / "data.yaml").write_text(text, "utf-8")


WRITE: Final = WriteFormat(
    "yolo",
    "YOLO segmentation",
    YoloWriter,
    (
        "void: it becomes background",
        "holes of objects: readers see them filled, unless a smaller object lies in them",
        "parts of one object: each becomes an object",
        "colours of classes",
        "tags without a pixel in the mask",
        "authors and times; they are in the manifest",
        "pictures without a split: they are in `train`",
    ),
    oracle="the rules of ultralytics",
)


def _names(file: RootFile) -> dict[int, str]:
    """Class names by number; raises UserError if there are none."""
    text = read_text(file)
    if len(text) > _MAX_YAML_CHARACTERS:
        raise UserError("the file is too large", where=str(file), remedy="Keep names and paths alone")
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        first = str(problem).splitlines()[0]
        raise UserError(f"the file is not YAML ({first})", where=str(file), remedy="Correct it") from problem
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise UserError("the file has no names", where=str(file), remedy="Write names: and the classes")
    try:
        numbered = {int(number): name for number, name in sorted(names.items())}
    except (TypeError, ValueError) as problem:
        raise UserError(
            "the keys of names are no numbers", where=str(file), remedy="Write them as 0: cat"
        ) from problem
    # Lists of YAML may contain themselves many times over, so that their text would fill the memory.
    if not all(isinstance(name, str | int | float) for name in numbered.values()):
        raise UserError("the names are no texts", where=str(file), remedy="Write them as 0: cat")
    return {number: str(name) for number, name in numbered.items()}


def _lines(files: RootFiles, path: str) -> list[str]:
    try:
        text = read_file(files, path).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise MaskFileError("the text is not UTF-8", where=path, remedy="Save it as UTF-8") from problem
    except PictureError as problem:
        if problem.message == "the file is empty":
            return []
        raise
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        raise MaskFileError(f"there are {len(lines)} lines", where=path, remedy=f"Keep {_MOST_LINES}")
    return lines


def _values(line: str, place: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Number of the class and coordinates of a line; 5 values are a box."""
    try:
        values = np.array(line.split(), np.float64)
    except ValueError as problem:
        raise MaskFileError("the line is no list of numbers", where=place, remedy="Correct it") from problem
    is_outline = len(values) >= 7 and len(values) % 2 == 1 and len(values) <= 2 * MOST_POINTS + 1
    if not is_outline and len(values) != _BOX_VALUES:
        raise MaskFileError(
            f"the line has {len(values)} values, and an outline has a class and 3 to {MOST_POINTS} points",
            where=place,
            remedy="Correct it",
        )
    if not np.isfinite(values).all() or not 0 <= values[0] < 1 << 31:
        raise MaskFileError("the line has values that are not finite", where=place, remedy="Correct it")
    return values


def _classes_in(files: RootFiles, path: str) -> tuple[list[int], int]:
    """Numbers of the classes in a text, and how many boxes it has."""
    counts: Counter[int] = Counter()
    boxes = 0
    try:
        for line in _lines(files, path):
            values = line.split()
            counts[int(values[0])] += 1
            boxes += len(values) == _BOX_VALUES
    except (UserError, ValueError):
        return [], 0  # reading the mask says what is wrong
    return list(counts), boxes


def _folder(item: SnapshotItem) -> str:
    split = item.split or _NO_SPLIT
    return safe_names([split])[split]


def _split(path: str) -> str | None:
    for part in PurePosixPath(path).parts[:-1]:
        if is_split_folder(part):
            return split_name(part)
    parts = PurePosixPath(path).parts
    # images/<any split>/name.jpg
    return parts[1] if len(parts) == 3 and parts[0] == "images" else None

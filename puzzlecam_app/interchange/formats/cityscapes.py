"""The folders of Cityscapes: leftImg8bit with pictures, gtFine with masks of label ids and of train ids."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from db.palette import BACKGROUND, VOID
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.color_masks import color_list
from puzzlecam_app.interchange.formats.colors import distinct_colors
from puzzlecam_app.interchange.formats.voc_write import write_palette_png
from puzzlecam_app.interchange.formats.writing import (
    PictureOut,
    PictureRecord,
    Target,
    WriteFormat,
    Written,
)
from puzzlecam_app.interchange.formats.zero import ShiftedMask, written
from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.problems import Problem, ignored
from puzzlecam_app.interchange.read_options import ReadOptions, Zero
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.snapshot import SnapshotItem
from puzzlecam_app.interchange.source import LabelReader, Labels, Source, SourceItem
from puzzlecam_app.interchange.splits import split_name
from puzzlecam_app.interchange.tree import scan_pictures
from puzzlecam_app.root_files import RootFiles, refusal_in_words
from trainer.data.class_files import class_file_text
from trainer.data.class_list import ClassList

PICTURES: Final = "leftImg8bit"
_MASKS: Final = ("gtFine", "gtCoarse")
_TEST: Final = "test"
_NO_SPLIT: Final = "train"

_LABELS: Final = (
    *("ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground", "road", "sidewalk"),
    *("parking", "rail track", "building", "wall", "fence", "guard rail", "bridge", "tunnel", "pole"),
    *("polegroup", "traffic light", "traffic sign", "vegetation", "terrain", "sky", "person", "rider", "car"),
    *("truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"),
)
"""Cityscapes' labels by id, from 1; 0 is unlabeled."""
_NO_LABELS: Final = frozenset({1, 2, 3})
_TRAINED: Final = (
    *("road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"),
    *("terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
)
"""Cityscapes' classes by train id, from 0."""

LABEL_IDS: Final = ClassList(_LABELS, void_indices=_NO_LABELS)
TRAIN_IDS: Final = ClassList(_TRAINED)


def recognise(files: RootFiles) -> str | None:
    """There are the folders leftImg8bit and gtFine or gtCoarse."""
    with refusal_in_words(files.root):
        found = [name for name in _MASKS if files.has_folder(name)]
        if not found or not files.has_folder(PICTURES):
            return None
    return f"there are the folders {PICTURES} and {found[0]}"


@dataclass(frozen=True)
class PublishedMask:
    """A mask of Cityscapes itself. One that is 0 everywhere is a stand-in for labels that are kept secret."""

    inner: ShiftedMask

    @property
    def where(self) -> str:
        """The file."""
        return self.inner.where

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Read the file; raises MaskFileError if there is no label in it."""
        labels = self.inner.read(files, picture)
        if (labels.indices == VOID).all():
            raise MaskFileError(
                "the mask is unlabeled everywhere",
                remedy="If the picture has no labels, remove the mask; the picture comes in without it",
            )
        return labels


def read(root: Path, options: ReadOptions) -> Source:
    """Read the folders of Cityscapes; tags come from the masks.

    Masks are ``<name>_gtFine_labelIds.png``, or ``..._labelTrainIds.png`` where there are no label ids. A
    class list in the folder (with colours or without), or that of `options`, says what label ids mean;
    without one, they are those of Cityscapes, where 0 is unlabeled. Train ids number the classes from 0.

    Raises:
        UserError: There is no folder leftImg8bit, or the class list cannot be read.
    """
    files = RootFiles(root, options.follow_links)
    with refusal_in_words(root / PICTURES):
        if not files.has_folder(PICTURES):
            raise UserError(
                f"there is no folder {PICTURES}", where=str(root), remedy="Give its parent folder"
            )
    tree = scan_pictures(root / PICTURES, follow_links=files.follow_links)
    problems: list[Problem] = [
        one.model_copy(update={"file": f"{PICTURES}/{one.file}"}) for one in tree.problems
    ]
    listed = class_list_of(files, options.classes_file) or color_list(files)
    found = {path: _mask_of(files, path) for path in tree.pictures}
    kinds = {kind for _, kind in found.values() if kind}
    if kinds == {"labelTrainIds"}:
        class_list, zero = listed or TRAIN_IDS, "class"
    else:
        class_list, zero = listed or LABEL_IDS, options.zero if listed else "void"
    items = []
    secret = 0
    for path in tree.pictures:
        mask, kind = found[path]
        parts = PurePosixPath(path).parts
        split = split_name(parts[0]) if len(parts) > 1 else options.split
        reader: LabelReader | None = None
        if mask and split == _TEST and listed is None:
            secret += 1
        elif mask and (kind == "labelIds" or kinds == {"labelTrainIds"}):
            inner = ShiftedMask(mask, _zero(zero), class_list)
            reader = inner if listed else PublishedMask(inner)
        place = f"{PICTURES}/{path}"
        items.append(SourceItem(place, place, (), split, reader))
    if secret:
        problems.append(
            ignored(
                f"{PICTURES}/{_TEST}",
                f"the masks of {secret} test pictures were passed over, because Cityscapes does not publish "
                "their labels",
                "Give your own class list with --classes if these masks are yours",
            )
        )
    return Source(
        root, "cityscapes", items, class_list.names, class_list, problems, True,
        follow_links=options.follow_links,
    )  # fmt: skip


READ: Final = ReadFormat(
    "cityscapes",
    "Cityscapes (leftImg8bit, gtFine)",
    recognise,
    read,
    # Beside each mask of ids lies one of colours, which says the same.
    more_telling_than=frozenset({"color-masks"}),
)


def _zero(name: str) -> Zero:
    return "class" if name == "class" else "void" if name == "void" else "background"


def _mask_of(files: RootFiles, picture: str) -> tuple[str | None, str | None]:
    """The mask of a picture and its kind; label ids first."""
    stem = PurePosixPath(picture).with_suffix("").as_posix().removesuffix(f"_{PICTURES}")
    for kind in ("labelIds", "labelTrainIds"):
        for folder in _MASKS:
            path = f"{folder}/{stem}_{folder}_{kind}.png"
            if files.lists_file(path):
                return path, kind
    return None, None


class CityscapesWriter:
    """Writes ``leftImg8bit``, ``gtFine`` with label ids and train ids, ``labels.txt`` and a table of both."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._city = safe_names([target.dataset])[target.dataset]
        (target.folder / "labels.txt").write_text(class_file_text(target.classes.names), "utf-8")

    def place(self, item: SnapshotItem) -> str:
        """In ``leftImg8bit``, by split; the dataset is the city."""
        return f"{self._place(PICTURES, item)}_{PICTURES}"

    def write(self, one: PictureOut) -> Written:
        """Write both masks."""
        stem = self._target.folder / f"{self._place(_MASKS[0], one.item)}_{_MASKS[0]}"
        stem.parent.mkdir(parents=True, exist_ok=True)
        write_palette_png(stem.with_name(f"{stem.name}_labelIds.png"), one.mask)
        train_ids = written(one.mask, self._target.zero)
        write_palette_png(stem.with_name(f"{stem.name}_labelTrainIds.png"), train_ids)
        return Written(
            None,
            {
                "tags without a pixel in the mask": len(one.bare_tags),
                f"pictures without a split, which are in {_NO_SPLIT}": int(one.item.split is None),
            },
        )

    def finish(self, pictures: Sequence[tuple[PictureRecord, Any]]) -> None:  # noqa: ARG002
        """Write the table of ids."""
        classes = self._target.classes
        colors = distinct_colors(classes)
        shift = int(self._target.zero == "class")
        names = {BACKGROUND: "background", **{one.index: one.name for one in classes.classes}, VOID: "void"}
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("name", "id", "trainId", "red", "green", "blue"))
        for index, name in names.items():
            is_void = index == VOID or (shift and index == BACKGROUND)
            table.writerow((name, index, VOID if is_void else index - shift, *colors[index]))
        (self._target.folder / "cityscapes_labels.csv").write_text(text.getvalue(), "utf-8")

    def _place(self, folder: str, item: SnapshotItem) -> str:
        split = split_name(item.split or _NO_SPLIT)
        return f"{folder}/{safe_names([split])[split]}/{self._city}/{item.export_name}"


WRITE: Final = WriteFormat(
    "cityscapes",
    "Cityscapes (leftImg8bit, gtFine)",
    CityscapesWriter,
    (
        "objects",
        "tags without a pixel in the mask",
        "background in train ids, if 0 is a class (`--zero class`): it becomes void",
        "pictures without a split: they are in `train`",
        "authors and times; they are in the manifest",
    ),
    oracle="torchvision",
)

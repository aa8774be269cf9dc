"""Checks one picture of a dataset and its mask. Reads each file once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from db.masks import MaskArray, MaskStore, mask_hash
from db.palette import VOID, voc_palette
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.blobs import store_blob
from puzzlecam_app.interchange.drawn import DrawnObject, PaintOrder
from puzzlecam_app.interchange.file_bytes import read_file
from puzzlecam_app.interchange.mask_files import IndexMask, classes_in, read_colors, read_index_mask
from puzzlecam_app.interchange.object_masks import objects_of_colors
from puzzlecam_app.interchange.pictures import PictureError, PictureInfo, verify_picture
from puzzlecam_app.interchange.problems import Problem, error, warning
from puzzlecam_app.interchange.source import LabelReader, Labels, SourceItem
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import ClassList

_NOTHING: Final = "Nothing needs to be done"


@dataclass(frozen=True)
class CheckedPicture:
    """A picture that can be used, and what is known about it after reading it.

    `path` is its place under the dataset's root. `mask_hash` names its mask in the mask store and
    `mask_classes` are the class indices in it; both are None without a usable mask. `objects` are those of
    the mask, if its format has objects.
    """

    item: SourceItem
    path: str
    info: PictureInfo
    sha256: str
    mask_hash: str | None
    mask_classes: tuple[int, ...] | None
    problems: Sequence[Problem]
    objects: tuple[DrawnObject, ...] = ()
    hidden_px: int = 0
    order: PaintOrder = "smaller-over-larger"


@dataclass(frozen=True)
class RefusedPicture:
    """A picture that cannot be used."""

    item: SourceItem
    problems: Sequence[Problem]


@dataclass(frozen=True)
class Checker:
    """Checks pictures among `files`; may be called from many threads.

    `class_list` is None if masks are not read. With `copy_to`, usable pictures are copied into that
    content-addressed folder. With `void_is_class`, index 255 is read as the only class. Without a
    `mask_store`, masks are checked and not stored.
    """

    files: RootFiles
    max_pixels: int
    mask_store: MaskStore | None
    class_list: ClassList | None
    copy_to: Path | None
    void_is_class: bool = False

    def __call__(self, item: SourceItem) -> CheckedPicture | RefusedPicture:
        """Read and check one picture. Whatever is in the files, this does not raise."""
        try:
            data = read_file(self.files, item.path)
            info = verify_picture(data, max_pixels=self.max_pixels)
        except PictureError as problem:
            found = error(item.path, problem.message, problem.remedy or "Get it from its source again")
            return RefusedPicture(item, [found])
        problems = _remarks(item.path, info)
        sha256 = hashlib.sha256(data).hexdigest()
        path = item.path
        if self.copy_to is not None:
            path = store_blob(self.copy_to, sha256, Path(item.path).suffix.lower(), data)
        taken = _Taken()
        if self.class_list is not None and item.mask is not None:
            try:
                taken = self._take_mask(item.mask, item.object_mask, info, self.class_list)
                problems += taken.remarks
            except UserError as problem:
                where = problem.where or item.mask_place
                problems.append(error(where, problem.message, problem.remedy or "Correct the mask"))
        return CheckedPicture(
            item,
            path,
            info,
            sha256,
            taken.hash,
            taken.classes,
            problems,
            taken.labels.objects if taken.labels else (),
            taken.labels.hidden_px if taken.labels else 0,
            taken.labels.order if taken.labels else "smaller-over-larger",
        )

    def _take_mask(
        self, mask: str | LabelReader, object_mask: str | None, info: PictureInfo, class_list: ClassList
    ) -> _Taken:
        """Store a mask, and say what is in it."""
        labels = None
        if isinstance(mask, str):
            read = read_index_mask(read_file(self.files, mask), info, class_list=class_list)
            indices, remarks = read.indices, _exchanged_colors(mask, read, class_list)
            where = mask
        else:
            labels = mask.read(self.files, info)
            indices, remarks = labels.indices, list(labels.remarks)
            where = mask.where
        if self.void_is_class:
            indices = np.where(indices == VOID, np.uint8(1), indices)
        void_px, classes = int(np.count_nonzero(indices == VOID)), classes_in(indices)
        if void_px and not classes:
            remarks.append(_only_void(where, void_px, class_list))
        if object_mask is not None:
            colors = read_colors(read_file(self.files, object_mask), info)
            labels = Labels(indices, objects_of_colors(colors, indices))
        return _Taken(self._put(indices), classes, tuple(remarks), labels)

    def _put(self, indices: MaskArray) -> str:
        return mask_hash(indices) if self.mask_store is None else self.mask_store.put(indices, voc_palette())


@dataclass(frozen=True)
class _Taken:
    """A mask that was read; the defaults are those of a picture without one."""

    hash: str | None = None
    classes: tuple[int, ...] | None = None
    remarks: tuple[Problem, ...] = ()
    labels: Labels | None = None


def remarks_on_overlaps(checked: Sequence[CheckedPicture]) -> list[Problem]:
    """How many pixels of objects the masks do not show, by the rule that decided; none if there are none."""
    remarks = []
    for order, rule in _RULES.items():
        hidden = [one.hidden_px for one in checked if one.order == order and one.hidden_px]
        if hidden:
            pictures = "1 picture" if len(hidden) == 1 else f"{len(hidden)} pictures"
            reason = f"objects overlap in {pictures}; {sum(hidden)} pixels went to {rule}"
            remarks.append(warning("masks", reason, "The objects themselves are kept beside the masks"))
    return remarks


_RULES: Final[Mapping[PaintOrder, str]] = {
    "smaller-over-larger": "the smaller object",
    "later-over-earlier": "the object on top",
}


def _exchanged_colors(mask: str, read: IndexMask, class_list: ClassList) -> list[Problem]:
    names = ("background", *class_list.names)

    def name(index: int) -> str:
        return f"{index} ({names[index] if index < len(names) else 'void'})"

    pairs = [
        f"{pixels} px of index {name(index)} have the colour of index {name(other)}"
        for index, (other, pixels) in read.exchanged.items()
    ]
    if not pairs:
        return []
    reason = f"the mask's palette exchanges classes: {', '.join(pairs)}; the indices were used"
    return [warning(mask, reason, "If the colours are right, save it with the palette of the class list")]


def _only_void(mask: str, void_px: int, class_list: ClassList) -> Problem:
    remedy = "Give the object the index of its class"
    if len(class_list.names) == 1:
        remedy = f"If 255 is {class_list.names[0]!r}, import again with --mask-255 class"
    return warning(
        mask, f"the mask holds no class: its {void_px} pixels that are not background are void (255)", remedy
    )


def _remarks(path: str, info: PictureInfo) -> list[Problem]:
    remarks = []
    if info.orientation != 1:
        remarks.append(
            warning(
                path,
                f"the picture is stored rotated (EXIF orientation {info.orientation}); it is shown, labelled "
                "and exported upright",
                _NOTHING,
            )
        )
    if info.mode == "CMYK":
        remarks.append(
            warning(
                path,
                "the picture is CMYK; it is converted to RGB without a colour profile",
                "Save it as RGB if its colours matter",
            )
        )
    if info.mode in {"1", "L", "LA", "I", "F"} or info.mode.startswith("I;16"):
        remarks.append(
            warning(path, "the picture is grey; the model was trained on colour pictures", _NOTHING)
        )
    if info.bits > 8:
        remarks.append(
            warning(
                path,
                f"the picture has {info.bits} bits per channel; it is shown with 8",
                "Save it with 8 bits if it looks too dark",
            )
        )
    if info.has_alpha:
        remarks.append(
            warning(
                path,
                "parts of the picture are transparent; they are shown white",
                "Save it without transparency",
            )
        )
    if info.has_more_frames:
        remarks.append(
            warning(path, "the file holds several pictures; the first is used", "Save each frame as a file")
        )
    if " " in path:
        remarks.append(
            warning(
                path, "the name has spaces; VOC's lists cannot contain them, so exports write _", _NOTHING
            )
        )
    if not path.isascii():
        remarks.append(warning(path, "the name is not ASCII; exports use a plain name instead", _NOTHING))
    return remarks

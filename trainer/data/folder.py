"""Datasets that are a folder of pictures with tags.csv, and the choice between the two layouts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from trainer.contract import PICTURE_SUFFIXES
from trainer.data.class_files import find_class_list
from trainer.data.dataset import ACCEPTED, DatasetError, TaggedDataset, build_dataset
from trainer.data.ground_truth import FOLDERS as MASK_FOLDERS
from trainer.data.picture_names import PictureNames
from trainer.data.tags import TagRow, picture_id, read_tag_rows
from trainer.data.voc import PICTURES, TAG_FILE, VocDataset

ALL = "all"


class FolderDataset(TaggedDataset):
    """The pictures that tags.csv lists by path relative to the folder; its column `split` may divide them.

    Names are understood as `trainer.data.picture_names` says. A picture may have several rows: it has the
    tags of all and the first split. A listed picture without a file stays in the dataset;
    `trainer.data.unreadable.unreadable_images` reports it.

    The split "all", or any split if there is no such column, takes every picture. Classes come from a class
    file (`trainer.data.class_files`); without one they are the sorted tags, and masks cannot be read.

    Raises:
        DatasetError: there is no such split, a list cannot be read, or a name fits several files.
    """

    def __init__(self, root: Path | str, split: str) -> None:
        root = Path(root)
        rows = _by_picture(root, read_tag_rows(root / TAG_FILE))
        splits = sorted({row.split for row in rows if row.split})
        chosen = rows if split == ALL or not splits else [row for row in rows if row.split == split]
        if rows and not chosen:
            raise DatasetError(
                f"No row of {root / TAG_FILE} belongs to the split {split!r}; "
                f"choose one of {', '.join((ALL, *splits))}."
            )
        built = build_dataset(
            root,
            split,
            ((picture_id(row.image), root / row.image, row.tags) for row in chosen),
            find_class_list(root),
            known_tags=(tag for row in rows for tag in row.tags),
            allow_voc=False,
        )
        super().__init__(root, split, built.class_names, built.images, built.class_list)


def _by_picture(root: Path, rows: Iterable[TagRow]) -> list[TagRow]:
    """One row for each picture, named by its path relative to `root` with slashes."""
    names: PictureNames | None = None
    merged: dict[str, TagRow] = {}
    for row in rows:
        image = row.image
        if not (root / image).is_file():
            names = names or PictureNames(_pictures(root))
            found = names.find(image)
            if len(found) > 1:
                raise DatasetError(
                    f"The name {image} in {root / TAG_FILE} fits several files ({', '.join(found[:3])}); "
                    f"write the whole path."
                )
            image = found[0] if found else image.replace("\\", "/")
        first = merged.get(image, TagRow(image, (), None))
        tags = tuple(dict.fromkeys((*first.tags, *row.tags)))
        merged[image] = TagRow(image, tags, first.split or row.split)
    return list(merged.values())


def _pictures(root: Path) -> Iterator[str]:
    """Paths relative to `root` of the files that can be pictures, sorted; folders of masks are left out."""
    not_pictures = {*MASK_FOLDERS, ACCEPTED}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if here != root or name not in not_pictures)
        for name in sorted(files):
            if Path(name).suffix.lower() in PICTURE_SUFFIXES:
                yield (here / name).relative_to(root).as_posix()


def open_dataset(root: Path | str, split: str) -> TaggedDataset:
    """Read a dataset in VOC layout, or a folder with tags.csv.

    Raises:
        DatasetError: the folder is neither, or cannot be read.
    """
    root = Path(root)
    if (root / PICTURES).is_dir():
        return VocDataset(root, split)
    if (root / TAG_FILE).is_file():
        return FolderDataset(root, split)
    raise DatasetError(
        f"{root} is not a dataset: it has neither a folder {PICTURES} nor a file {TAG_FILE}; "
        f"name a folder that has one of them."
    )

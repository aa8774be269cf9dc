"""Datasets that are a folder of pictures with tags.csv, and the choice between the two layouts."""

from __future__ import annotations

from pathlib import Path

from trainer.data.dataset import DatasetError, TaggedDataset, build_dataset
from trainer.data.tags import picture_id, read_class_names, read_tag_rows
from trainer.data.voc import CLASS_FILE, PICTURES, TAG_FILE, VocDataset

ALL = "all"


class FolderDataset(TaggedDataset):
    """The pictures that tags.csv lists by path relative to the folder; its column `split` may divide them.

    The split "all", or any split if there is no such column, takes every row. Class names come from
    labels.txt; without that file they are the sorted tags.

    Raises:
        DatasetError: there is no such split, or a list cannot be read.
    """

    def __init__(self, root: Path | str, split: str) -> None:
        root = Path(root)
        rows = read_tag_rows(root / TAG_FILE)
        splits = sorted({row.split for row in rows if row.split})
        chosen = rows if split == ALL or not splits else [row for row in rows if row.split == split]
        if rows and not chosen:
            raise DatasetError(
                f"No row of {root / TAG_FILE} belongs to the split {split!r}; "
                f"choose one of {', '.join((ALL, *splits))}."
            )
        class_file = root / CLASS_FILE
        built = build_dataset(
            root,
            split,
            ((picture_id(row.image), root / row.image, row.tags) for row in chosen),
            read_class_names(class_file) if class_file.is_file() else None,
            allow_voc=False,
        )
        super().__init__(root, split, built.class_names, built.images)


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

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.data.dataset import DatasetError
from trainer.data.folder import FolderDataset, open_dataset
from trainer.data.voc import VocDataset


def folder(root: Path, table: str) -> Path:
    (root / "tags.csv").write_text(table, encoding="utf-8")
    return root


def test_ids_are_paths_without_suffix_and_classes_are_the_sorted_tags(tmp_path: Path) -> None:
    dataset = FolderDataset(folder(tmp_path, "image,tags\nx/b.jpg,dog;cat\na.png,dog\n"), "all")
    assert dataset.ids == ("x/b", "a")
    assert dataset.class_names == ("cat", "dog")
    assert dataset.images[0].path == tmp_path / "x" / "b.jpg"
    assert dataset.images[0].tags == (1, 2)


def test_a_split_column_divides_the_rows(tmp_path: Path) -> None:
    root = folder(tmp_path, "image,tags,split\na.jpg,cat,train\nb.jpg,cat,val\n")
    assert FolderDataset(root, "train").ids == ("a",)
    assert FolderDataset(root, "all").ids == ("a", "b")
    with pytest.raises(DatasetError, match="choose one of all, train, val"):
        FolderDataset(root, "test")


def test_without_a_split_column_every_split_is_everything(tmp_path: Path) -> None:
    assert len(FolderDataset(folder(tmp_path, "image,tags\na.jpg,cat\n"), "train")) == 1


def test_the_layout_is_recognised(make_voc: Callable[..., Path], tmp_path: Path) -> None:
    assert isinstance(open_dataset(make_voc(), "train"), VocDataset)
    assert isinstance(open_dataset(folder(tmp_path, "image,tags\na.jpg,cat\n"), "train"), FolderDataset)


def test_a_folder_that_is_no_dataset_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"neither a folder JPEGImages nor a file tags\.csv"):
        open_dataset(tmp_path, "train")

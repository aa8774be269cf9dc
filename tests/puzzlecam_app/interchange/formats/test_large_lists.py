"""Lists of one gigabyte are refused with their names before any of them is read; nothing is stored."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from db.datasets import list_datasets
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange import label_arrays
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.interchange.read_options import ReadOptions
from tests.helpers_formats import Data, Drawn, exported, new_studio, studio_with
from tests.helpers_pictures import Studio, save

DATA = Data(("cat",), (Drawn("a", np.eye(5, dtype=np.uint8), "train"),))
LISTS = {
    "coco": "annotations/instances_train.json",
    "panoptic": "annotations/panoptic_train.json",
    "label-studio": "tasks.json",
    "labelme": "train/a.json",
    "datumaro": "annotations/train.json",
    "hugging-face": "train/metadata.jsonl",
    "cvat": "annotations.xml",
    "yolo": "data.yaml",
    "color-masks": "labelmap.txt",
    "folder": "tags.csv",
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return studio_with(tmp_path_factory.mktemp("studio"), DATA)


def refused(folder: Path, workspace: Path, format: str) -> str:
    """Why an import of `folder` is refused; no dataset may be there afterwards."""
    studio = new_studio(workspace)
    with pytest.raises(UserError) as caught:
        import_dataset(studio.stores, folder, "data", reading=ReadOptions(format))
    with studio.database.read() as session:
        assert list_datasets(session) == []
    return str(caught.value)


@pytest.mark.parametrize("format", LISTS)
def test_a_list_of_a_gigabyte_is_refused_with_its_name(studio: Studio, tmp_path: Path, format: str) -> None:
    exported(studio, tmp_path / "in", format)
    path = tmp_path / "in" / LISTS[format]
    os.truncate(path, 1 << 30)  # a sparse file, which takes no room

    said = refused(tmp_path / "in", tmp_path / "w", format)

    assert f"{path}: the file is larger than 512 MiB" in said


def test_json_with_tags_of_a_gigabyte_is_refused_too(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png", 5, 5)
    (tmp_path / "in/tags.json").write_text('{"a.png": ["cat"]}')
    os.truncate(tmp_path / "in/tags.json", 1 << 30)

    assert "tags.json: the file is larger than 512 MiB" in refused(tmp_path / "in", tmp_path / "w", "auto")


def test_arrays_that_grow_beyond_the_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_arrays, "MAX_BYTES", 1 << 20)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.npy", bytes(2 << 20))
    (tmp_path / "cls_labels.npz").write_bytes(file.getvalue())

    with pytest.raises(UserError, match=r"cls_labels\.npz: the arrays have more than 1 MiB"):
        label_arrays.read_label_array(tmp_path / "cls_labels.npz", label_arrays.Meaning(("cat",)))

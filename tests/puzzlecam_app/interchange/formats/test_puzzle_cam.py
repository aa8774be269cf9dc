"""Lists and arrays of the Puzzle-CAM family, and class lists that begin later."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_changes import ClassChanges
from tests.helpers_formats import Data, Drawn, contents, exported, imported, studio_with

MASK = np.array([[0, 1, 255]], np.uint8)


def test_lists_name_pictures_and_masks_and_arrays_hold_the_tags(tmp_path: Path) -> None:
    data = Data(("cat", "dog"), (Drawn("a", MASK, "train", (2,)), Drawn("b", MASK * 0, "val")))

    exported(studio_with(tmp_path, data), tmp_path / "out", "puzzle-cam")

    # PSA joins the root of the dataset and each column.
    root = str(tmp_path / "out")
    (line,) = (tmp_path / "out/ImageSets/Segmentation/train_aug.txt").read_text().splitlines()
    picture, mask = (Image.open(root + path) for path in line.split(" "))
    assert picture.size == mask.size
    np.testing.assert_array_equal(np.array(mask), MASK)
    with np.load(tmp_path / "out/cls_labels.npz", allow_pickle=False) as arrays:
        tags = dict(zip(arrays["names"].tolist(), arrays["labels"].tolist(), strict=True))
    assert tags == {"a": [1, 1], "b": [0, 0]}
    rows = np.load(tmp_path / "out/cls_labels.npy", allow_pickle=False).tolist()
    names = (tmp_path / "out/cls_labels.txt").read_text().split()
    assert dict(zip(names, rows, strict=True)) == tags


def test_tags_without_a_pixel_come_back(tmp_path: Path) -> None:
    data = Data(("cat", "dog"), (Drawn("a", MASK, "train", (2,)),))
    exported(studio_with(tmp_path, data), tmp_path / "out", "puzzle-cam")

    studio, _ = imported(tmp_path / "out", tmp_path / "again")

    assert contents(studio)[1]["a"].tags == (1, 2)


def test_an_offset_makes_indices_begin_later(tmp_path: Path) -> None:
    data = Data(("cat", "unused 1"), (Drawn("a", np.array([[0, 1, 2, 255]], np.uint8)),))
    studio = studio_with(tmp_path, data)

    exported(studio, tmp_path / "out", "folder", classes=ClassChanges(offset=2))

    assert np.array(Image.open(tmp_path / "out/masks/a.png")).tolist() == [[0, 3, 4, 255]]
    assert (tmp_path / "out/labels.txt").read_text().split("\n")[3].endswith("cat")
    back, _ = imported(tmp_path / "out", tmp_path / "again")
    assert contents(back)[0] == ("unused 1_", "unused 2", "cat", "unused 1")


def test_an_offset_that_leaves_no_room_is_refused(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Data(("cat",), (Drawn("a", MASK),)))

    with pytest.raises(UserError, match="Choose 0 to 253"):
        exported(studio, tmp_path / "out", "voc", classes=ClassChanges(offset=254))

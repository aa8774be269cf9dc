"""Cityscapes: its own files come in with their ids, and torchvision reads what is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import Cityscapes

from tests.helpers_formats import Data, Drawn, contents, exported, imported, studio_with

ROAD, CAR = 7, 26


def published(root: Path, split: str, mask: np.ndarray, kind: str = "labelIds") -> None:
    """A picture and its mask as Cityscapes publishes them."""
    for folder, name in (("leftImg8bit", "leftImg8bit"), ("gtFine", f"gtFine_{kind}")):
        path = root / folder / split / "ulm" / f"{split}_0_{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        colours = np.random.default_rng(len(split)).integers(0, 255, (*mask.shape, 3), np.uint8)
        Image.fromarray(mask if folder == "gtFine" else colours).save(path)


def test_label_ids_stay_and_unlabeled_pixels_are_void(tmp_path: Path) -> None:
    published(tmp_path / "in", "train", np.array([[0, 1, 4, ROAD, CAR]], np.uint8))

    studio, report = imported(tmp_path / "in", tmp_path / "workspace")

    classes, pictures = contents(studio)
    assert report.layout == "cityscapes"
    assert (classes[ROAD - 1], classes[CAR - 1]) == ("road", "car")
    assert pictures["train_0"].mask.tolist() == [[255, 255, 4, ROAD, CAR]]
    assert pictures["train_0"].split == "train"


def test_masks_of_test_pictures_are_passed_over_and_counted(tmp_path: Path) -> None:
    published(tmp_path / "in", "train", np.array([[ROAD]], np.uint8))
    published(tmp_path / "in", "test", np.zeros((1, 2), np.uint8))

    studio, report = imported(tmp_path / "in", tmp_path / "workspace")

    assert contents(studio)[1]["test_0"].mask is None
    assert any("masks of 1 test pictures" in problem.reason for problem in report.problems)


def test_a_mask_that_is_unlabeled_everywhere_is_told(tmp_path: Path) -> None:
    published(tmp_path / "in", "train", np.zeros((2, 2), np.uint8))

    studio, report = imported(tmp_path / "in", tmp_path / "workspace")

    assert contents(studio)[1]["train_0"].mask is None
    assert ["unlabeled everywhere" in problem.reason for problem in report.errors] == [True]


def test_train_ids_number_the_classes_from_0(tmp_path: Path) -> None:
    published(tmp_path / "in", "val", np.array([[0, 13, 255]], np.uint8), "labelTrainIds")

    studio, _ = imported(tmp_path / "in", tmp_path / "workspace")

    classes, pictures = contents(studio)
    assert pictures["val_0"].mask.tolist() == [[1, 14, 255]]
    assert (classes[0], classes[13]) == ("road", "car")


@pytest.mark.parametrize("zero", ["background", "class"])
def test_torchvision_reads_what_is_written(tmp_path: Path, zero: str) -> None:
    mask = np.array([[0, 1, 2, 255]], np.uint8)
    studio = studio_with(tmp_path, Data(("cat", "dog"), (Drawn("a", mask, "val"),)))

    exported(studio, tmp_path / "out", "cityscapes", zero=zero)

    dataset = Cityscapes(str(tmp_path / "out"), split="val", mode="fine", target_type="semantic")
    (picture, found) = dataset[0]
    assert picture.size == (4, 1)
    np.testing.assert_array_equal(np.array(found), mask)
    train_ids = np.array(Image.open(next((tmp_path / "out").rglob("*_labelTrainIds.png"))))
    assert train_ids.tolist() == ([[0, 1, 2, 255]] if zero == "background" else [[255, 0, 1, 255]])
    table = (tmp_path / "out/cityscapes_labels.csv").read_text().splitlines()
    assert table[2].startswith("cat,1,1," if zero == "background" else "cat,1,0,")

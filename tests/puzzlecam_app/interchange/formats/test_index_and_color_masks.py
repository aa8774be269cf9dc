"""Folders of masks: what 0 means is said, colours are exact, objects of VOC are kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.formats.voc_write import VOC_FOLDER
from tests.helpers_formats import Data, Drawn, contents, exported, imported, studio_with
from tests.helpers_pictures import save, save_mask


def mmseg(root: Path, mask: list[list[int]], classes: str) -> Path:
    """A folder as mmsegmentation has it."""
    save(root / "img_dir/train/a.jpg", 3, 1)
    save_mask(root / "ann_dir/train/a.png", np.array(mask, np.uint8))
    (root / "labels.txt").write_text(classes)
    return root


@pytest.mark.parametrize(
    ("zero", "expected"),
    [("background", [0, 1, 255]), ("void", [255, 1, 255]), ("class", [1, 2, 255])],
)
def test_the_meaning_of_0_is_chosen(tmp_path: Path, zero: str, expected: list[int]) -> None:
    root = mmseg(tmp_path / "in", [[0, 1, 255]], "road\nsky\n")

    studio, report = imported(root, tmp_path / "w", tags_from_masks=True, zero=zero)

    assert report.classes == ("road", "sky")
    assert contents(studio)[1]["a"].mask.tolist() == [expected]


def test_mmseg_with_0_as_a_class_is_written_and_read_back(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Data(("road", "sky"), (Drawn("a", np.array([[0, 1, 2, 255]], np.uint8)),)))
    report = exported(studio, tmp_path / "out", "mmseg", zero="class")

    with Image.open(tmp_path / "out/ann_dir/a.png") as image:
        assert np.array(image).tolist() == [[255, 0, 1, 255]]
    assert (tmp_path / "out/labels.txt").read_text() == "road\nsky\n"
    assert report.lost == ("1 pixels of background, which became void (in 1 picture)",)
    back, _ = imported(tmp_path / "out", tmp_path / "w", tags_from_masks=True, zero="class")
    assert contents(back)[1]["a"].mask.tolist() == [[255, 1, 2, 255]]


def camvid(root: Path, colors: list[tuple[int, int, int]]) -> Path:
    """One row of colours, with Void as black and no background."""
    save(root / "images/a.png", len(colors), 1)
    (root / "masks").mkdir()
    Image.fromarray(np.array([colors], np.uint8)).save(root / "masks/a.png")
    (root / "label_colors.txt").write_text("128 128 128\tSky\n128 0 0\tBuilding\n0 0 0\tVoid\n")
    return root


def test_colors_are_read_by_their_list_and_kept_with_the_classes(tmp_path: Path) -> None:
    root = camvid(tmp_path / "in", [(128, 0, 0), (0, 0, 0), (128, 128, 128)])

    studio, report = imported(root, tmp_path / "w")

    assert (report.layout, report.classes) == ("color-masks", ("Sky", "Building"))
    assert contents(studio)[1]["a"].mask.tolist() == [[2, 255, 1]]
    exported(studio, tmp_path / "out", "color-masks")
    with Image.open(tmp_path / "out/masks/images_a.png") as image:
        assert np.array(image)[0, [0, 2]].tolist() == [[128, 0, 0], [128, 128, 128]]


def test_an_unknown_color_is_named_with_its_place_and_number(tmp_path: Path) -> None:
    root = camvid(tmp_path / "in", [(128, 0, 0), (128, 0, 1), (128, 0, 1)])

    _, report = imported(root, tmp_path / "w")

    (problem,) = report.errors
    assert problem.file == "masks/a.png"
    assert (
        problem.reason == "the colour (128, 0, 1) is not in the class list: 2 pixels, the first at x 1, y 0"
    )


def test_two_classes_of_one_color_are_refused(tmp_path: Path) -> None:
    root = camvid(tmp_path / "in", [(128, 0, 0)])
    (root / "label_colors.txt").write_text("128 0 0 Sky\n128 0 0 Building\n")

    with pytest.raises(UserError, match="stands for two classes"):
        imported(root, tmp_path / "w")


def test_cvat_masks_without_pictures_say_where_these_belong(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Data(("cat",), (Drawn("a", np.eye(4, dtype=np.uint8)),)))
    exported(studio, tmp_path / "out", "cvat-masks", pictures="none")

    with pytest.raises(UserError, match="no pictures, which belong into the folder JPEGImages"):
        imported(tmp_path / "out", tmp_path / "w")


@pytest.mark.parametrize(("format", "root"), [("voc", VOC_FOLDER), ("cvat-masks", "")])
def test_objects_that_touch_stay_apart(tmp_path: Path, format: str, root: str) -> None:
    """Two cats side by side come from COCO, go out as masks of objects, and come back as two."""
    save(tmp_path / "in/a.png", 4, 2)
    annotations = [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[x, 0, x + 2, 0, x + 2, 2, x, 2]]}
        for x in (0, 2)
    ]
    (tmp_path / "in/instances.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png"}],
                "annotations": annotations,
                "categories": [{"id": 1, "name": "cat"}],
            }
        )
    )
    first, _ = imported(tmp_path / "in", tmp_path / "w1")
    exported(first, tmp_path / "mid", format)
    second, _ = imported(tmp_path / "mid" / root, tmp_path / "w2")
    exported(second, tmp_path / "out", "coco")

    (path,) = (tmp_path / "out/annotations").iterdir()
    assert sorted(one["bbox"] for one in json.loads(path.read_text())["annotations"]) == [
        [0, 0, 2, 2],
        [2, 0, 2, 2],
    ]

"""YOLO, labelme and CVAT: what their own programs write comes in right, and what is wrong is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app.errors import UserError
from tests.helpers_formats import Data, Drawn, contents, exported, imported, studio_with
from tests.helpers_pictures import reasons, save


def yolo(root: Path, text: str, names: str = "names: {0: cat, 7: dog}\n") -> Path:
    save(root / "train/images/a.png", 10, 10)
    (root / "train/labels").mkdir()
    (root / "train/labels/a.txt").write_text(text)
    (root / "data.yaml").write_text(f"train: ../train/images\nval: ../valid/images\n{names}")
    return root


def test_yolo_outlines_are_filled_by_the_numbers_in_data_yaml(tmp_path: Path) -> None:
    text = "0 0 0 1 0 1 1 0 1\n7 0.25 0.25 0.45 0.25 0.45 0.45 0.25 0.45\n"

    studio, report = imported(yolo(tmp_path / "in", text), tmp_path / "w")

    assert report.classes == ("cat", "dog")
    mask = contents(studio)[1]["a"].mask
    assert (mask == 2).sum() == 9
    assert mask[2, 2] == mask[4, 4] == 2
    assert (mask == 1).sum() == 91
    assert contents(studio)[1]["a"].split == "train"


def test_yolo_says_which_pictures_have_no_labels_and_how_many_boxes_no_outline(tmp_path: Path) -> None:
    root = yolo(tmp_path / "in", "0 0.5 0.5 0.2 0.2\n")
    save(root / "train/images/b.png", 10, 10, seed=1)

    studio, report = imported(root, tmp_path / "w")

    found = {problem.reason for problem in report.problems}
    assert "1 boxes have no outline; their classes became tags" in found
    assert any("1 picture without a file of labels" in reason for reason in found)
    assert contents(studio)[1]["a"].tags == (1,)
    assert contents(studio)[1]["b"].mask is None


@pytest.mark.parametrize("hole", [0, 255])
def test_yolo_says_how_many_pixels_holes_cost(tmp_path: Path, hole: int) -> None:
    ring = np.ones((5, 5), np.uint8)
    ring[2, 2] = hole

    report = exported(studio_with(tmp_path, Data(("cat",), (Drawn("a", ring),))), tmp_path / "out", "yolo")

    assert report.lost == (
        "1 pixels that readers see as another class, because outlines have no holes (in 1 picture)",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 0 0 1 nan 1 1\n", "not finite"),
        ("0 0 0 1\n", "4 values"),
        ("0 0 0 1 0 1 1 0\n", "8 values"),
        ("cat 0 0 1 0 1 1\n", "no list of numbers"),
        ("3 0 0 1 0 1 1\n", "no class with the number 3"),
        ("0 " + "0.5 " * 2_000_000 + "\n", "2000001 values"),
    ],
)
def test_a_wrong_line_of_yolo_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    studio, report = imported(yolo(tmp_path / "in", text), tmp_path / "w")

    (problem,) = report.errors
    assert problem.file == "train/labels/a.txt, line 1"
    assert why in problem.reason
    assert contents(studio)[1]["a"].mask is None


def test_a_yaml_of_aliases_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [
        f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 60)
    ]
    root = yolo(tmp_path / "in", "", "\n".join(lines) + "\nnames: [*a59]\n")

    with pytest.raises(UserError, match="the names are no texts"):
        imported(root, tmp_path / "w", format="yolo")


def labelme(root: Path, shapes: list[dict], **changes: object) -> Path:
    save(root / "a.png", 8, 6)
    content = {"version": "5.0", "shapes": shapes, "imagePath": "..\\data\\a.png", "imageData": None}
    (root / "a.json").write_text(json.dumps(content | {"imageHeight": 6, "imageWidth": 8} | changes))
    return root


def polygon(label: str, *points: tuple[float, float], **more: object) -> dict:
    return {"label": label, "points": [list(point) for point in points], "shape_type": "polygon"} | more


SQUARE = ((1, 1), (5, 1), (5, 4), (1, 4))
INNER = ((2, 2), (3, 2), (3, 3), (2, 3))


def test_inner_shapes_of_labelme_stay_visible_in_the_order_of_the_file(tmp_path: Path) -> None:
    shapes = [
        polygon("dog", *SQUARE),
        polygon("cat", *INNER),
        polygon("_background_", (5, 4), (5, 4), (5, 4)),
    ]

    studio, report = imported(labelme(tmp_path / "in", shapes), tmp_path / "w")

    assert report.classes == ("cat", "dog")
    mask = contents(studio)[1]["a"].mask
    assert (mask[1, 1], mask[2, 2], mask[4, 5]) == (2, 1, 0)


def test_shapes_of_a_group_are_one_object_and_background_cuts_holes_into_it(tmp_path: Path) -> None:
    shapes = [
        polygon("cat", *SQUARE, group_id=3),
        polygon("cat", (7, 0), (7, 1), (7, 2), group_id=3),
        polygon("_background_", *INNER),
    ]
    studio, _ = imported(labelme(tmp_path / "in", shapes), tmp_path / "w")
    exported(studio, tmp_path / "out", "coco")

    (path,) = (tmp_path / "out/annotations").iterdir()
    assert [one["area"] for one in json.loads(path.read_text())["annotations"]] == [20 - 4 + 3]


def test_the_order_of_classes_is_that_of_labels_txt(tmp_path: Path) -> None:
    root = labelme(tmp_path / "in", [polygon("cat", *SQUARE)])
    (root / "labels.txt").write_text("__ignore__\n_background_\ndog\ncat\n")

    _, report = imported(root, tmp_path / "w")

    assert report.classes == ("dog", "cat")


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (polygon("cat", (0, float("nan")), (1, 1), (2, 2)), "not finite"),
        (polygon("cat", *[(0, 0)] * 200_000), "1 to 100000 points"),
        (polygon("cat", (0, 0), (1, 1)) | {"shape_type": "linestrip"}, "has no area"),
        ({"label": "cat", "points": "everywhere"}, "points"),
    ],
)
def test_a_wrong_shape_of_labelme_is_refused_with_its_place(tmp_path: Path, shape: dict, why: str) -> None:
    studio, report = imported(labelme(tmp_path / "in", [shape]), tmp_path / "w")

    (problem,) = report.errors
    assert problem.file == "a.json, shape 1"
    assert why in problem.reason
    assert contents(studio)[1]["a"].mask is None


def test_labelme_writes_no_picture_into_its_files(tmp_path: Path) -> None:
    studio = studio_with(tmp_path, Data(("cat",), (Drawn("a", np.eye(4, dtype=np.uint8)),)))
    exported(studio, tmp_path / "out", "labelme")

    content = json.loads((tmp_path / "out/a.json").read_text())
    assert (content["imageData"], content["imagePath"]) == (None, "a.png")


def cvat(root: Path, shapes: str, head: str = "") -> Path:
    save(root / "images/a.png", 8, 6)
    (root / "annotations.xml").write_text(
        f'<?xml version="1.0" encoding="utf-8"?>{head}<annotations><version>1.1</version><meta><task><labels>'
        "<label><name>dog</name><color>#ff6037</color></label>"
        "<label><name>cat</name><color>#00ff00</color></label>"
        '</labels></task></meta><image id="0" name="a.png" width="8" height="6">'
        f"{shapes}</image></annotations>"
    )
    return root


CVAT_MASK = '<mask label="cat" rle="{rle}" left="1" top="1" width="{width}" height="2" z_order="1"></mask>'


def test_cvats_z_order_says_what_is_on_top_and_its_colors_are_kept(tmp_path: Path) -> None:
    shapes = CVAT_MASK.format(rle="1, 1, 1, 1", width=2)
    shapes += '<polygon label="dog" points="0,0;8,0;8,6;0,6" z_order="0"/><tag label="cat"/>'

    studio, report = imported(cvat(tmp_path / "in", shapes), tmp_path / "w")

    assert report.classes == ("dog", "cat")
    mask = contents(studio)[1]["a"].mask
    assert np.argwhere(mask == 2).tolist() == [[1, 2], [2, 2]]
    assert (mask == 1).sum() == 46
    exported(studio, tmp_path / "out", "cvat")
    assert "<color>#ff6037</color>" in (tmp_path / "out/annotations.xml").read_text()


def test_boxes_of_cvat_are_counted_because_they_have_no_mask(tmp_path: Path) -> None:
    root = cvat(tmp_path / "in", '<box label="cat" xtl="0" ytl="0" xbr="2" ybr="2"/>')

    _, report = imported(root, tmp_path / "w")

    assert reasons(report)["annotations.xml"][1] == "1 shapes of the kind box have no mask"


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        (CVAT_MASK.format(rle="1, 1", width=2), "2 pixels long together"),
        (CVAT_MASK.format(rle="1, x", width=2), "invalid literal"),
        (CVAT_MASK.format(rle="1, 1", width=200_000_000), "not in the picture"),
        ('<polygon label="cat" points="0,0;nan,0;8,6"/>', "not finite"),
        ('<polygon label="cat" points="0,0;8"/>', "cannot be read"),
    ],
)
def test_a_wrong_shape_of_cvat_is_refused_with_its_place(tmp_path: Path, shapes: str, why: str) -> None:
    studio, report = imported(cvat(tmp_path / "in", shapes), tmp_path / "w")

    (problem,) = report.errors
    assert problem.file == "annotations.xml, image 1, shape 1"
    assert why in problem.reason
    assert contents(studio)[1]["a"].mask is None


def test_an_xml_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>'
    root = cvat(tmp_path / "in", '<tag label="&y;"/>', bomb)

    with pytest.raises(UserError, match="document type or entities, which are refused"):
        imported(root, tmp_path / "w", format="cvat")

"""Tags that are probably meant otherwise are remarked on, and lists of other tools are recognised."""

import json
from pathlib import Path

import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.interchange.tag_files import read_tag_file
from tests.helpers_pictures import Import, Studio, reasons, save


def _folder(root: Path, rows: list[str]) -> Path:
    for seed, row in enumerate(rows):
        save(root / row.split(",")[0], seed=seed)
    (root / "tags.csv").write_text("image,tags\n" + "".join(f"{row}\n" for row in rows))
    return root


def _json(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "list.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.mark.parametrize("cell", ['"cat,dog"', "cat|dog", "cat/dog"])
def test_a_tag_that_may_be_a_list_is_one_class_with_a_warning(
    tmp_path: Path, studio: Studio, run: Import, cell: str
) -> None:
    report = run(_folder(tmp_path / "in", [f"a.jpg,{cell}", f"b.jpg,{cell}"]))
    tag = cell.strip('"')
    assert report.classes == (tag,)
    assert reasons(report) == {
        "a.jpg": (
            "warning",
            f"the tag {tag!r} contains {tag[3]!r} and may be a list; it was read as one class (2 pictures)",
        )
    }


def test_such_a_name_in_the_class_list_is_meant_so(tmp_path: Path, run: Import) -> None:
    root = _folder(tmp_path / "in", ['a.jpg,"tench, Tinca tinca"'])
    (root / "labels.txt").write_text("1 tench, Tinca tinca\n")
    assert run(root).problems == ()


def test_a_written_list_is_split_and_said(tmp_path: Path, studio: Studio, run: Import) -> None:
    report = run(_folder(tmp_path / "in", ["a.jpg,\"['cat', 'dog']\""]))
    assert studio.tags("data") == {"a.jpg": ["cat", "dog"]}
    assert "they were read as cat; dog" in reasons(report)["tags.csv, line 2"][1]


def test_names_that_differ_in_capitals_only_are_listed_once(tmp_path: Path, run: Import) -> None:
    report = run(_folder(tmp_path / "in", ["a.jpg,Cat", "b.jpg,cat", "c.jpg,CAT", "d.jpg,traffic_light"]))
    assert [problem.reason for problem in report.problems] == [
        "the tags 'CAT', 'Cat', 'cat' differ only in capitals, spaces, _ or -; each is a class of its own"
    ]


def test_a_tag_that_is_spelled_otherwise_in_the_class_list_is_told_how(tmp_path: Path, run: Import) -> None:
    root = _folder(tmp_path / "in", ["a.jpg,Traffic Light;cat"])
    (root / "labels.txt").write_text("cat\ntraffic_light\n")
    (problem,) = run(root).errors
    assert problem.remedy == "Write it as 'traffic_light'"


def test_without_any_tag_the_problem_of_the_row_is_told(tmp_path: Path, run: Import) -> None:
    root = _folder(tmp_path / "in", ["a.jpg,cat,dog"])
    with pytest.raises(UserError, match=r"no tags \(tags.csv, line 2: .*more columns") as info:
        run(root)
    assert info.value.remedy == "Separate tags with ;"


def test_a_picture_that_is_a_json_key_twice_keeps_the_tags_of_both(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "tags.json").write_text('{"a.jpg": ["cat"], "a.jpg": ["dog"]}')
    report = run(tmp_path / "in")
    assert studio.tags("data") == {"a.jpg": ["cat", "dog"]}
    assert reasons(report) == {"a.jpg": ("warning", "the picture is listed twice; all its tags are used")}


def test_a_key_that_is_twice_in_an_entry_is_an_error(tmp_path: Path) -> None:
    path = _json(tmp_path, '[{"image": "a.jpg", "tags": ["cat"], "tags": ["dog"]}]')
    rows, problems = read_tag_file(path)
    assert rows == []
    assert [problem.reason for problem in problems] == ["the entry has the key 'tags' twice"]


COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}, {"id": 3}],
    "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
    "annotations": [
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 1, 1]},
        {"image_id": 1, "category_id": 9, "segmentation": [[0, 0, 1, 1, 1, 0]]},
        {"image_id": 1, "category_id": 7},
        {"image_id": 1, "category_id": 8},
        {"image_id": 5, "category_id": 7},
    ],
}


def test_categories_of_coco_become_image_tags(tmp_path: Path) -> None:
    rows, problems = read_tag_file(_json(tmp_path, COCO))
    assert [(row.image, row.tags) for row in rows] == [("a.jpg", ("cat", "dog")), ("b.jpg", ())]
    assert [(problem.file, problem.severity, problem.reason) for problem in problems] == [
        ("list.json, image 3", "error", "the picture has no file_name"),
        ("list.json", "error", "annotations of a category that the file lacks: 1; they were left out"),
        ("list.json", "error", "annotations of a picture that the file lacks: 1; they were left out"),
        (
            "list.json",
            "warning",
            "the file is COCO's: the categories of its annotations were read as tags of the pictures; the "
            "outlines or boxes of 2 annotations were not read",
        ),
    ]


def test_coco_given_as_tags_is_imported(tmp_path: Path, studio: Studio, run: Import) -> None:
    save(tmp_path / "in" / "a.jpg", seed=1)
    save(tmp_path / "in" / "b.jpg", seed=2)
    report: ImportReport = run(tmp_path / "in", tags_file=_json(tmp_path, COCO))
    assert studio.tags("data") == {"a.jpg": ["cat", "dog"], "b.jpg": []}
    assert report.classes == ("cat", "dog")


def test_segments_of_panoptic_coco_are_tags_too(tmp_path: Path) -> None:
    segments = [{"category_id": 7}, {"category_id": 9}]
    panoptic = COCO | {"annotations": [{"image_id": 1, "segments_info": segments}]}
    rows, _ = read_tag_file(_json(tmp_path, panoptic))
    assert [row.tags for row in rows] == [("cat", "dog"), ()]


def test_a_second_split_of_a_picture_is_told(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "tags.csv").write_text("image,tags,split\na.jpg,cat,train\na.jpg,dog,val\n")
    assert reasons(run(tmp_path / "in")) == {
        "a.jpg": (
            "warning",
            "the picture is listed twice; all its tags are used, but only its split 'train', not 'val'",
        )
    }


@pytest.mark.parametrize(
    ("data", "tool"),
    [
        ([{"id": 1, "data": {"image": "/data/upload/1/a.jpg"}, "annotations": []}], "Label Studio"),
        ({"version": "5", "shapes": [], "imagePath": "a.jpg"}, "labelme"),
        ({"a.jpg123": {"filename": "a.jpg", "regions": []}}, "VGG Image Annotator"),
        ([{"image": "a.jpg", "annotations": [{"label": "cat"}]}], "CreateML"),
    ],
)
def test_files_of_other_tools_are_named_with_what_to_do(tmp_path: Path, data: object, tool: str) -> None:
    with pytest.raises(UserError, match=f"written by {tool}") as info:
        read_tag_file(_json(tmp_path, data))
    assert "COCO" in str(info.value.remedy)

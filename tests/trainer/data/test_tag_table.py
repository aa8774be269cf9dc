"""tags.csv as people write it, and the names of pictures in it."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import trainer.data.picture_names
import trainer.data.tag_table
from trainer.data.dataset import DatasetError
from trainer.data.folder import FolderDataset
from trainer.data.picture_names import PictureNames
from trainer.data.tag_table import TagTableError, parse_tag_table
from trainer.data.voc import VocDataset


def _folder(root: Path, table: str, *pictures: str) -> Path:
    for name in pictures:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "tags.csv").write_text(table, encoding="utf-8")
    return root


@pytest.mark.parametrize("module", [trainer.data.tag_table, trainer.data.picture_names])
def test_examples_in_the_documentation_are_true(module: object) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("header", ["image,tags", " Image , Tags ", "TAGS,image", "image,tags,note"])
def test_columns_are_found_by_name_whatever_their_capitals_spaces_and_order(header: str) -> None:
    cells = {"image": "a.jpg", "tags": "cat; dog", "note": "x"}
    line = ",".join(cells[name.strip().lower()] for name in header.split(","))
    rows, problems = parse_tag_table(f"{header}\n{line}\n")
    assert [(row.image, row.tags) for row in rows] == [("a.jpg", ("cat", "dog"))]
    assert problems == []


def test_a_row_with_commas_between_its_tags_says_so() -> None:
    rows, problems = parse_tag_table("image,tags\na.jpg,cat,dog\nb.jpg,cat,\n")
    assert [row.image for row in rows] == ["b.jpg"]
    assert [(one.line, one.reason, one.remedy) for one in problems] == [
        (2, "the row has more columns than the first line (cat,dog)", "Separate tags with ;")
    ]


@pytest.mark.parametrize("cell", ["['cat', 'dog']", '"[""cat"", ""dog""]"', "\"['cat', 'dog']\""])
def test_a_list_of_python_or_json_is_split_and_the_row_says_so(cell: str) -> None:
    quoted = cell if cell.startswith('"') else f'"{cell}"'
    (row,), _ = parse_tag_table(f"image,tags\na.jpg,{quoted}\n")
    assert row.tags == ("cat", "dog")
    assert "they were read as cat; dog" in str(row.note)


@pytest.mark.parametrize("cell", ["[cat]", "[]", "[1]", "[" * 5000, "cat"])
def test_what_is_no_such_list_is_one_tag(cell: str) -> None:
    (row,), _ = parse_tag_table(f"image,tags\na.jpg,{cell}\n")
    assert (row.tags, row.note) == ((cell,), None)


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(TagTableError, match=r"must name the columns image and tags; it is 'a.jpg;cat'"):
        parse_tag_table("a.jpg;cat\n")


@pytest.mark.parametrize("name", [r"cats\a.jpg", "./cats/a.jpg", "Cats/A.jpg", "a.jpg"])
def test_training_finds_a_picture_however_its_name_is_written(tmp_path: Path, name: str) -> None:
    dataset = FolderDataset(_folder(tmp_path, f"Image , Tags\n{name},cat\n", "cats/a.jpg"), "all")
    assert (dataset.ids, dataset.images[0].path) == (("cats/a",), tmp_path / "cats" / "a.jpg")


def test_rows_of_one_picture_are_joined_for_training(tmp_path: Path) -> None:
    table = "image,tags,split\na.jpg,cat,\nA.jpg,dog,val\n"
    dataset = FolderDataset(_folder(tmp_path, table, "a.jpg"), "val")
    assert [(image.id, dataset.names_of(image)) for image in dataset.images] == [("a", ("cat", "dog"))]


def test_rows_of_one_picture_are_joined_in_voc_too(tmp_path: Path) -> None:
    root = _folder(tmp_path, "image,tags\nx/a.jpg,cat\nx\\a.jpg,dog\n", "JPEGImages/x/a.jpg")
    (root / "ImageSets" / "Segmentation").mkdir(parents=True)
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("x/a\n")
    (root / "labels.txt").write_text("cat\ndog\n")
    assert [image.tags for image in VocDataset(root, "train").images] == [(1, 2)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,cat,dog", r"line 2: the row has more columns .*\(cat,dog\)\. Separate tags with ;"),
        ("a.jpg,Void", r"line 2: the tag 'Void' is reserved"),
        ("c.jpg,cat", r"The name c\.jpg .* fits several files \(x/c\.jpg, y/c\.jpg\)"),
        (r"..\a.jpg,cat", "lies outside the folder"),
    ],
)
def test_training_refuses_a_row_that_the_studio_would_not_use(tmp_path: Path, row: str, message: str) -> None:
    root = _folder(tmp_path, f"image,tags\n{row}\n", "a.jpg", "x/c.jpg", "y/c.jpg", "masks/c.png")
    with pytest.raises(DatasetError, match=message):
        FolderDataset(root, "all")


def test_a_name_that_fits_nothing_is_found_nowhere() -> None:
    assert PictureNames(["x/a.jpg"]).find("b.jpg") == ()

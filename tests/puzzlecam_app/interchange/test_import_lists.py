"""Lists that come with datasets: tags, classes, annotations, and the file names in them."""

import doctest
import json
import os
import re
from pathlib import Path

import pytest

import puzzlecam_app.interchange.class_lists as class_lists
import puzzlecam_app.interchange.tree as tree
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_lists import class_list_of, derive_classes, read_class_file
from puzzlecam_app.interchange.problems import Problem
from puzzlecam_app.interchange.tag_files import read_tag_file
from puzzlecam_app.interchange.tree import scan_pictures
from puzzlecam_app.interchange.voc_tags import read_image_list, tags_from_main_lists
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import VOC_CLASS_LIST
from trainer.data.labels import VOC_CLASSES


def _csv(tmp_path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = tmp_path / "tags.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "image,tags\na.jpg,cat;dog\n",
        "\ufeffimage,tags\r\na.jpg,cat;dog\r\n",
        "Tags, Image\n cat ; dog;cat; , a.jpg\n",
        'image,tags,note\na.jpg,"cat;dog",x\n\n',
    ],
)
def test_csv_as_people_and_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    rows, problems = read_tag_file(_csv(tmp_path, text))
    assert [(row.image, row.tags, row.split) for row in rows] == [("a.jpg", ("cat", "dog"), None)]
    assert problems == []


def test_csv_may_give_a_split(tmp_path: Path) -> None:
    rows, _ = read_tag_file(_csv(tmp_path, "image,tags,split\na.jpg,cat,val\nb.jpg,cat,\n"))
    assert [row.split for row in rows] == ["val", None]


def test_a_bad_row_is_listed_with_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    text = "image,tags\n,cat\nonly-a-name\na.jpg,cat,dog\nb.jpg,dog\nc.jpg,background;a\x07b\n"
    rows, problems = read_tag_file(_csv(tmp_path, text))
    assert [(row.image, row.tags) for row in rows] == [("b.jpg", ("dog",)), ("c.jpg", ())]
    assert [problem.file for problem in problems] == [
        "tags.csv, line 2",
        "tags.csv, line 3",
        "tags.csv, line 4",
        "tags.csv, line 6",
        "tags.csv, line 6",
    ]
    assert all(problem.severity == "error" and problem.remedy for problem in problems)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must name the columns"),
        (b"a.jpg,cat\n", "must name the columns image and tags; it is 'a.jpg,cat'"),
        ("image,tags\n\xe4.jpg,cat\n".encode("latin-1"), "not UTF-8"),
        (b"image,tags\n" + b'"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_a_csv_that_is_none_is_explained(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_tag_file(path)


@pytest.mark.parametrize(
    "data",
    [
        {"a.jpg": ["cat", "dog"]},
        {"a.jpg": "cat;dog"},
        [{"image": "a.jpg", "tags": ["cat", "dog", " cat "]}],
    ],
)
def test_json_in_its_shapes(tmp_path: Path, data: object) -> None:
    path = tmp_path / "tags.json"
    path.write_text(json.dumps(data))
    rows, problems = read_tag_file(path)
    assert [(row.image, row.tags) for row in rows] == [("a.jpg", ("cat", "dog"))]
    assert problems == []


def test_bad_json_entries_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "tags.json"
    path.write_text(json.dumps([1, {"image": "a.jpg"}, {"image": "b.jpg", "tags": [1]}, {"tags": []}]))
    rows, problems = read_tag_file(path)
    assert rows == []
    assert [problem.file for problem in problems] == [f"tags.json, entry {n}" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("text", ["{", "3", "[" * 100_000])
def test_what_is_no_json_list_is_explained(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tags.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"not JSON|neither"):
        read_tag_file(path)


def test_a_class_file_is_read_by_the_reader_of_the_trainer(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("0 background\n1 cat\n2 void\n3 dog\n")
    assert read_class_file(path).classes == {1: "cat", 3: "dog"}


def test_a_class_file_that_cannot_be_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("cat,dog\n")
    with pytest.raises(UserError, match=r"labels\.txt: 'cat,dog' does not look like one class name. Write"):
        read_class_file(path)


def test_class_files_of_a_folder_that_differ_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    with pytest.raises(UserError, match=r"labels\.txt and classes\.txt differ: index 1 is 'cat' in one"):
        class_list_of(RootFiles(tmp_path), None)
    given = class_list_of(RootFiles(tmp_path), tmp_path / "classes.txt")
    assert given is not None
    assert given.names == ("dog", "cat")


def test_only_voc_names_fix_the_meaning_of_indices() -> None:
    assert derive_classes(["cat"], allow_voc=True) == (VOC_CLASSES, VOC_CLASS_LIST)
    assert derive_classes(["cat", "ant"], allow_voc=True) == (("ant", "cat"), None)
    assert derive_classes(["cat"], allow_voc=False) == (("cat",), None)


def test_no_tags_do_not_say_that_the_classes_are_vocs() -> None:
    assert derive_classes([], allow_voc=True) == ((), None)


def test_too_many_tags_are_refused() -> None:
    with pytest.raises(UserError, match="255 classes are more than the 254"):
        derive_classes([f"class {i}" for i in range(255)], allow_voc=False)


def test_main_lists_give_tags_and_hard_objects_count(tmp_path: Path) -> None:
    main = tmp_path / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("a\nb\n")
    (main / "potted_plant_train.txt").write_text("a  1\nb -1\nmy photo\t0\nrubbish line\n")
    (main / "cat_train.txt").write_text("a  1\nb  1\n")
    tags, problems = tags_from_main_lists(RootFiles(tmp_path), ["train"])
    assert tags == {"a": ("cat", "potted_plant"), "b": ("cat",), "my photo": ("potted_plant",)}
    assert [problem.file for problem in problems] == ["ImageSets/Main/potted_plant_train.txt, line 4"]


def test_an_image_list_may_hold_flags_and_names_with_spaces(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("a  1\r\n my photo \n\nb\nb\n")
    assert list(read_image_list(path, {"a", "my photo"}.__contains__)) == ["a", "my photo", "b"]


def test_a_figure_behind_a_space_is_a_flag_only_if_no_picture_has_that_name(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("cat 1\ncat 0\ncow 1\n")
    assert list(read_image_list(path, {"cat 1", "cat 0", "cow"}.__contains__)) == ["cat 1", "cat 0", "cow"]


def test_a_list_of_deeplab_names_pictures_and_masks(tmp_path: Path) -> None:
    path = tmp_path / "train_aug.txt"
    path.write_text(
        "/JPEGImages/a.jpg /SegmentationClassAug/a.png\n"
        "JPEGImages/my photo.jpg\tSegmentationClassAug/my photo.png\n"
        "JPEGImages/c.jpg\n"
        "d.jpg\n"
    )
    assert read_image_list(path, lambda _name: False) == {
        "a": "SegmentationClassAug/a.png",
        "my photo": "SegmentationClassAug/my photo.png",
        "c": None,
        "d": None,
    }


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    for name in ("a.jpg", "cats/b.JPG", "cats/c.jpg", "dogs/c.jpg", "caf\u00e9.png", "notes.txt", ".d.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def test_pictures_are_found_by_their_names_alone(pictures: Path) -> None:
    found = scan_pictures(pictures)
    assert found.pictures == ("a.jpg", "caf\u00e9.png", "cats/b.JPG", "cats/c.jpg", "dogs/c.jpg")
    assert scan_pictures(pictures, exclude=frozenset({"cats", "dogs"})).pictures == ("a.jpg", "caf\u00e9.png")


@pytest.mark.parametrize(
    ("listed", "meant"),
    [
        ("a.jpg", "a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("A.jpg", "a.jpg"),
        (r"cats\b.jpg", "cats/b.JPG"),
        ("b.jpg", "cats/b.JPG"),
        ("cafe\u0301.png", "caf\u00e9.png"),
    ],
)
def test_a_listed_name_is_understood(pictures: Path, listed: str, meant: str) -> None:
    assert scan_pictures(pictures).find(listed, row="line 2") == meant


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ("../secret.jpg", "leads out"),
        ("cats/../../secret.jpg", "leads out"),
        (r"..\secret.jpg", "leads out"),
        ("/etc/passwd", "leads out"),
        (r"C:\a.jpg", "leads out"),
        (r"\\server\share\a.jpg", "leads out"),
        ("a.jpg\0.png", "leads out"),
        ("c.jpg", r"several files \(cats/c.jpg, dogs/c.jpg\)"),
        ("cows/c.jpg", "listed but missing"),
        ("", "listed but missing"),
    ],
)
def test_a_name_that_means_no_file_is_a_problem(pictures: Path, listed: str, reason: str) -> None:
    found = scan_pictures(pictures).find(listed, row="tags.csv, line 2")
    assert isinstance(found, Problem)
    assert found.file == "tags.csv, line 2"
    assert re.search(reason, found.reason)


@pytest.mark.skipif(os.name == "nt", reason="Windows needs rights to make links, and has no such names")
def test_links_and_odd_files_are_problems(pictures: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    (pictures / "out.jpg").symlink_to(outside / "secret.jpg")
    (pictures / "folder").symlink_to(outside)
    (pictures / "inside.jpg").symlink_to(pictures / "a.jpg")
    (pictures / "dead.jpg").symlink_to(pictures / "nothing.jpg")
    (pictures / "loop.jpg").symlink_to(pictures / "loop.jpg")
    (pictures / "circle").symlink_to(pictures)
    os.mkfifo(pictures / "pipe.jpg")
    (pictures / "directory.jpg").mkdir()
    (Path(os.fsdecode(os.fsencode(pictures) + b"/caf\xe9.jpg"))).write_bytes(b"x")
    (pictures / "bell\x07.jpg").write_bytes(b"x")

    found = scan_pictures(pictures)
    assert "inside.jpg" in found.pictures
    assert {problem.file: problem.reason for problem in found.problems} == {
        "out.jpg": "the link leads out of the folder",
        "folder": "the link leads out of the folder",
        "dead.jpg": "the link leads nowhere",
        "loop.jpg": "the link leads nowhere",
        "pipe.jpg": "not a regular file",
        "caf\\udce9.jpg": "the file's name is not UTF-8",
        "bell\\x07.jpg": "the file's name contains control characters",
    }


@pytest.mark.parametrize("module", [class_lists, tree])
def test_examples_in_the_documentation_are_true(module: object) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0

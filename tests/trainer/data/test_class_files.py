"""Class files of several tools: every index keeps its meaning, and what is unclear is refused."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

from trainer.data import class_list
from trainer.data.class_files import (
    ClassFileError,
    class_file_text,
    find_class_list,
    parse_class_file,
    read_class_file,
)
from trainer.data.class_list import ClassList
from trainer.data.labels import VOC_CLASSES

CAT_AND_DOG = [
    "cat\ndog\n",
    "background\n\ncat\n\ndog\n",
    "# my classes\nbackground\ncat\ndog\n",
    "__ignore__\n_background_\ncat\ndog\n",
    "0 background\n1 cat\n2 dog\n",
    "0: background\n1: cat\n2: dog\n",
    "1\tcat\n2\tdog\n",
    "2,dog\n1,cat\n",
    "index,name\n1,cat\n2,dog\n",
    "cat: 1\ndog: 2\n",
    "background 0 0 0\ncat 128 0 0\ndog 0 128 0\n",
    "name,r,g,b\nbackground,0,0,0\ncat,128,0,0\ndog,0,128,0\n",
    "0 0 0\tbackground\n128 0 0\tcat\n0 128 0\tdog\n",
    "0 background 0 0 0\n1 cat 128 0 0\n2 dog 0 128 0\n",
    "cat #800000\ndog #008000\n",
    "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n",
    '["background", "cat", "dog"]',
    '{"names": ["cat", "dog"]}',
    '{"0": "background", "1": "cat", "2": "dog", "255": "void"}',
    '{"background": 0, "cat": 1, "dog": 2}',
    '[{"id": 2, "name": "dog"}, {"id": 1, "name": "cat", "color": [128, 0, 0]}]',
    "- cat\n- dog\n",
    "path: here\nnames: [cat, dog]\nnc: 2\n",
    "names:\n  1: cat\n  2: dog\nnc: 2\n",
    "names:\n- 'cat'\n- \"dog\"\n",
    "labels: {1: cat, 2: dog}\n",
]


@pytest.mark.parametrize("text", CAT_AND_DOG)
def test_the_same_classes_are_read_from_the_files_of_many_tools(text: str) -> None:
    classes = parse_class_file(text, "classes")
    assert classes.names == ("cat", "dog")
    assert (classes.void_indices, classes.background_indices) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "background\nroad\nvoid\ncar\n",
        "road\n__ignore__\ncar\n",
        "0 background\n1 road\n2 unlabeled\n3 car\n",
        '["background", "road", "ignore", "car"]',
        "__ignore__\n_background_\nroad\nvoid\ncar\n",
    ],
)
def test_void_between_classes_keeps_its_index_and_is_read_as_255(text: str) -> None:
    classes = parse_class_file(text, "classes")
    assert classes.classes == {1: "road", 3: "car"}
    mask = np.array([[0, 1, 2, 3, 255]], np.uint8)
    assert classes.read(mask).tolist() == [[0, 1, 255, 3, 255]]
    assert classes.remark == "index 2 is read as void (255), as the list names it; no class moves"


def test_void_at_the_end_keeps_its_index_too() -> None:
    classes = parse_class_file("background\ncat\nvoid\n", "classes")
    assert classes.names == ("cat",)
    assert classes.read(np.array([[1, 2]], np.uint8)).tolist() == [[1, 255]]


def test_a_numbered_background_is_read_as_0() -> None:
    classes = parse_class_file("1 cat\n2 background\n3 dog\n", "classes")
    assert classes.classes == {1: "cat", 3: "dog"}
    assert classes.read(np.array([[0, 1, 2, 3]], np.uint8)).tolist() == [[0, 1, 0, 3]]


def test_colours_are_kept_by_index() -> None:
    colors = parse_class_file("background 0 0 0\ncat 255 0 9\n", "classes").colors
    assert colors == {0: (0, 0, 0), 1: (255, 0, 9)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contains no class name"),
        ("background\nvoid\n", "contains no class name"),
        ("cat\ndog\ncat\n", "'cat' is named twice"),
        ("cat,dog\n", "'cat,dog' does not look like one class name"),
        ("'cat',\n'dog',\n", "does not look like one class name"),
        ('"cat"\n"dog"\n', "does not look like one class name"),
        ("cat;dog\nbird\n", "does not look like one class name"),
        ("cat\tanimal\ndog\tanimal\n", "does not look like one class name"),
        ("cat: animal\ndog: animal\n", "does not look like one class name"),
        ("<class>cat</class>\n", "does not look like one class name"),
        ("Idx\tRatio\tName\n1\t0.5\twall\n2\t0.4\tsky\n", "some lines begin with numbers"),
        ("1\t0.5\twall\n2\t0.4\tsky\n", "several columns"),
        ("1 cat, 2 dog\n", "several columns"),
        ("name\ncat\n", "looks like a heading"),
        ("0 background\n1 cat\ndog\n", "some lines begin with numbers"),
        ("cat\n# dog\nbird\n", "stands between the names"),
        ("cat\ndog\nbackground\n", "background is not the first line"),
        ("unlabeled\ncat\n", "nothing says if that is index 0 or 1"),
        ("0 cat\n1 dog\n", "index 0 is given to 'cat'"),
        ("names:\n  0: cat\n  1: dog\n", "index 0 is given to 'cat'"),
        ("cat:1,2,3::\nbackground:0,0,0::\n", "index 0 is given to 'cat'"),
        ("1 cat\n3 dog\n", "index 2 has no name"),
        ("1 cat\n1 dog\n", "index 1 is given to 'cat' and to 'dog'"),
        ("1 cat\n256 dog\n", "use indices from 0 to 255"),
        ("cat 0 0 256\n", "colour above 255"),
        ("\n".join(f"class {i}" for i in range(255)), "255 classes are more than the 254"),
        ("[", "looks like JSON"),
        ("[" * 100_000, "looks like JSON"),
        ("[1, 2]", "'1' is not a class name"),
        ('{"cat": "animal"}', "is not a class and its index"),
        ('["cat", {"name": "dog", "id": 1}]', "some classes have an index"),
        ("names:\n  cat:\n    id: 1\n", "looks like YAML"),
        ("names: [[cat]]\n", "not a list of classes"),
        ("x" * 129, "not a class name"),
        ("x" * 2000, "too long"),
        ("a\x07b", "not a class name"),
    ],
)
def test_what_is_unclear_is_refused_with_a_remedy(text: str, said: str) -> None:
    with pytest.raises(ClassFileError) as refused:
        parse_class_file(text, "labels.txt")
    assert said in str(refused.value)
    assert str(refused.value).startswith("labels.txt: ")
    assert refused.value.remedy


def test_void_may_stand_at_several_indices() -> None:
    assert parse_class_file("0 background\n1 void\n2 void\n3 car\n", "").names == ("void", "void 2", "car")


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "dog"),
        ("road", "void", "car"),
        ("2 wheeler", "3 wheeler"),
        ("a, b", "c:d"),
        ("7", "8"),
        ("#1", "'x'"),
        ("a, 3 b",),
        ("traffic light",),
        ("name",),
    ],
)
def test_written_classes_read_back_the_same(names: tuple[str, ...]) -> None:
    assert parse_class_file(class_file_text(names), "").names == names


def test_a_class_file_is_found_under_several_names(tmp_path: Path) -> None:
    assert find_class_list(tmp_path) is None
    (tmp_path / "class_names.txt").write_text("_background_\ncat\n")
    found = find_class_list(tmp_path)
    assert found is not None
    assert found.names == ("cat",)


def test_two_class_files_that_differ_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    with pytest.raises(ClassFileError, match=r"labels\.txt and classes\.txt differ: index 1 is 'cat' in one"):
        find_class_list(tmp_path)


def test_voc_means_the_twenty_classes() -> None:
    assert read_class_file(Path("voc")).names == VOC_CLASSES


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(ClassFileError, match=r"labels\.txt: the file cannot be read"):
        read_class_file(tmp_path / "labels.txt")


def test_lists_differ_where_an_index_means_something_else() -> None:
    pets = ClassList(("cat", "dog"))
    assert pets.difference(ClassList(("Cat",))) is None
    assert pets.difference(ClassList(("cat", "cow"))) == "index 2 is 'dog' in one and 'cow' in the other"
    assert pets.difference(ClassList(("cat", "void"), frozenset({2}))) is not None


def test_examples_in_the_documentation_are_true() -> None:
    result = doctest.testmod(class_list)
    assert result.attempted > 0
    assert result.failed == 0

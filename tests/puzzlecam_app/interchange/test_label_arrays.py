"""Tags in arrays of NumPy: what is read, and that nothing pickled ever is."""

from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.label_arrays import Meaning, read_label_array
from tests.helpers_pictures import Import, Studio, voc_folder

LABELS = np.array([[1.0, 0.0], [1.0, 1.0]])
CLASSES = ("cat", "dog")


def test_names_and_labels_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "cls_labels.npz"
    np.savez(path, names=["a", "b"], labels=LABELS)
    assert read_label_array(path, Meaning(CLASSES)) == [
        ("cls_labels.npz, row 1", "a", ("cat",)),
        ("cls_labels.npz, row 2", "b", ("cat", "dog")),
    ]


def test_labels_alone_follow_the_only_list_of_that_length(tmp_path: Path) -> None:
    path = tmp_path / "cls_labels.npy"
    np.save(path, LABELS)
    lists = {"train": ("b", "a"), "val": ("c",)}
    assert [row[1:] for row in read_label_array(path, Meaning(CLASSES, lists))] == [
        ("b", ("cat",)),
        ("a", ("cat", "dog")),
    ]
    with pytest.raises(UserError, match="nothing says which pictures its 2 rows stand for"):
        read_label_array(path, Meaning(CLASSES, lists | {"other": ("x", "y")}))


def test_a_pickled_dictionary_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    path = tmp_path / "cls_labels.npy"
    np.save(path, {"a": LABELS[0]}, allow_pickle=True)
    with pytest.raises(UserError, match="pickled") as info:
        read_label_array(path, Meaning(CLASSES))
    assert "numpy.savez('cls_labels.npz', names=list(d)" in str(info.value.remedy)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": LABELS}, "lacks the arrays names and labels"),
        ({"names": ["a"], "labels": LABELS}, "1 names, but 2 rows"),
        ({"names": ["a", "b"], "labels": LABELS[:, :1]}, "1 columns, but the class list has 2 classes"),
        ({"names": ["a", "b"], "labels": LABELS[0]}, "no table of numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_explained(
    tmp_path: Path, arrays: dict[str, object], message: str
) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=message):
        read_label_array(path, Meaning(CLASSES))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY", b"text"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "labels.npz"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"labels\.npz"):
        read_label_array(path, Meaning(CLASSES))


def test_without_a_class_list_columns_mean_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    np.savez(path, names=["a", "b"], labels=LABELS)
    with pytest.raises(UserError, match="2 columns, but the class list has no classes") as info:
        read_label_array(path, Meaning())
    assert "--classes" in str(info.value.remedy)


def test_cls_labels_beside_the_pictures_give_the_tags_of_voc(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    root = voc_folder(tmp_path / "in", {"a": [], "b": []})
    for path in (root / "Annotations").iterdir():
        path.unlink()
    (root / "Annotations").rmdir()
    np.savez(root / "cls_labels.npz", names=["a", "b"], labels=LABELS)
    (root / "labels.txt").write_text("cat\ndog\n")
    run(root)
    assert studio.tags("data") == {"a": ["cat"], "b": ["cat", "dog"]}

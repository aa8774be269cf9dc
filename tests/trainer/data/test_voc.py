from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.data.dataset import DatasetError
from trainer.data.labels import VOC_CLASSES
from trainer.data.voc import VocDataset


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


ANNOTATION = """<annotation><filename>a.jpg</filename>
<object><name>dog</name><part><name>head</name></part></object><object><name>dog</name></object></annotation>"""


def test_a_split_gives_ids_files_and_tags_as_mask_indices(make_voc: Callable[..., Path]) -> None:
    dataset = VocDataset(make_voc(pictures=3, classes=("cat", "dog")), "train")
    assert dataset.ids == ("p0", "p1", "p2")
    assert dataset.class_names == ("cat", "dog")
    assert [image.tags for image in dataset.images] == [(1,), (2,), (1,)]
    assert dataset.images[0].path.name == "p0.png"
    np.testing.assert_array_equal(dataset.labels_of(dataset.images[1]), [0.0, 1.0])
    assert dataset.names_of(dataset.images[1]) == ("dog",)


def test_tags_come_from_the_lists_in_main_where_there_is_no_csv(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "ImageSets/Main/train.txt": "a\nb\n",
            "ImageSets/Main/cat_train.txt": "a  1\nb -1\n",
            "ImageSets/Main/dog_train.txt": "a  0\nb  1\n",
        },
    )
    dataset = VocDataset(root, "train")
    assert dataset.class_names == VOC_CLASSES
    # Flag 0 means hard to see, but there.
    assert [dataset.names_of(image) for image in dataset.images] == [("cat", "dog"), ("dog",)]


def test_tags_come_from_annotations_where_there_are_no_lists(tmp_path: Path) -> None:
    root = write(tmp_path, {"ImageSets/Segmentation/train.txt": "a\n", "Annotations/a.xml": ANNOTATION})
    (image,) = VocDataset(root, "train").images
    # The name of a part is no tag.
    assert image.tags == (VOC_CLASSES.index("dog") + 1,)


def test_an_annotation_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]>' + ANNOTATION
    root = write(tmp_path, {"ImageSets/Segmentation/train.txt": "a\n", "Annotations/a.xml": bomb})
    with pytest.raises(DatasetError, match="document type"):
        VocDataset(root, "train")


def test_one_class_is_enough(make_voc: Callable[..., Path]) -> None:
    assert VocDataset(make_voc(classes=("cat",)), "train").class_count == 1


def test_a_picture_may_have_no_tags(make_voc: Callable[..., Path]) -> None:
    root = make_voc(pictures=2)
    write(root, {"tags.csv": "image,tags\np0.png,cat\np1.png,\n"})
    assert VocDataset(root, "train").images[1].tags == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ImageSets/Segmentation/train.txt": ""}, "has no pictures"),
        (
            {"tags.csv": "image,tags\np0.png,unicorn\np1.png,cat\n"},
            "p0 .* tagged 'unicorn', which is not one of",
        ),
        ({"tags.csv": "image,tags\np0.png,cat\n"}, r"p1 \(and 0 more\).*no entry"),
        ({"tags.csv": "file;label\n"}, "columns image and tags"),
        ({"tags.csv": "image,tags\n,cat\n"}, "line 2"),
        ({"labels.txt": "cat\ncat\n"}, "named twice"),
        (
            {"ImageSets/Segmentation/train.txt": "../p0\n", "tags.csv": "image,tags\n../p0,cat\n"},
            "lies outside the folder",
        ),
    ],
)
def test_bad_input_is_reported_with_its_place(
    make_voc: Callable[..., Path], files: dict[str, str], said: str
) -> None:
    root = write(make_voc(pictures=2), files)
    with pytest.raises(DatasetError, match=said):
        VocDataset(root, "train")


def test_an_unknown_split_is_answered_with_the_known_ones(make_voc: Callable[..., Path]) -> None:
    with pytest.raises(DatasetError, match="it has: train"):
        VocDataset(make_voc(), "test")


def test_a_dataset_without_any_tags_says_where_they_could_be(tmp_path: Path) -> None:
    root = write(tmp_path, {"ImageSets/Segmentation/train.txt": "a\n"})
    with pytest.raises(DatasetError, match=r"tags\.csv.*ImageSets/Main.*Annotations"):
        VocDataset(root, "train")


def test_the_fingerprint_survives_a_move_and_notices_a_changed_tag(make_voc: Callable[..., Path]) -> None:
    here, there = make_voc("here"), make_voc("there")
    fingerprint = VocDataset(here, "train").fingerprint
    assert VocDataset(there, "train").fingerprint == fingerprint
    (there / "tags.csv").write_text((there / "tags.csv").read_text().replace("p0.png,cat", "p0.png,dog"))
    assert VocDataset(there, "train").fingerprint != fingerprint


def test_pictures_can_be_left_out(make_voc: Callable[..., Path]) -> None:
    dataset = VocDataset(make_voc(pictures=3), "train")
    assert dataset.without({"p1"}).ids == ("p0", "p2")

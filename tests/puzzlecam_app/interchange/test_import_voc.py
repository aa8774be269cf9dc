"""Imports of folders in the layout of PASCAL VOC."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from db.datasets import require_dataset
from db.items import all_items
from puzzlecam_app.errors import UserError
from tests.helpers_pictures import Import, Studio, reasons, save_mask, voc_folder


def test_voc_with_annotations_and_splits(tmp_path: Path, studio: Studio, run: Import) -> None:
    names = {"a": ["cat", "person"], "b": ["dog"], "c": ["dog"]}
    voc_folder(
        tmp_path / "VOC2012",
        names,
        splits={"train": ["a", "gone"], "val": ["b", "a", "../x"], "trainval": ["a", "b"]},
    )
    report = run(tmp_path)
    assert (report.layout, report.classes[:2], len(report.classes)) == ("voc", ("aeroplane", "bicycle"), 20)
    assert studio.tags("data") == {"a": ["cat", "person"], "b": ["dog"], "c": ["dog"]}
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, "data").id)
    assert [(item.name, item.split) for item in items] == [("a", "train"), ("b", "val"), ("c", None)]
    assert reasons(report) == {
        "ImageSets, val.txt": ("error", "the name '../x' leads out of the folder"),
        "JPEGImages/a.jpg": ("warning", "the picture is listed in train and in val; the first one is used"),
        "JPEGImages/gone.jpg": ("error", "the picture is listed in train.txt but missing"),
    }


def test_one_split_of_voc(tmp_path: Path, studio: Studio, run: Import) -> None:
    voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["dog"]}, splits={"train": ["a"], "val": ["b"]})
    assert run(tmp_path / "in", split="val").found == 1
    assert studio.tags("data") == {"b": ["dog"]}
    with pytest.raises(UserError, match=r"no list of the split 'test' \(lists: train, val\)"):
        run(tmp_path / "in", "other", split="test")


def test_voc_with_main_lists_alone(tmp_path: Path, studio: Studio, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": [], "b": []})
    shutil.rmtree(root / "Annotations")
    with pytest.raises(UserError, match="neither Annotations nor lists"):
        run(root)
    main = root / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "cat_train.txt").write_text("a  1\nb -1\n")
    report = run(root)
    assert studio.tags("data") == {"a": ["cat"], "b": []}
    assert reasons(report) == {"JPEGImages/b.jpg": ("warning", "the picture has no tags")}


def test_a_bad_annotation_costs_only_its_tags(tmp_path: Path, studio: Studio, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["dog"]})
    (root / "Annotations" / "a.xml").write_text("<!DOCTYPE a []><annotation/>")
    report = run(root)
    assert studio.tags("data") == {"a": [], "b": ["dog"]}
    assert reasons(report)["Annotations/a.xml"][0] == "error"


def test_tags_from_masks(tmp_path: Path, studio: Studio, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": [], "b": []})
    shutil.rmtree(root / "Annotations")
    mask = np.zeros((6, 8), np.uint8)
    mask[0, :3] = (8, 15, 255)
    save_mask(root / "SegmentationClass" / "a.png", mask)
    report = run(root, tags_from_masks=True, classes_file=Path("voc"))
    assert studio.tags("data") == {"a": ["cat", "person"], "b": []}
    assert reasons(report) == {"JPEGImages/b.jpg": ("warning", "the picture has no mask to take tags from")}


def test_several_years_of_voc_must_be_named(tmp_path: Path, run: Import) -> None:
    for year in (2007, 2012):
        voc_folder(tmp_path / "VOCdevkit" / f"VOC{year}", {"a": ["cat"]})
    with pytest.raises(UserError, match="several VOC folders"):
        run(tmp_path)


def test_a_list_of_deeplab_gives_splits_and_masks(tmp_path: Path, studio: Studio, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"], "c": ["cat"]})
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a.jpg\n")
    (lists / "train_aug.txt").write_text(
        "".join(f"/JPEGImages/{name}.jpg /SegmentationClassAug/{name}.png\n" for name in "abc")
    )
    save_mask(root / "SegmentationClass" / "a.png", np.full((6, 8), 15))
    for name in "ab":
        save_mask(root / "SegmentationClassAug" / f"{name}.png", np.full((6, 8), 8))
    report = run(root, masks="ground-truth")
    assert report.ground_truth == 2
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, "data").id)
    assert [(item.name, item.split) for item in items] == [
        ("a", "train"),
        ("b", "train_aug"),
        ("c", "train_aug"),
    ]
    truth = items[0].ground_truth
    assert truth is not None
    assert studio.masks.get(truth)[0, 0] == 8
    assert reasons(report) == {
        "ImageSets/Segmentation/train_aug.txt": (
            "error",
            "the mask SegmentationClassAug/c.png of c is listed but missing",
        ),
        "SegmentationClass": (
            "warning",
            "1 mask was not used, because the picture has another one (first: SegmentationClass/a.png)",
        ),
    }


def test_masks_of_voc_in_capitals_and_in_the_augmented_folder_are_found(tmp_path: Path, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"]})
    save_mask(root / "SegmentationClass" / "a.PNG", np.full((6, 8), 8))
    save_mask(root / "SegmentationClassAug" / "b.png", np.full((6, 8), 8))
    report = run(root, masks="proposals")
    assert (report.proposals, report.problems) == (2, ())


@pytest.mark.parametrize(("name", "is_voc"), [("2007_000032", True), ("a", False)])
def test_the_augmented_folder_and_names_of_voc_say_that_the_classes_are_vocs(
    tmp_path: Path, run: Import, name: str, is_voc: bool
) -> None:
    root = voc_folder(tmp_path / "in", {name: []})
    save_mask(root / "SegmentationClassAug" / f"{name}.png", np.full((6, 8), 8))
    if is_voc:
        assert len(run(root, masks="ground-truth", tags_from_masks=True).classes) == 20
    else:
        with pytest.raises(UserError, match="nothing says which classes"):
            run(root, masks="ground-truth", tags_from_masks=True)


def test_masks_of_other_splits_are_not_called_unmatched(tmp_path: Path, run: Import) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"]}, splits={"train": ["a"], "val": ["b"]})
    for name in ("a", "b"):
        save_mask(root / "SegmentationClass" / f"{name}.png", np.full((6, 8), 8))
    report = run(root, masks="proposals", split="val")
    assert (report.proposals, report.problems) == (1, ())

"""Folders as people lay them out: what is a picture, a mask, a split or a class, and what is passed over."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import puzzlecam_app.interchange.folder_layout as folder_layout
from db.datasets import require_dataset
from db.items import all_items
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.folder_layout import find_layout
from tests.helpers_pictures import Import, Studio, reasons, save, save_mask, voc_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder beside the workspace."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def _mask(path: Path, index: int = 1) -> None:
    save_mask(path, np.full((6, 8), index))


def _picture(path: Path) -> None:
    save(path, seed=sum(path.as_posix().encode()))


def _splits(studio: Studio) -> dict[str, str | None]:
    with studio.database.read() as session:
        return {item.name: item.split for item in all_items(session, require_dataset(session, "data").id)}


def test_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(folder_layout).failed == 0


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        (("images/0.jpg", "images/1.jpg"), ("masks/0.png", "masks/1.PNG")),
        (("images/a.b.jpg", "images/c.jpg"), ("labels/a.b.png", "labels/c.jpg.png")),
        (("img_dir/train/0.jpg", "img_dir/val/0.jpg"), ("ann_dir/train/0.png", "ann_dir/val/0.png")),
        (("train/images/0.jpg", "valid/images/0.jpg"), ("train/masks/0.png", "valid/masks/0.png")),
        (("images/training/0.jpg", "images/x.jpg"), ("annotations/training/0.png", "annotations/X.png")),
        (("train/0.jpg", "val/0.jpg"), ("train_masks/0.png", "val_masks/0.png")),
        (("train/0.jpg", "test/0.jpg"), ("trainannot/0.png", "testannot/0.png")),
        (("train/0.jpg", "val/0.jpg"), ("labels/train/0.png", "labels/val/0.png")),
        (("0.jpg", "1.jpg"), ("labels/0.png", "labels/1.png")),
        (("sick/images/0.jpg", "well/images/0.jpg"), ("sick/masks/0.png", "well/masks/0.png")),
        (
            ("leftImg8bit/train/aachen/a_0_leftImg8bit.png", "leftImg8bit/val/ulm/b_0_leftImg8bit.png"),
            ("gtFine/train/aachen/a_0_gtFine_labelIds.png", "gtFine/val/ulm/b_0_gtFine_labelIds.png"),
        ),
    ],
)  # fmt: skip
def test_folders_of_pictures_and_masks_beside_each_other(
    folder: Path, run: Import, pictures: tuple[str, ...], masks: tuple[str, ...]
) -> None:
    for name in pictures:
        _picture(folder / name)
    for name in masks:
        _mask(folder / name)
    (folder / "labels.txt").write_text("cat\n")
    report = run(folder, masks="proposals", tags_from_masks=True)
    assert (report.found, report.proposals, report.problems) == (2, 2, ())


def test_splits_are_taken_from_the_folders(folder: Path, studio: Studio, run: Import) -> None:
    for name in ("train", "val"):
        _picture(folder / "images" / name / "0.jpg")
        _mask(folder / "masks" / name / "0.png")
    (folder / "labels.txt").write_text("cat\n")
    run(folder, tags_from_masks=True)
    assert _splits(studio) == {"images/train/0.jpg": "train", "images/val/0.jpg": "val"}
    assert set(map(tuple, studio.tags("data").values())) == {("cat",)}


def test_class_folders_inside_a_folder_of_pictures(folder: Path, studio: Studio, run: Import) -> None:
    _picture(folder / "images" / "cats" / "0.jpg")
    _picture(folder / "images" / "dogs" / "0.jpg")
    run(folder)
    assert studio.tags("data") == {"images/cats/0.jpg": ["cats"], "images/dogs/0.jpg": ["dogs"]}


def test_a_list_may_leave_out_the_folder_of_pictures(folder: Path, studio: Studio, run: Import) -> None:
    for name in ("train/0.jpg", "val/0.jpg"):
        _picture(folder / "images" / name)
        _mask((folder / "masks" / name).with_suffix(".png"))
    (folder / "tags.csv").write_text("image,tags\ntrain/0.jpg,cat\nval/0.jpg,dog\n")
    (folder / "labels.txt").write_text("cat\ndog\n")
    assert run(folder, masks="ground-truth").ground_truth == 2
    assert studio.tags("data") == {"images/train/0.jpg": ["cat"], "images/val/0.jpg": ["dog"]}
    assert _splits(studio) == {"images/train/0.jpg": "train", "images/val/0.jpg": "val"}


def _folder_with_masks(root: Path, pictures: list[str], masks: list[str]) -> Path:
    rows = []
    for name in pictures:
        _picture(root / name)
        rows.append(f"{name},cat\n")
    for name in masks:
        _mask(root / "masks" / name)
    (root / "tags.csv").write_text("image,tags\n" + "".join(rows))
    (root / "labels.txt").write_text("cat\n")
    return root


def test_a_mask_that_fits_two_pictures_is_refused(folder: Path, run: Import) -> None:
    root = _folder_with_masks(folder / "in", ["a.jpg", "a.png"], ["a.png"])
    report = run(root, masks="proposals")
    (problem,) = report.errors
    assert report.proposals == 0
    assert problem.reason == "the mask fits several pictures (a.jpg, a.png) and was not used"
    assert problem.remedy == "Name the masks a.jpg.png and a.png.png"

    for name in ("a.jpg.png", "a.png.png"):
        _mask(root / "masks" / name)
    (root / "masks" / "a.png").unlink()
    report = run(root, masks="proposals")
    assert (report.proposals, report.problems) == (2, ())


def test_a_mask_that_fits_two_pictures_of_voc_is_refused(folder: Path, run: Import) -> None:
    root = voc_folder(folder / "in", {"a": ["cat"]})
    _picture(root / "JPEGImages" / "a.png")
    _mask(root / "SegmentationClass" / "a.png", 8)
    report = run(root, masks="proposals")
    assert report.proposals == 0
    assert "fits several pictures" in reasons(report)["SegmentationClass/a.png"][1]


def test_masks_that_are_not_used_are_listed(folder: Path, run: Import) -> None:
    root = _folder_with_masks(
        folder / "in", ["a.jpg", "b.jpg", "c.jpg"], ["a.png", "a.PNG", "b_mask.png", "zzz.png"]
    )
    save(root / "masks" / "c.jpg", mode="L")
    (root / "masks" / "0.txt").write_text("0 0.5 0.5 1 1")
    report = run(root, masks="proposals")
    assert report.proposals == 1
    assert [(one.file, one.severity, one.reason, one.remedy) for one in report.problems] == [
        (
            "masks",
            "warning",
            "1 mask was not used, because the picture has another one (first: masks/a.PNG)",
            "Keep one mask for each picture",
        ),
        ("masks", "warning", "files that are no masks were passed over (1 .txt)", "Masks are PNG files"),
        (
            "masks/b_mask.png",
            "warning",
            "the mask fits no picture and was not used",
            "Rename it to b.png",
        ),
        (
            "masks/c.jpg",
            "error",
            "the mask is a JPEG file; lossy or coloured formats change indices",
            "Save it as a palette PNG (mode P) whose indices are the classes",
        ),
        (
            "masks/zzz.png",
            "warning",
            "the mask fits no picture and was not used",
            "Give it the path of its picture in masks, or remove it",
        ),
    ]  # fmt: skip
    assert not report.is_complete


def test_masks_that_nobody_asked_for_are_counted(folder: Path, run: Import) -> None:
    report = run(_folder_with_masks(folder / "in", ["a.jpg"], ["a.png", "zzz.png"]))
    assert (report.masks_unread, report.problems) == (1, ())


def test_a_class_folder_called_masks_is_passed_over_and_said(
    folder: Path, studio: Studio, run: Import
) -> None:
    for name in ("masks/0.jpg", "no_masks/0.jpg"):
        _picture(folder / name)
    report = run(folder)
    assert studio.tags("data") == {"no_masks/0.jpg": ["no_masks"]}
    assert reasons(report) == {
        "masks": (
            "warning",
            "the folder was taken for masks and passed over, but none of its 1 files fits a picture (first: "
            "masks/0.jpg)",
        )
    }
    assert not report.is_complete


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("images", "the pictures of all classes"),
        ("gtFine", "masks"),
        ("Labels", "masks"),
        ("val", "a split"),
    ],
)
def test_a_class_folder_with_the_name_of_something_else_is_remarked_on(
    folder: Path, studio: Studio, run: Import, name: str, content: str
) -> None:
    for class_name in (name, "cats"):
        _picture(folder / class_name / "0.jpg")
    report = run(folder)
    assert studio.tags("data")[f"{name}/0.jpg"] == [name]
    assert reasons(report) == {
        name: (
            "warning",
            f"the folder was read as the class {name!r}, but a folder of that name usually holds {content}",
        )
    }


def test_folders_inside_a_class_folder_are_remarked_on(folder: Path, studio: Studio, run: Import) -> None:
    _picture(folder / "animals" / "cat" / "0.jpg")
    _picture(folder / "animals" / "dog" / "0.jpg")
    report = run(folder)
    assert report.classes == ("animals",)
    assert "the names of its sub-folders (cat ...) were not used" in reasons(report)["animals"][1]


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (("train/0.jpg",), r"\(train: the folder was read as a split, not as a class\)"),
        (("train/images/0.jpg",), r"\(train/images: the folder was read as a folder of pictures"),
        (("images/0.jpg",), r"\(images: the folder was read as a folder of pictures"),
    ],
)
def test_without_a_class_it_is_said_what_the_folders_were_taken_for(
    folder: Path, run: Import, pictures: tuple[str, ...], message: str
) -> None:
    for name in pictures:
        _picture(folder / name)
    with pytest.raises(UserError, match=message):
        run(folder)


def test_labels_of_cityscapes_are_no_pictures_and_train_ids_are_refused(folder: Path, run: Import) -> None:
    _picture(folder / "leftImg8bit" / "train" / "aachen" / "a_0_leftImg8bit.png")
    for kind in ("labelTrainIds", "color", "instanceIds"):
        _mask(folder / "gtFine" / "train" / "aachen" / f"a_0_gtFine_{kind}.png")
    (folder / "labels.txt").write_text("road\n")
    report = run(folder, masks="proposals", format="folder")
    assert (report.found, report.proposals) == (1, 0)
    assert "gtFine" in {problem.file for problem in report.errors}
    assert "from 0 (road)" in reasons(report)["gtFine"][1]


def test_hidden_folders_and_links_are_no_part_of_the_layout(folder: Path) -> None:
    _picture(folder / "images" / "0.jpg")
    _mask(folder / ".masks" / "0.png")
    layout = find_layout(folder)
    assert (layout.picture_folders, layout.mask_folders) == (("images",), ())

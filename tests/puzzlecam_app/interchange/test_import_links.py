"""An import reads nothing outside of its folder through a link, unless it is told to follow links."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app import display
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.relocation import relocate_dataset
from puzzlecam_app.interchange.verify import verify_dataset
from puzzlecam_app.items import read_item
from tests.helpers_pictures import Import, Studio, reasons, save, save_mask, voc_folder

LEADS_OUT = "the link leads out of the folder"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of every dataset, with what links in a dataset could lead to."""
    root = voc_folder(tmp_path / "elsewhere", {"secret": ["cat"]}, splits={"train": ["secret"]})
    (root / "labels.txt").write_text("dog\ncat\n")
    (root / "tags.csv").write_text("image,tags\na.jpg,dog\n")
    save_mask(root / "a.png", np.ones((6, 8)))
    return root


def link(path: Path, target: Path) -> None:
    """A link in place of what is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("name", ["labels.txt", "tags.csv"])
def test_a_list_in_a_folder_that_is_a_link_out_of_it_stops_the_import(
    name: str, tmp_path: Path, elsewhere: Path, run: Import
) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg")
    link(tmp_path / "in" / name, elsewhere / name)
    with pytest.raises(UserError, match=rf"{name}: {LEADS_OUT}.*--follow-links"):
        run(tmp_path / "in")
    run(tmp_path / "in", follow_links=True)


VOC_PARTS = [
    "labels.txt",
    "JPEGImages",
    "Annotations",
    "ImageSets",
    "ImageSets/Segmentation",
    "ImageSets/Segmentation/train.txt",
]


@pytest.mark.parametrize("part", VOC_PARTS)
def test_a_part_of_a_voc_folder_that_is_a_link_out_of_it_stops_the_import(
    part: str, tmp_path: Path, elsewhere: Path, run: Import
) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"]}, splits={"train": ["a"]})
    link(root / part, elsewhere / part)
    with pytest.raises(UserError, match=LEADS_OUT):
        run(root)


def test_a_voc_folder_below_that_is_a_link_out_stops_the_import(
    tmp_path: Path, elsewhere: Path, run: Import
) -> None:
    link(tmp_path / "in" / "VOC2012", elsewhere)
    with pytest.raises(UserError, match=LEADS_OUT):
        run(tmp_path / "in")
    assert run(tmp_path / "in", follow_links=True).added == 1


def test_an_annotation_or_a_mask_that_is_a_link_out_is_left_out_and_told(
    tmp_path: Path, elsewhere: Path, run: Import
) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"]})
    link(root / "Annotations" / "b.xml", elsewhere / "Annotations" / "secret.xml")
    link(root / "SegmentationClass" / "a.png", elsewhere / "a.png")
    report = run(root, masks="ground-truth")
    problems = reasons(report)
    assert problems["Annotations/b.xml"] == ("error", LEADS_OUT)
    assert problems["SegmentationClass/a.png"] == ("error", LEADS_OUT)
    assert (report.added, report.ground_truth) == (2, 0)


def test_a_mask_in_a_folder_of_masks_that_is_a_link_out_is_left_out(
    tmp_path: Path, elsewhere: Path, run: Import
) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg")
    (tmp_path / "in" / "labels.txt").write_text("cat\n")
    link(tmp_path / "in" / "masks" / "cat" / "a.png", elsewhere / "a.png")
    report = run(tmp_path / "in", masks="ground-truth")
    assert reasons(report)["masks/cat/a.png"] == ("error", LEADS_OUT)
    assert run(tmp_path / "in", masks="ground-truth", follow_links=True).ground_truth == 1


@pytest.mark.parametrize("follow_links", [True, False])
def test_a_folder_of_links_to_pictures_is_imported_if_links_are_followed(
    follow_links: bool, tmp_path: Path, run: Import
) -> None:
    for seed in range(3):
        save(tmp_path / "store" / f"{seed}.jpg", seed=seed)
        link(tmp_path / "in" / "cat" / f"{seed}.jpg", tmp_path / "store" / f"{seed}.jpg")
    if not follow_links:
        with pytest.raises(UserError, match=LEADS_OUT):
            run(tmp_path / "in")
        return
    report = run(tmp_path / "in", follow_links=True)
    assert (report.added, report.is_complete) == (3, True)


def test_links_to_folders_are_followed_but_not_in_circles(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "store" / "a.jpg")
    link(tmp_path / "in" / "cat", tmp_path / "store")
    link(tmp_path / "store" / "back", tmp_path / "in")
    link(tmp_path / "in" / "here", tmp_path / "in")
    assert run(tmp_path / "in", follow_links=True).added == 1
    assert studio.tags("data") == {"cat/a.jpg": ["cat"]}


def test_a_dataset_remembers_that_links_are_followed(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "store" / "a.jpg")
    link(tmp_path / "in" / "cat" / "a.jpg", tmp_path / "store" / "a.jpg")
    run(tmp_path / "in", follow_links=True)
    save(tmp_path / "store" / "b.jpg", seed=1)
    link(tmp_path / "in" / "cat" / "b.jpg", tmp_path / "store" / "b.jpg")
    report = run(tmp_path / "in")
    assert (report.added, report.unchanged, report.is_complete) == (1, 1, True)


def test_what_one_dataset_was_told_does_not_hold_for_another_folder(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "store" / "a.jpg")
    for folder in ("in", "other"):
        link(tmp_path / folder / "cat" / "a.jpg", tmp_path / "store" / "a.jpg")
    run(tmp_path / "in", follow_links=True)
    with pytest.raises(UserError, match=LEADS_OUT):
        run(tmp_path / "other")


def test_the_folder_itself_may_be_a_link(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "store" / "cat" / "a.jpg")
    link(tmp_path / "in", tmp_path / "store")
    assert run(tmp_path / "in").added == 1


def a_picture(picture: Path, secret: Path) -> None:
    link(picture, secret)


def its_folder(picture: Path, secret: Path) -> None:
    link(picture.parent, secret.parent)


@pytest.mark.parametrize("replace", [a_picture, its_folder])
def test_a_picture_replaced_by_a_link_after_the_import_is_not_shown(
    replace: Callable[[Path, Path], None], tmp_path: Path, studio: Studio, run: Import
) -> None:
    picture = save(tmp_path / "in" / "cat" / "a.jpg")
    run(tmp_path / "in")
    replace(picture, save(tmp_path / "secrets" / "a.jpg", seed=1))
    with studio.database.read() as session:
        item = read_item(session, 1)
    for show in (lambda: display.picture(item, tmp_path / "cache", 10**6), lambda: item.load_image(10**6)):
        with pytest.raises(UserError, match="replaced by a link that leads out of the folder"):
            show()
    (problem,) = verify_dataset(studio.database, studio.masks, "data").problems
    assert LEADS_OUT in problem.reason


def test_a_dataset_that_follows_links_shows_what_they_lead_to(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "store" / "a.jpg")
    link(tmp_path / "in" / "cat" / "a.jpg", tmp_path / "store" / "a.jpg")
    run(tmp_path / "in", follow_links=True)
    with studio.database.read() as session:
        assert read_item(session, 1).load_image(10**6).shape == (6, 8, 3)


def test_a_relocated_dataset_follows_links_only_if_that_is_allowed_again(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "store" / "a.jpg")
    for folder in ("in", "moved"):
        link(tmp_path / folder / "cat" / "a.jpg", tmp_path / "store" / "a.jpg")
    run(tmp_path / "in", follow_links=True)
    with pytest.raises(UserError, match="none of the 1 pictures"):
        relocate_dataset(studio.database, "data", tmp_path / "moved")
    report = relocate_dataset(studio.database, "data", tmp_path / "moved", may_follow_links=True)
    assert (report.found, report.relocated) == (1, True)

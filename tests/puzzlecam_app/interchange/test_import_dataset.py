"""Whole imports: what a labeler's folder becomes, and what is said about the files that stay out."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.annotations import decide, history, latest_revision
from db.datasets import require_dataset, root_of
from db.items import all_items, find_item
from db.labels import latest_label_set
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.import_target import Outcome
from puzzlecam_app.interchange.reports import ImportReport, load_reports
from tests.helpers_pictures import (
    Import,
    Studio,
    exif,
    jpeg_bytes,
    png_16_bit_rgb,
    png_header,
    reasons,
    save,
    save_mask,
    voc_folder,
)


def test_one_folder_a_class(tmp_path: Path, studio: Studio, run: Import) -> None:
    save(tmp_path / "in" / "cats" / "1.jpg", seed=1)
    save(tmp_path / "in" / "dogs" / "1.jpg", seed=2)
    report = run(tmp_path / "in")
    assert (report.layout, report.classes, report.added) == ("folder", ("cats", "dogs"), 2)
    assert studio.tags("data") == {"cats/1.jpg": ["cats"], "dogs/1.jpg": ["dogs"]}


def test_class_folders_below_splits(tmp_path: Path, studio: Studio, run: Import) -> None:
    save(tmp_path / "in" / "train" / "cats" / "1.jpg", seed=1)
    save(tmp_path / "in" / "valid" / "dogs" / "1.jpg", seed=2)
    run(tmp_path / "in")
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, "data").id)
    assert [(item.name, item.split) for item in items] == [
        ("train/cats/1.jpg", "train"),
        ("valid/dogs/1.jpg", "val"),
    ]
    assert studio.tags("data") == {"train/cats/1.jpg": ["cats"], "valid/dogs/1.jpg": ["dogs"]}


def test_tags_from_a_list_and_a_split_for_all(tmp_path: Path, studio: Studio, run: Import) -> None:
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        save(tmp_path / "in" / name, seed=seed)
    listing = tmp_path / "elsewhere.csv"
    listing.write_text("image,tags,split\na.jpg,cat;dog,val\na.jpg,cow,\nb.jpg,cat,\nd.jpg,cat,\n")
    report = run(tmp_path / "in", tags_file=listing, split="train")
    assert studio.tags("data") == {"a.jpg": ["cat", "cow", "dog"], "b.jpg": ["cat"], "c.jpg": []}
    assert reasons(report) == {
        "a.jpg": ("warning", "the picture is listed twice; all its tags are used"),
        "c.jpg": ("warning", "the picture is not listed in elsewhere.csv and has no tags"),
        "elsewhere.csv, line 5": ("error", "the file d.jpg is listed but missing"),
    }
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, "data").id)
    assert [item.split for item in items] == ["val", "train", "train"]


def test_a_tag_outside_the_class_list_is_left_out_and_said(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "tags.json").write_text(json.dumps({"a.jpg": ["dgo", "cat"]}))
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    report = run(tmp_path / "in", classes_file=tmp_path / "classes.txt")
    assert report.classes == ("dog", "cat")
    assert studio.tags("data") == {"a.jpg": ["cat"]}
    (problem,) = report.errors
    assert "'dgo' is not in the class list" in problem.reason


@pytest.mark.parametrize("use", ["proposals", "ground-truth"])
def test_masks_become_what_was_asked(tmp_path: Path, studio: Studio, run: Import, use: str) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"]})
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4] = 8
    save_mask(root / "SegmentationClass" / "a.png", mask)
    report = run(root, masks=use)
    with studio.database.read() as session:
        item = find_item(session, report.dataset_id, "a")
        assert item is not None
        newest = latest_revision(session, item.id)
    if use == "proposals":
        assert (report.proposals, report.ground_truth, item.ground_truth) == (1, 0, None)
        assert newest is not None
        assert (newest.action, newest.proposed_by, newest.author) == ("proposed", "import", None)
        stored = newest.mask_hash
    else:
        assert (report.proposals, report.ground_truth, newest) == (0, 1, None)
        stored = item.ground_truth
    assert stored is not None
    np.testing.assert_array_equal(studio.masks.get(stored), mask)


def test_a_bad_mask_costs_only_the_mask(tmp_path: Path, studio: Studio, run: Import) -> None:
    save(tmp_path / "in" / "cats" / "a.jpg")
    save(tmp_path / "in" / "masks" / "cats" / "a.png", 4, 4)
    (tmp_path / "in" / "labels.txt").write_text("background\ncats\n")
    report = run(tmp_path / "in", masks="proposals")
    assert (report.added, report.proposals) == (1, 0)
    assert "made of colours" in reasons(report)["masks/cats/a.png"][1]


def test_masks_need_a_class_list(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "in" / "cats" / "a.jpg")
    save_mask(tmp_path / "in" / "masks" / "cats" / "a.png", np.zeros((6, 8)))
    with pytest.raises(UserError, match="nothing says which class") as error:
        run(tmp_path / "in", masks="proposals")
    assert "--classes" in str(error.value.remedy)


def _nasty(root: Path) -> None:
    """Everything that people have ever been sent, and one good picture."""
    save(root / "cat" / "good.jpg", seed=1)
    (root / "cat" / "truncated.jpg").write_bytes(jpeg_bytes()[:-200])
    (root / "cat" / "text.jpg").write_text("<html>404</html>")
    (root / "cat" / "empty.png").write_bytes(b"")
    (root / "cat" / "bomb.png").write_bytes(png_header(50_000, 50_000))
    save(root / "cat" / "turned.jpg", seed=2, exif=exif(6))
    save(root / "cat" / "cmyk.jpg", seed=3, mode="CMYK")
    save(root / "cat" / "grey.png", seed=4, mode="L")
    (root / "cat" / "deep.png").write_bytes(png_16_bit_rgb())
    save(root / "cat" / "alpha.png", seed=5, mode="RGBA")
    Image.new("RGB", (4, 3)).save(
        root / "cat" / "moves.gif", save_all=True, append_images=[Image.new("RGB", (4, 3), "red")]
    )
    shutil.copy(root / "cat" / "good.jpg", root / "cat" / "zz-copy.jpg")
    save(root / "cat" / "my cat.jpg", seed=6)
    save(root / "cat" / "кошка.jpg", seed=7)
    (root / "cat" / "notes.txt").write_text("not a picture, and nobody said so")


def test_a_nasty_folder_gives_its_good_pictures_and_a_remedy_for_each_other(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    _nasty(tmp_path / "in")
    report = run(tmp_path / "in")
    assert (report.found, report.added, report.left_out) == (14, 9, 5)
    assert set(studio.tags("data")) == {
        f"cat/{name}"
        for name in (
            "good.jpg", "turned.jpg", "cmyk.jpg", "grey.png", "deep.png", "alpha.png", "moves.gif",
            "my cat.jpg", "кошка.jpg",
        )
    }  # fmt: skip
    expected = {
        "truncated.jpg": ("error", "truncated"),
        "text.jpg": ("error", "not a picture"),
        "empty.png": ("error", "empty"),
        "bomb.png": ("error", "bomb"),
        "turned.jpg": ("warning", "EXIF orientation 6"),
        "cmyk.jpg": ("warning", "CMYK"),
        "grey.png": ("warning", "grey"),
        "deep.png": ("warning", "16 bits"),
        "alpha.png": ("warning", "transparent"),
        "moves.gif": ("warning", "several pictures"),
        "zz-copy.jpg": ("warning", "the same picture as cat/good.jpg"),
        "my cat.jpg": ("warning", "spaces"),
        "кошка.jpg": ("warning", "not ASCII"),
    }
    found = reasons(report)
    assert set(found) == {f"cat/{name}" for name in expected}
    for name, (severity, reason) in expected.items():
        assert found[f"cat/{name}"][0] == severity
        assert reason in found[f"cat/{name}"][1]
    assert all(problem.remedy for problem in report.problems)


def test_importing_twice_changes_nothing(tmp_path: Path, studio: Studio, run: Import) -> None:
    _nasty(tmp_path / "in")
    first = run(tmp_path / "in")
    before = _contents(studio)
    second = run(tmp_path / "in")
    assert (second.added, second.changed, second.unchanged) == (0, 0, 9)
    assert (second.problems, second.left_out) == (first.problems, first.left_out)
    assert _contents(studio) == before
    assert load_reports(studio.database, first.dataset_id) == [second, first]


def _contents(studio: Studio) -> object:
    with studio.database.read() as session:
        dataset = require_dataset(session, "data")
        items = [
            {column.key: getattr(item, column.key) for column in item.__table__.columns}
            for item in all_items(session, dataset.id)
        ]
        histories = [len(history(session, item["id"])) for item in items]
        return items, histories, latest_label_set(session, dataset.id).revision, studio.tags("data")


def test_masks_imported_twice_are_proposed_once_and_people_are_never_overruled(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"]})
    for name in ("a", "b"):
        save_mask(root / "SegmentationClass" / f"{name}.png", np.full((6, 8), 8))
    dataset_id = run(root, masks="proposals").dataset_id
    with studio.database.write() as session:
        item = find_item(session, dataset_id, "b")
        assert item is not None
        seen = latest_revision(session, item.id)
        assert seen is not None
        ann = get_or_create(session, "Ann").id
        decide(session, item.id, expected=seen.id, action="reject", author=ann)
    for name in ("a", "b"):
        save_mask(root / "SegmentationClass" / f"{name}.png", np.full((6, 8), 15))
    assert run(root, masks="proposals").proposals == 1
    assert run(root, masks="proposals").proposals == 0


def test_a_changed_folder_brings_the_dataset_up_to_date(tmp_path: Path, studio: Studio, run: Import) -> None:
    root = tmp_path / "in"
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        save(root / "cat" / name, seed=seed)
    run(root)
    save(root / "cat" / "b.jpg", seed=9)
    save(root / "dog" / "d.jpg", seed=10)
    report = run(root)
    assert (report.added, report.changed, report.unchanged) == (1, 1, 2)
    assert report.classes == ("cat", "dog")
    assert reasons(report) == {"cat/b.jpg": ("warning", "the picture has changed since it was imported")}


def test_a_picture_of_another_size_does_not_slip_under_masks(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    root = voc_folder(tmp_path / "in", {"a": ["cat"], "b": ["cat"]})
    save_mask(root / "SegmentationClass" / "a.png", np.full((6, 8), 8))
    run(root, masks="proposals")
    save(root / "JPEGImages" / "a.jpg", 20, 10)
    save(root / "JPEGImages" / "b.jpg", 20, 12)
    report = run(root)
    assert (report.changed, report.left_out) == (1, 1)
    assert "another size" in reasons(report)["JPEGImages/a.jpg"][1]
    with studio.database.read() as session:
        sizes = {item.name: item.width for item in all_items(session, report.dataset_id)}
    assert sizes == {"a": 8, "b": 20}


def test_one_photograph_in_two_class_folders_has_two_tags(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    save(tmp_path / "in" / "dog" / "1.jpg")
    run(tmp_path / "in")
    save(tmp_path / "in" / "cat" / "1.jpg")
    report = run(tmp_path / "in")
    # The one that was there first keeps its place, whatever the alphabet says.
    assert studio.tags("data") == {"dog/1.jpg": ["dog", "cat"]}
    assert (report.changed, report.left_out) == (1, 1)


def test_copies_are_independent_of_their_source(tmp_path: Path, studio: Studio, run: Import) -> None:
    save(tmp_path / "in" / "cat" / "a.PNG")
    report = run(tmp_path / "in", copy=True)
    shutil.rmtree(tmp_path / "in")
    with studio.database.read() as session:
        dataset = require_dataset(session, "data")
        (item,) = all_items(session, dataset.id)
        assert root_of(session, dataset) == studio.images
    assert item.path == f"{item.sha256[:2]}/{item.sha256}.png"
    assert (studio.images / item.path).is_file()
    assert report.added == 1


def test_a_name_belongs_to_one_folder(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "one" / "cat" / "a.jpg")
    save(tmp_path / "two" / "cat" / "a.jpg")
    run(tmp_path / "one")
    with pytest.raises(UserError, match="was imported from") as error:
        run(tmp_path / "two")
    assert "--name" in str(error.value.remedy)


def test_a_class_list_may_grow_but_not_change(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg")
    classes = tmp_path / "classes.txt"
    classes.write_text("cat\n")
    run(tmp_path / "in", classes_file=classes)
    classes.write_text("cat\ndog\n")
    assert run(tmp_path / "in", classes_file=classes).classes == ("cat", "dog")
    classes.write_text("dog\ncat\n")
    with pytest.raises(UserError, match="class list differs"):
        run(tmp_path / "in", classes_file=classes)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda root: None, {}, "no such folder"),
        (lambda root: root.mkdir(), {}, "no pictures were found"),
        (lambda root: save(root / "a.jpg"), {}, "have no tags"),
        (lambda root: save(root / "a.jpg"), {"format": "voc"}, "no folder JPEGImages"),
        (lambda root: save(root / "a.jpg"), {"tags_file": Path("nowhere.csv")}, "cannot be read"),
    ],
)
def test_a_dataset_that_cannot_be_taken_is_explained(
    tmp_path: Path, run: Import, make: Callable[[Path], object], options: dict[str, object], message: str
) -> None:
    make(tmp_path / "in")
    with pytest.raises(UserError, match=message) as error:
        run(tmp_path / "in", **options)
    assert error.value.where


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_listed(tmp_path: Path, run: Import) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg", seed=1)
    save(tmp_path / "in" / "cat" / "b.jpg", seed=2).chmod(0)
    assert "cannot be read" in reasons(run(tmp_path / "in"))["cat/b.jpg"][1]


def test_a_full_disk_stops_the_import_with_a_sentence(
    tmp_path: Path, run: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device") as error:
        run(tmp_path / "in", copy=True)
    assert "Free some disk space" in str(error.value.remedy)


def test_progress_counts_to_the_end(tmp_path: Path, run: Import) -> None:
    for seed in range(3):
        save(tmp_path / "in" / "cat" / f"{seed}.jpg", seed=seed)
    seen: list[tuple[int, int]] = []
    run(tmp_path / "in", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_outcomes_add_up() -> None:
    assert Outcome(1, 2, 3, 4, 5) + Outcome(1, 1, 1, 1, 1) == Outcome(2, 3, 4, 5, 6)


def test_a_report_is_plain_json(tmp_path: Path, run: Import) -> None:
    _nasty(tmp_path / "in")
    report = run(tmp_path / "in")
    assert ImportReport.model_validate_json(report.model_dump_json()) == report

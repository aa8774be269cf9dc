"""A picture stays itself when its file or its folder is renamed, vanishes or comes back."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from db.annotations import append_revision, history
from db.datasets import require_dataset
from db.items import all_items, present_items
from db.models import Item, utc_now
from db.palette import voc_palette
from db.queue import list_items
from db.users import get_or_create
from tests.helpers_pictures import Import, Studio, reasons, save, voc_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cats and two dogs, in class folders."""
    for seed, name in enumerate(("cat/0.jpg", "cat/1.jpg", "dog/0.jpg", "dog/1.jpg")):
        save(tmp_path / "in" / name, seed=seed)
    return tmp_path / "in"


def ids(studio: Studio) -> dict[str, int]:
    """Item ids of the pictures in the queue, by name."""
    with studio.database.read() as session:
        page = list_items(session, require_dataset(session, "data").id, limit=500)
    return {entry.item.name: entry.item.id for entry in page.items}


def items(studio: Studio) -> dict[int, Item]:
    with studio.database.read() as session:
        return {item.id: item for item in all_items(session, require_dataset(session, "data").id)}


def accept(studio: Studio, item_id: int) -> None:
    stored = studio.masks.put(np.ones((6, 8), np.uint8), voc_palette())
    with studio.database.write() as session:
        author = get_or_create(session, "Ann").id
        append_revision(session, item_id, expected=None, action="accepted", author=author, mask_hash=stored)


def actions(studio: Studio, item_id: int) -> list[str]:
    with studio.database.read() as session:
        return [revision.action for revision in history(session, item_id)]


def test_renamed_files_and_class_folders_keep_their_history(
    studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    before = ids(studio)
    accept(studio, before["cat/0.jpg"])
    names = {item.id: item.export_name for item in items(studio).values()}
    (folder / "cat").rename(folder / "kitty")
    (folder / "dog" / "0.jpg").rename(folder / "dog" / "zero.jpg")
    (folder / "dog" / "1.jpg").unlink()

    report = run(folder)

    assert ids(studio) == {
        "dog/zero.jpg": before["dog/0.jpg"],
        "kitty/0.jpg": before["cat/0.jpg"],
        "kitty/1.jpg": before["cat/1.jpg"],
    }
    assert actions(studio, before["cat/0.jpg"]) == ["accepted"]
    assert studio.tags("data")["kitty/0.jpg"] == ["kitty"]
    assert items(studio)[before["cat/0.jpg"]].path == "kitty/0.jpg"
    assert {item.id: item.export_name for item in items(studio).values()} == names
    assert (report.added, report.changed, report.renamed, report.missing) == (0, 3, 3, 1)
    assert [(file, severity) for file, (severity, _) in reasons(report).items()] == [("dog/1.jpg", "warning")]
    assert not report.is_complete


def test_what_vanished_comes_back_under_any_name(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    before = ids(studio)
    accept(studio, before["dog/1.jpg"])
    (folder / "dog" / "1.jpg").rename(folder.parent / "kept.jpg")
    run(folder)
    assert "dog/1.jpg" not in ids(studio)
    assert run(folder).problems == ()  # said once

    (folder.parent / "kept.jpg").rename(folder / "dog" / "back.jpg")
    report = run(folder)

    assert ids(studio)["dog/back.jpg"] == before["dog/1.jpg"]
    assert actions(studio, before["dog/1.jpg"]) == ["accepted"]
    assert (report.added, report.renamed, report.missing) == (0, 1, 0)


def test_names_may_be_exchanged(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    before = ids(studio)
    (folder / "cat" / "0.jpg").rename(folder / "cat" / "x.jpg")
    (folder / "cat" / "1.jpg").rename(folder / "cat" / "0.jpg")
    (folder / "cat" / "x.jpg").rename(folder / "cat" / "1.jpg")
    report = run(folder)
    after = ids(studio)
    assert (after["cat/0.jpg"], after["cat/1.jpg"]) == (before["cat/1.jpg"], before["cat/0.jpg"])
    assert (report.added, report.renamed, report.problems) == (0, 2, ())


def test_a_name_passes_to_the_picture_that_has_it_now(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    before = ids(studio)
    (folder / "cat" / "1.jpg").replace(folder / "cat" / "0.jpg")
    report = run(folder)
    assert ids(studio)["cat/0.jpg"] == before["cat/1.jpg"]
    gone = items(studio)[before["cat/0.jpg"]]
    assert (gone.name, gone.missing_since is not None) == ("cat/0.jpg (missing)", True)
    assert list(reasons(report)) == ["cat/0.jpg"]

    save(folder / "cat" / "again.jpg", seed=0)
    run(folder)
    assert ids(studio)["cat/again.jpg"] == before["cat/0.jpg"]


def test_another_picture_under_the_name_of_a_missing_one_is_new(
    studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    before = ids(studio)
    (folder / "cat" / "0.jpg").unlink()
    run(folder)
    save(folder / "cat" / "0.jpg", seed=9)
    report = run(folder)
    assert report.added == 1
    assert ids(studio)["cat/0.jpg"] not in before.values()


def test_an_edited_picture_is_still_that_picture(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    before = ids(studio)
    save(folder / "cat" / "0.jpg", seed=9)
    report = run(folder)
    assert ids(studio) == before
    assert (report.changed, report.missing) == (1, 0)
    assert reasons(report)["cat/0.jpg"] == ("warning", "the picture has changed since it was imported")


def test_of_two_equal_files_the_known_one_stays_and_the_other_can_take_its_place(
    studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    before = ids(studio)
    shutil.copy(folder / "dog" / "1.jpg", folder / "dog" / "0 copy.jpg")
    assert run(folder).renamed == 0
    assert ids(studio) == before
    (folder / "dog" / "1.jpg").unlink()
    assert run(folder).renamed == 1
    assert ids(studio)["dog/0 copy.jpg"] == before["dog/1.jpg"]


def test_importing_another_split_makes_nothing_missing(tmp_path: Path, studio: Studio, run: Import) -> None:
    names = {"a": ["cat"], "b": ["cat"]}
    voc = voc_folder(tmp_path / "voc", names, splits={"train": ["a"], "val": ["b"]})
    run(voc, split="train")
    report = run(voc, split="val")
    assert (report.added, report.missing, report.renamed) == (1, 0, 0)
    assert set(ids(studio)) == {"a", "b"}


def test_a_copy_of_a_picture_in_another_split_is_not_taken_for_its_new_name(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    voc = voc_folder(tmp_path / "voc", {"a": ["cat"]}, splits={"train": ["a"], "val": ["b"]})
    shutil.copy(voc / "JPEGImages" / "a.jpg", voc / "JPEGImages" / "b.jpg")
    for copied in (False, True):
        shutil.copy(voc / "Annotations" / "a.xml", voc / "Annotations" / "b.xml")
        name = f"data-{copied}"
        run(voc, name, split="train", copy=copied)
        report = run(voc, name, split="val", copy=copied)
        assert (report.added, report.renamed, report.left_out) == (0, 0, 1)
        assert set(studio.tags(name)) == {"a"}


def test_capitals_may_change_where_the_file_system_does_not_tell_them_apart(
    tmp_path: Path, studio: Studio, run: Import
) -> None:
    voc = voc_folder(tmp_path / "voc", {"a": ["cat"]}, splits={"train": ["a"], "val": ["A"]})
    # One file under both names, as such a file system shows it.
    os.link(voc / "JPEGImages" / "a.jpg", voc / "JPEGImages" / "A.jpg")
    shutil.copy(voc / "Annotations" / "a.xml", voc / "Annotations" / "A.xml")
    run(voc, split="train")
    before = ids(studio)
    report = run(voc, split="val")
    assert (report.renamed, report.left_out) == (1, 0)
    assert ids(studio) == {"A": before["a"]}


def test_an_unreadable_picture_is_not_missing(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    before = ids(studio)
    (folder / "cat" / "0.jpg").write_bytes(b"damaged")
    report = run(folder)
    assert (report.missing, report.left_out) == (0, 1)
    assert ids(studio) == before


def test_copied_pictures_keep_their_history_and_are_never_missing(
    studio: Studio, run: Import, folder: Path
) -> None:
    run(folder, copy=True)
    before = ids(studio)
    (folder / "cat").rename(folder / "kitty")
    (folder / "dog" / "1.jpg").unlink()
    report = run(folder, copy=True)
    assert ids(studio)["kitty/0.jpg"] == before["cat/0.jpg"]
    assert ids(studio)["dog/1.jpg"] == before["dog/1.jpg"]
    assert (report.added, report.renamed, report.missing) == (0, 2, 0)


def test_work_on_an_item_that_lost_its_file_is_found_again(studio: Studio, run: Import, folder: Path) -> None:
    """A renamed picture may have become a second, empty item beside the one with the work."""
    run(folder)
    before = ids(studio)
    accept(studio, before["cat/0.jpg"])
    with studio.database.write() as session:
        old = session.get_one(Item, before["cat/0.jpg"])
        fields = {
            name: getattr(old, name)
            for name in ("dataset_id", "sha256", "width", "height", "orientation", "media_type")
        }
        session.add(Item(name="cat/zero.jpg", path="cat/zero.jpg", **fields))
    (folder / "cat" / "0.jpg").rename(folder / "cat" / "zero.jpg")

    report = run(folder)

    assert ids(studio)["cat/zero.jpg"] == before["cat/0.jpg"]
    assert (report.added, report.renamed, report.missing) == (0, 1, 1)
    assert len(ids(studio)) == 4


def test_a_picture_that_stays_away_stays_missing(studio: Studio, run: Import, folder: Path) -> None:
    run(folder)
    gone = ids(studio)["cat/0.jpg"]
    since = utc_now()
    with studio.database.write() as session:
        session.get_one(Item, gone).missing_since = since
    (folder / "cat" / "0.jpg").unlink()
    run(folder)
    assert items(studio)[gone].missing_since == since
    with studio.database.read() as session:
        assert len(present_items(session, require_dataset(session, "data").id)) == 3

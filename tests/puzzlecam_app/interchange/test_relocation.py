"""A dataset whose folder, or whose workspace, was moved keeps all its work."""

import shutil
from pathlib import Path

import pytest

from db.datasets import require_dataset
from db.items import all_items, present_items
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.relocation import RelocateReport, relocate_dataset
from puzzlecam_app.items import read_item
from tests.helpers_pictures import Import, Studio, open_studio, save, voc_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures in class folders."""
    for seed, name in enumerate(("cat/0.jpg", "cat/1.jpg", "dog/0.jpg")):
        save(tmp_path / "in" / name, seed=seed)
    return tmp_path / "in"


def relocate(studio: Studio, path: Path, *, partial: bool = False) -> RelocateReport:
    return relocate_dataset(studio.database, "data", path, partial=partial)


def paths(studio: Studio) -> dict[int, Path]:
    """Files of the pictures that are not missing, by item id."""
    with studio.database.read() as session:
        items = present_items(session, require_dataset(session, "data").id)
        return {item.id: Path(read_item(session, item.id).place) for item in items}


def test_a_moved_folder_is_found_by_content(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    before = paths(studio)
    moved = folder.rename(tmp_path / "moved")
    (moved / "cat").rename(moved / "kitty")
    (moved / "notes.txt").write_text("not a picture")

    report = relocate(studio, moved)

    assert (report.pictures, report.found, report.renamed, report.missing) == (3, 3, 2, ())
    assert report.relocated
    after = paths(studio)
    assert after.keys() == before.keys()
    assert all(path.is_file() and path.is_relative_to(moved) for path in after.values())
    again = run(moved)
    assert (again.added, again.unchanged, again.renamed, again.missing) == (0, 1, 0, 0)
    assert studio.tags("data")["kitty/0.jpg"] == ["kitty"]


def test_nothing_changes_when_pictures_are_missing_unless_that_is_asked_for(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    before = paths(studio)
    moved = folder.rename(tmp_path / "moved")
    (moved / "dog" / "0.jpg").rename(tmp_path / "kept.jpg")

    report = relocate(studio, moved)
    assert (report.found, report.missing, report.relocated) == (2, ("dog/0.jpg",), False)
    assert paths(studio) == before

    report = relocate(studio, moved, partial=True)
    assert (report.found, report.missing, report.relocated) == (2, ("dog/0.jpg",), True)
    assert {path.name for path in paths(studio).values()} == {"0.jpg", "1.jpg"}

    (tmp_path / "kept.jpg").rename(moved / "dog" / "back.jpg")
    report = relocate(studio, moved)
    assert (report.pictures, report.found, report.renamed) == (3, 3, 1)
    assert paths(studio).keys() == before.keys()


def test_a_folder_without_any_of_the_pictures_is_refused(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    save(tmp_path / "other" / "a.jpg", seed=9)
    with pytest.raises(UserError, match="none of the 3 pictures"):
        relocate(studio, tmp_path / "other", partial=True)
    with pytest.raises(UserError, match="no such folder"):
        relocate(studio, tmp_path / "nowhere")


def test_equal_files_in_the_new_folder_confuse_nobody(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    moved = folder.rename(tmp_path / "moved")
    shutil.copy(moved / "cat" / "1.jpg", moved / "cat" / "0 copy.jpg")
    report = relocate(studio, moved)
    assert (report.found, report.renamed) == (3, 0)
    with studio.database.read() as session:
        names = [item.name for item in all_items(session, require_dataset(session, "data").id)]
    assert names == ["cat/0.jpg", "cat/1.jpg", "dog/0.jpg"]


def test_names_of_voc_pictures_follow_their_files(tmp_path: Path, studio: Studio, run: Import) -> None:
    voc = voc_folder(tmp_path / "VOCdevkit" / "VOC2012", {"a": ["cat"], "b": ["dog"]})
    run(tmp_path / "VOCdevkit")
    moved = (tmp_path / "VOCdevkit").rename(tmp_path / "moved")
    pictures = moved / voc.name / "JPEGImages"
    (pictures / "b.jpg").rename(pictures / "c.jpg")
    assert relocate(studio, moved).renamed == 1
    with studio.database.read() as session:
        items = all_items(session, require_dataset(session, "data").id)
    assert [(item.name, item.path) for item in items] == [
        ("a", "JPEGImages/a.jpg"),
        ("c", "JPEGImages/c.jpg"),
    ]
    with pytest.raises(UserError, match="no folder JPEGImages"):
        relocate(studio, pictures)


def test_the_refusal_of_an_import_names_the_way_out(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    moved = folder.rename(tmp_path / "moved")
    with pytest.raises(UserError) as refused:
        run(moved)
    assert f"dataset relocate data {moved}" in (refused.value.remedy or "")


def test_a_link_to_the_folder_is_the_same_folder(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder)
    (tmp_path / "link").symlink_to(folder)
    assert run(tmp_path / "link").unchanged == 3


def test_a_workspace_with_copied_pictures_can_be_moved(
    tmp_path: Path, studio: Studio, run: Import, folder: Path
) -> None:
    run(folder, copy=True)
    shutil.rmtree(folder)
    with pytest.raises(UserError, match="copied into the workspace"):
        relocate(studio, tmp_path)
    studio.database.close()
    studio.root.rename(tmp_path / "elsewhere")

    moved = open_studio(tmp_path / "elsewhere")

    found = paths(moved)
    assert len(found) == 3
    assert all(path.is_file() and path.is_relative_to(tmp_path / "elsewhere") for path in found.values())

"""What the Datasets page says about a moved folder."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

from db.datasets import require_dataset
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.pages.moved_folder import relocated
from puzzlecam_app.services import Services
from tests.helpers_pictures import save


@pytest.fixture
def folder(services: Services, tmp_path: Path) -> Path:
    """Two pictures, imported as `pets`."""
    folder = tmp_path / "pets"
    for seed, name in enumerate(("cat/a.jpg", "dog/b.jpg")):
        save(folder / name, seed=seed)
    import_dataset(services.stores, folder, "pets")
    return folder


def _relocate(services: Services, folder: Path | str, *, partial: bool = False) -> str:
    return relocated(services, "pets", str(folder), partial, gr.Progress())


def _root(services: Services) -> str:
    with services.database.read() as session:
        return require_dataset(session, "pets").root


def test_a_moved_folder_is_found(services: Services, folder: Path) -> None:
    moved = folder.rename(folder.with_name("moved"))
    (moved / "cat" / "a.jpg").rename(moved / "cat" / "c.jpg")
    said = _relocate(services, moved)
    assert said.startswith("**2 of 2 pictures found**")
    assert "1 of them under another name" in said
    assert _root(services) == str(moved)


def test_missing_pictures_are_named_and_nothing_changes_unless_ticked(
    services: Services, folder: Path
) -> None:
    moved = folder.rename(folder.with_name("moved"))
    (moved / "dog" / "b.jpg").unlink()
    said = _relocate(services, moved)
    assert "Missing: dog/b.jpg." in said
    assert "Nothing was changed." in said
    assert _root(services) == str(folder)
    assert "Nothing was changed" not in _relocate(services, moved, partial=True)
    assert _root(services) == str(moved)


def test_what_cannot_be_done_is_said(services: Services, folder: Path) -> None:
    assert "a folder is needed" in _relocate(services, " ")
    assert "there is no such file or folder" in _relocate(services, folder / "nowhere")
    assert "no dataset is selected" in relocated(services, None, str(folder), False, gr.Progress())


def test_folders_that_pages_may_not_import_from_are_refused(
    make_services: Callable[..., Services], services: Services, folder: Path, tmp_path: Path
) -> None:
    restricted = make_services(import_roots=(tmp_path / "allowed",))
    moved = folder.rename(folder.with_name("moved"))
    assert "may not import from here" in _relocate(restricted, moved)
    assert _root(services) == str(folder)

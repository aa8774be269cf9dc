"""The sample project, and checking datasets later."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from db.annotations import propose
from db.datasets import find_dataset, remove_dataset, require_dataset
from db.errors import NotFoundError
from db.items import all_items
from db.palette import voc_palette
from puzzlecam_app.assets import assets_dir
from puzzlecam_app.interchange import sample
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.interchange.pictures import load_upright_rgb
from puzzlecam_app.interchange.sample import SAMPLE_NAME, ensure_sample, import_sample, sample_pictures
from puzzlecam_app.interchange.verify import verify_dataset
from tests.helpers_pictures import Studio, save


def test_every_sample_picture_is_a_real_photograph_with_its_origin() -> None:
    pictures = sample_pictures()
    assert len({picture.name for picture in pictures}) == len(pictures) >= 6
    for picture in pictures:
        assert find_spec(picture.package) is not None
        path = picture.find()
        assert path is not None, f"{picture.package} no longer has {picture.file}"
        assert min(load_upright_rgb(path).shape[:2]) >= 256
        assert picture.license
        assert picture.source


def test_the_sample_is_there_on_the_first_start_and_only_then(studio: Studio) -> None:
    assert ensure_sample(studio.stores) == len(sample_pictures())
    assert studio.tags(SAMPLE_NAME)["portrait-astronaut.png"] == ["person", "space shuttle"]
    assert ensure_sample(studio.stores) == 0
    with studio.database.write() as session:
        remove_dataset(session, require_dataset(session, SAMPLE_NAME).id)
    assert ensure_sample(studio.stores) == 0


def test_a_workspace_with_other_datasets_gets_no_sample(tmp_path: Path, studio: Studio) -> None:
    save(tmp_path / "in" / "cat" / "a.jpg")
    import_dataset(studio.stores, tmp_path / "in", "mine")
    assert ensure_sample(studio.stores) == 0
    with studio.database.read() as session:
        assert find_dataset(session, SAMPLE_NAME) is None


def test_a_sample_that_was_cut_off_is_completed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from puzzlecam_app.interchange import importing

    def cut_off(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "keep_report", cut_off)
        with pytest.raises(KeyboardInterrupt):
            ensure_sample(studio.stores)
    ensure_sample(studio.stores)
    assert len(studio.tags(SAMPLE_NAME)) == len(sample_pictures())


def test_a_picture_that_a_package_dropped_is_listed_as_missing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = sample_pictures()
    gone = pictures[0].model_copy(update={"package": "no_such_package"})
    monkeypatch.setattr(sample, "sample_pictures", lambda: (gone, *pictures[1:]))
    report = import_sample(studio.stores)
    assert report.added == len(pictures) - 1
    assert [problem.reason for problem in report.errors] == [f"the file {gone.name} is listed but missing"]


def test_assets_are_found_in_a_checkout() -> None:
    assert (assets_dir() / "sample" / "manifest.toml").is_file()


def test_verifying_finds_what_is_gone_or_changed(tmp_path: Path, studio: Studio) -> None:
    root = tmp_path / "in"
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        save(root / "cat" / name, seed=seed)
    dataset_id = import_dataset(studio.stores, root, "data").dataset_id
    stored = studio.masks.put(np.zeros((6, 8), np.uint8), voc_palette())
    with studio.database.write() as session:
        for item in all_items(session, dataset_id):
            propose(session, item.id, mask_hash=stored, proposed_by="model")
    report = verify_dataset(studio.database, studio.masks, "data")
    assert (report.pictures, report.masks, report.problems) == (3, 1, ())

    (root / "cat" / "a.jpg").unlink()
    save(root / "cat" / "b.jpg", seed=99)
    studio.masks.path(stored).write_bytes(b"")
    report = verify_dataset(studio.database, studio.masks, "data")
    assert [problem.file for problem in report.problems] == ["cat/a.jpg", "cat/b.jpg", f"mask {stored}"]
    assert all(problem.severity == "error" and problem.remedy for problem in report.problems)
    with pytest.raises(NotFoundError, match="datasets are: data"):
        verify_dataset(studio.database, studio.masks, "other")

"""What comes out of an export is what the editor showed, and other tools read it."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.annotations import append_revision, latest_revision
from db.datasets import require_dataset
from db.errors import InvalidInputError, NotFoundError
from db.items import all_items, tags_of
from db.models import utc_now
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.exporting import ExportOptions
from puzzlecam_app.interchange.exporting import export_dataset as export_voc
from puzzlecam_app.interchange.formats.voc_write import VOC_FOLDER
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.interchange.pictures import load_upright_rgb
from tests.helpers_pictures import Studio, exif, open_studio, save

WIDTH, HEIGHT = 40, 24


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Five pictures of cats and dogs, of which four have accepted or corrected masks."""
    studio = open_studio(tmp_path / "workspace")
    root = tmp_path / "in"
    save(root / "photo.jpg", WIDTH, HEIGHT, seed=1)
    save(root / "my dog.jpg", HEIGHT, WIDTH, seed=2, exif=exif(6))
    save(root / "grey.jpg", WIDTH, HEIGHT, seed=3, mode="L")
    save(root / "drawn.png", WIDTH, HEIGHT, seed=4)
    save(root / "untouched.jpg", WIDTH, HEIGHT, seed=5)
    rows = ["photo.jpg,cat;dog,train", "my dog.jpg,dog,val", "grey.jpg,cat,", "drawn.png,dog,test"]
    (root / "tags.csv").write_text("\n".join(["image,tags,split", *rows, "untouched.jpg,cat,train"]))
    import_dataset(studio.stores, root, "pets")
    for number, name in enumerate(("photo.jpg", "my dog.jpg", "grey.jpg", "drawn.png"), start=1):
        record(studio, name, mask(number), "accepted" if number % 2 else "corrected")
    return studio


def mask(seed: int) -> np.ndarray:
    """Random indices of background, cat (1), dog (2) and void."""
    return np.random.default_rng(seed).choice(np.array([0, 1, 2, 255], np.uint8), (HEIGHT, WIDTH))


def record(studio: Studio, name: str, indices: np.ndarray, action: str) -> int:
    """Append a revision to the picture `name`."""
    stored = studio.masks.put(indices, voc_palette())
    with studio.database.write() as session:
        dataset_id = require_dataset(session, "pets").id
        (item,) = [item for item in all_items(session, dataset_id) if item.name == name]
        newest = latest_revision(session, item.id)
        return append_revision(
            session,
            item.id,
            expected=newest.id if newest else None,
            action=action,
            author=get_or_create(session, "Ann").id,
            mask_hash=stored,
        ).id


def read_lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_masks_come_out_pixel_for_pixel_in_vocs_palette(tmp_path: Path, studio: Studio) -> None:
    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "out")
    assert report.exported == 4
    folder = tmp_path / "out" / VOC_FOLDER / "SegmentationClass"
    assert sorted(path.name for path in folder.iterdir()) == [
        "drawn.png", "grey.png", "my_dog.png", "photo.png",
    ]  # fmt: skip
    for number, name in enumerate(("photo", "my_dog", "grey", "drawn"), start=1):
        with Image.open(folder / f"{name}.png") as image:
            assert image.mode == "P"
            assert image.getpalette() == list(voc_palette())
            np.testing.assert_array_equal(np.array(image), mask(number))


def test_torchvision_reads_it(tmp_path: Path, studio: Studio) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    export_voc(studio.database, studio.masks, "pets", tmp_path / "out")
    found = {}
    for split in ("train", "val", "trainval"):
        for picture, target in datasets.VOCSegmentation(str(tmp_path / "out"), image_set=split):
            assert picture.size == target.size == (WIDTH, HEIGHT)
            found.setdefault(split, []).append(np.array(target))
    np.testing.assert_array_equal(found["train"], [mask(3), mask(1)])
    np.testing.assert_array_equal(found["val"], [mask(2)])
    np.testing.assert_array_equal(found["trainval"], [mask(3), mask(2), mask(1)])


def test_lists_follow_the_splits_and_what_is_in_the_masks(tmp_path: Path, studio: Studio) -> None:
    record(studio, "photo.jpg", np.full((HEIGHT, WIDTH), 1, np.uint8), "corrected")
    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "out")
    root = Path(report.root)
    assert root == tmp_path / "out" / VOC_FOLDER
    assert report.splits == {"none": 1, "train": 1, "val": 1, "test": 1}
    for folder in ("Segmentation", "Main"):
        lists = {
            split: read_lines(root / "ImageSets" / folder / f"{split}.txt")
            for split in ("train", "val", "trainval", "test")
        }
        # "grey" has no split, so it is for training.
        assert lists == {
            "train": ["grey", "photo"],
            "val": ["my_dog"],
            "trainval": ["grey", "my_dog", "photo"],
            "test": ["drawn"],
        }
    # In "photo" nobody outlined the dog it is tagged with; in "grey" there is one although no tag says so.
    assert read_lines(root / "ImageSets" / "Main" / "dog_train.txt") == ["grey  1", "photo  0"]
    assert read_lines(root / "ImageSets" / "Main" / "cat_train.txt") == ["grey  1", "photo  1"]
    assert read_lines(root / "labels.txt") == ["background", "cat", "dog"]


def test_a_class_that_is_neither_tag_nor_mask_is_minus_one(tmp_path: Path, studio: Studio) -> None:
    record(studio, "drawn.png", np.zeros((HEIGHT, WIDTH), np.uint8), "corrected")
    root = Path(export_voc(studio.database, studio.masks, "pets", tmp_path / "out").root)
    assert read_lines(root / "ImageSets" / "Main" / "cat_test.txt") == ["drawn -1"]


def test_pictures_are_linked_where_nothing_must_change(tmp_path: Path, studio: Studio) -> None:
    root = Path(export_voc(studio.database, studio.masks, "pets", tmp_path / "out").root)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    stored = {one["name"]: one["picture"] for one in manifest["items"]}
    assert stored == {"photo": "linked", "grey": "linked", "my_dog": "re-encoded", "drawn": "re-encoded"}
    assert (root / "JPEGImages" / "photo.jpg").samefile(tmp_path / "in" / "photo.jpg")
    for name in ("my dog.jpg", "drawn.png"):
        target = root / "JPEGImages" / f"{Path(name).stem.replace(' ', '_')}.jpg"
        with Image.open(target) as image:
            assert (image.format, image.mode, image.getexif().get(0x0112)) == ("JPEG", "RGB", None)
        difference = np.abs(load_upright_rgb(target).astype(int) - load_upright_rgb(tmp_path / "in" / name))
        assert difference.mean() < 8


def test_copies_when_links_are_not_wanted_or_not_possible(
    tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_voc(studio.database, studio.masks, "pets", tmp_path / "one", ExportOptions(pictures="copy"))

    def refuse(*_arguments: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    export_voc(studio.database, studio.masks, "pets", tmp_path / "two")
    for out in ("one", "two"):
        copy = tmp_path / out / VOC_FOLDER / "JPEGImages" / "photo.jpg"
        assert not copy.samefile(tmp_path / "in" / "photo.jpg")
        assert copy.read_bytes() == (tmp_path / "in" / "photo.jpg").read_bytes()


def test_the_manifest_tells_what_every_mask_is(tmp_path: Path, studio: Studio) -> None:
    revision = record(studio, "photo.jpg", mask(9), "corrected")
    export_voc(studio.database, studio.masks, "pets", tmp_path / "out", ExportOptions(void_boundary_px=1))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["format"] == "voc"
    assert manifest["dataset"]["name"] == "pets"
    assert manifest["label_set"] == {"revision": 1, "classes": ["cat", "dog"]}
    assert (manifest["void_boundary_px"], manifest["statuses"]) == (1, ["accepted", "corrected"])
    (photo,) = [one for one in manifest["items"] if one["item"] == "photo.jpg"]
    assert (photo["revision"], photo["status"], photo["author"]) == (revision, "corrected", "Ann")
    np.testing.assert_array_equal(studio.masks.get(photo["mask_hash"]), mask(9))
    for one in manifest["items"]:
        picture = tmp_path / "out" / VOC_FOLDER / "JPEGImages" / f"{one['name']}.jpg"
        assert hashlib.sha256(picture.read_bytes()).hexdigest() == one["picture_sha256"]


def test_an_export_is_imported_back_as_it_was(tmp_path: Path, studio: Studio) -> None:
    export_voc(studio.database, studio.masks, "pets", tmp_path / "out")
    again = open_studio(tmp_path / "again")
    report = import_dataset(again.stores, tmp_path / "out", "pets", options=ImportOptions(masks="proposals"))
    assert (report.classes, report.added, report.proposals, report.errors) == (("cat", "dog"), 4, 4, ())
    assert again.tags("pets")["photo"] == ["cat", "dog"]
    with again.database.read() as session:
        for item in all_items(session, report.dataset_id):
            newest = latest_revision(session, item.id)
            assert newest is not None
            number = ["photo", "my_dog", "grey", "drawn"].index(item.name) + 1
            np.testing.assert_array_equal(again.masks.get(newest.mask_hash), mask(number))


def test_statuses_choose_the_pictures(tmp_path: Path, studio: Studio) -> None:
    def export(*statuses: str) -> int:
        options = ExportOptions(statuses)
        return export_voc(studio.database, studio.masks, "pets", tmp_path / "out", options).exported

    assert (export("accepted"), export("corrected"), export("done")) == (2, 2, 4)
    record(studio, "untouched.jpg", mask(7), "proposed")
    assert export("done", "proposed") == 5
    with pytest.raises(UserError, match="no masks that are rejected"):
        export("rejected")
    with pytest.raises(InvalidInputError, match="no status 'finished'"):
        export("finished")


def test_an_unknown_dataset_is_answered_with_the_known_ones(tmp_path: Path, studio: Studio) -> None:
    with pytest.raises(NotFoundError, match="datasets are: pets"):
        export_voc(studio.database, studio.masks, "cats", tmp_path / "out")


def test_work_during_an_export_does_not_get_into_it(tmp_path: Path, studio: Studio) -> None:
    """Somebody corrects every picture while the first file is being written."""
    began = []

    def work(_done: int, _total: int) -> None:
        if not began:
            began.append(True)
            for name in ("photo.jpg", "my dog.jpg", "grey.jpg", "drawn.png"):
                record(studio, name, mask(50), "corrected")

    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "out", progress=work)
    for number, name in enumerate(("photo", "my_dog", "grey", "drawn"), start=1):
        with Image.open(Path(report.root) / "SegmentationClass" / f"{name}.png") as image:
            np.testing.assert_array_equal(np.array(image), mask(number))


def test_a_former_export_is_replaced_whole(tmp_path: Path, studio: Studio) -> None:
    out = tmp_path / "out"
    export_voc(studio.database, studio.masks, "pets", out)
    record(studio, "photo.jpg", mask(1), "rejected")
    assert export_voc(studio.database, studio.masks, "pets", out).exported == 3
    assert not (out / VOC_FOLDER / "JPEGImages" / "photo.jpg").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "workspace"]


def test_an_empty_folder_may_be_filled(tmp_path: Path, studio: Studio) -> None:
    (tmp_path / "out" / "empty").mkdir(parents=True)
    assert export_voc(studio.database, studio.masks, "pets", tmp_path / "out").exported == 4


def _foreign_file(out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("three years")


def _file_in_the_way(out: Path) -> None:
    out.write_text("three years")


def _foreign_manifest(out: Path) -> None:
    out.mkdir()
    (out / "manifest.json").write_text('{"files": ["manifest.json"], "kind": "something else"}')


@pytest.mark.parametrize("make", [_foreign_file, _file_in_the_way, _foreign_manifest])
def test_what_no_export_wrote_is_never_replaced(tmp_path: Path, studio: Studio, make: object) -> None:
    out = tmp_path / "out"
    make(out)
    with pytest.raises(UserError, match=r"no export wrote|in the way"):
        export_voc(studio.database, studio.masks, "pets", out)
    assert len(list(out.iterdir()) if out.is_dir() else [out]) == 1


def test_results_that_somebody_put_into_an_export_are_safe(tmp_path: Path, studio: Studio) -> None:
    out = tmp_path / "out"
    export_voc(studio.database, studio.masks, "pets", out)
    (out / VOC_FOLDER / "model.pth").write_bytes(b"weeks of training")
    with pytest.raises(UserError, match=r"no export wrote \(VOCdevkit/VOC2012/model\.pth\)"):
        export_voc(studio.database, studio.masks, "pets", out)
    assert (out / VOC_FOLDER / "model.pth").exists()


def test_a_failed_export_leaves_the_former_one(
    tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export_voc(studio.database, studio.masks, "pets", out)
    before = (out / "manifest.json").read_bytes()

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match="No space left on device"):
        export_voc(studio.database, studio.masks, "pets", out)
    assert (out / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "workspace"]


def test_files_that_went_wrong_are_listed_and_the_rest_is_exported(tmp_path: Path, studio: Studio) -> None:
    (tmp_path / "in" / "photo.jpg").unlink()
    save(tmp_path / "in" / "grey.jpg", WIDTH, HEIGHT, seed=99)
    shutil.rmtree(studio.masks.path(studio.masks.put(mask(4), voc_palette())).parent)
    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "out")
    assert (report.exported, report.left_out) == (1, 3)
    reasons = {problem.file: problem.reason for problem in report.problems}
    assert "cannot be read" in reasons["photo.jpg"]
    assert "changed since it was imported" in reasons["grey.jpg"]
    assert "missing" in reasons["drawn.png"]


def test_a_void_boundary_is_drawn_into_the_export_alone(tmp_path: Path, studio: Studio) -> None:
    halves = np.ones((HEIGHT, WIDTH), np.uint8)
    halves[:, WIDTH // 2 :] = 2
    record(studio, "photo.jpg", halves, "corrected")
    report = export_voc(
        studio.database, studio.masks, "pets", tmp_path / "out", ExportOptions(void_boundary_px=2)
    )
    with Image.open(Path(report.root) / "SegmentationClass" / "photo.png") as image:
        row = np.array(image)[5]
    expected = np.where(np.abs(np.arange(WIDTH) - WIDTH // 2 + 0.5) < 2, 255, halves[5])
    np.testing.assert_array_equal(row, expected)
    with pytest.raises(UserError, match="0 to 50 pixels"):
        export_voc(
            studio.database, studio.masks, "pets", tmp_path / "out", ExportOptions(void_boundary_px=51)
        )


def accept(studio: Studio, name: str, class_index: int = 1) -> None:
    record(studio, name, np.full((HEIGHT, WIDTH), class_index, np.uint8), "accepted")


def exported_names(studio: Studio, out: Path) -> dict[str, str]:
    """File name of each exported picture, by its name in the studio."""
    export_voc(studio.database, studio.masks, "pets", out)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    return {item["item"]: item["name"] for item in manifest["items"]}


def test_an_export_that_lacks_pictures_leaves_the_former_one(tmp_path: Path, studio: Studio) -> None:
    out = tmp_path / "out"
    export_voc(studio.database, studio.masks, "pets", out)
    before = sorted(path.relative_to(out) for path in out.rglob("*"))
    (tmp_path / "in" / "photo.jpg").unlink()

    with pytest.raises(UserError, match=r"1 of 4 pictures could not be exported.*--replace"):
        export_voc(studio.database, studio.masks, "pets", out)
    assert sorted(path.relative_to(out) for path in out.rglob("*")) == before

    report = export_voc(studio.database, studio.masks, "pets", out, ExportOptions(replace=True))
    assert (report.exported, report.left_out) == (3, 1)


def test_an_export_of_nothing_is_not_written(tmp_path: Path, studio: Studio) -> None:
    (tmp_path / "in").rename(tmp_path / "away")

    with pytest.raises(UserError, match="4 of 4 pictures could not be exported"):
        export_voc(studio.database, studio.masks, "pets", tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_picture_keeps_its_name_when_others_are_accepted(tmp_path: Path) -> None:
    studio = open_studio(tmp_path / "workspace")
    root = tmp_path / "in"
    files = ["frame.001.jpg", "frame.001.png", "frame.002.jpg", "FRAME.002.png", "кот.jpg"]
    for seed, name in enumerate(files):
        save(root / name, WIDTH, HEIGHT, seed=seed)
    (root / "tags.csv").write_text("image,tags\n" + "".join(f"{name},cat\n" for name in files), "utf-8")
    import_dataset(studio.stores, root, "pets")

    accept(studio, "FRAME.002.png")
    alone = exported_names(studio, tmp_path / "one")
    for name in files:
        accept(studio, name)
    together = exported_names(studio, tmp_path / "all")

    assert together["FRAME.002.png"] == alone["FRAME.002.png"]
    assert together["frame.001.jpg"] == "frame.001"
    assert together["кот.jpg"] == "кот"
    assert len({name.casefold() for name in together.values()}) == len(files)


def test_a_split_spelled_otherwise_is_written_under_its_usual_name(tmp_path: Path) -> None:
    studio = open_studio(tmp_path / "workspace")
    root = tmp_path / "in"
    splits = {"a.jpg": "Train", "b.jpg": "training", "c.jpg": "valid", "d.jpg": "fold.1"}
    for seed, name in enumerate(splits):
        save(root / name, WIDTH, HEIGHT, seed=seed)
    rows = [f"{name},cat,{split}" for name, split in splits.items()]
    (root / "tags.csv").write_text("\n".join(["image,tags,split", *rows]))
    import_dataset(studio.stores, root, "pets")
    for name in splits:
        accept(studio, name)

    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "out")

    assert report.splits == {"train": 2, "val": 1, "fold.1": 1}
    lists = tmp_path / "out" / VOC_FOLDER / "ImageSets" / "Segmentation"
    assert (lists / "train.txt").read_text() == "a\nb\n"
    assert (lists / "fold.1.txt").read_text() == "d\n"


def test_class_and_split_names_come_back_from_an_export(tmp_path: Path) -> None:
    studio = open_studio(tmp_path / "workspace")
    root = tmp_path / "in"
    tags = {"a.jpg": "traffic light", "b.jpg": "v1.0"}
    for seed, name in enumerate(tags):
        save(root / name, WIDTH, HEIGHT, seed=seed)
    rows = [f"{name},{tag},hold_out" for name, tag in tags.items()]
    (root / "tags.csv").write_text("\n".join(["image,tags,split", *rows]))
    import_dataset(studio.stores, root, "pets")
    for index, name in enumerate(tags, start=1):
        accept(studio, name, index)
    export_voc(studio.database, studio.masks, "pets", tmp_path / "out")

    report = import_dataset(studio.stores, tmp_path / "out", "back")

    assert report.problems == ()
    assert report.classes == ("traffic light", "v1.0")
    with studio.database.read() as session:
        dataset = require_dataset(session, "back")
        items = all_items(session, dataset.id)
        assert [(item.name, item.split) for item in items] == [("a", "hold_out"), ("b", "hold_out")]
        assert list(tags_of(session, [item.id for item in items]).values()) == [(1,), (2,)]


def test_lists_are_in_natural_order_and_missing_pictures_are_named(tmp_path: Path) -> None:
    studio = open_studio(tmp_path / "workspace")
    root = tmp_path / "in"
    names = [f"img{number}.jpg" for number in (1, 2, 10)]
    for seed, name in enumerate(names):
        save(root / name, WIDTH, HEIGHT, seed=seed)
    (root / "tags.csv").write_text("image,tags\n" + "".join(f"{name},cat\n" for name in names))
    import_dataset(studio.stores, root, "pets")
    for name in names:
        accept(studio, name)
    export_voc(studio.database, studio.masks, "pets", tmp_path / "all")
    listed = tmp_path / "all" / VOC_FOLDER / "ImageSets" / "Segmentation" / "train.txt"
    assert listed.read_text() == "img1\nimg2\nimg10\n"

    with studio.database.write() as session:
        items = all_items(session, require_dataset(session, "pets").id)
        items[1].missing_since = utc_now()
    report = export_voc(studio.database, studio.masks, "pets", tmp_path / "rest")
    assert (report.exported, report.left_out) == (2, 0)
    assert [(one.file, one.severity) for one in report.problems] == [("img2.jpg", "warning")]

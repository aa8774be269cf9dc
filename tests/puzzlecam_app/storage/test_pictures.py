"""Datasets whose pictures stay in a bucket: imported, shown, exported, verified, moved, trained on."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.datasets import find_dataset, require_dataset
from db.items import all_items, find_item, tags_of
from db.palette import voc_palette
from puzzlecam_app.app import create_api
from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.interchange.dry_run import check_source
from puzzlecam_app.interchange.import_roots import check_import_place
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset, read_for
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.relocation import relocate_dataset
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.interchange.verify import verify_dataset
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.runs.dataset_folder import write_dataset
from puzzlecam_app.runs.fetching import fetch_pictures
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import take_snapshot
from puzzlecam_app.services import Services
from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.urls import parse_url
from tests.s3 import S3Server

URL = parse_url("s3://photos/pets")


def a_picture(shade: int, side: int = 16) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    """Two cats and a dog, in folders."""
    bucket = Bucket(URL)
    for shade, name in ((10, "cat/1.png"), (20, "cat/2.png"), (30, "dog/3.png")):
        bucket.write(name, a_picture(shade))
    return bucket


@pytest.fixture
def studio(make_services: Callable[..., Services]) -> Services:
    return make_services()


def imported(studio: Services, options: ImportOptions | None = None) -> ImportReport:
    return import_dataset(studio.stores, URL, "pets", options=options)


def item_named(studio: Services, name: str) -> ItemFacts:
    with studio.database.read() as session:
        item = find_item(session, require_dataset(session, "pets").id, name)
        assert item is not None
        return read_item(session, item.id)


def test_a_dataset_at_a_url_is_imported_and_stays_there(bucket: Bucket, studio: Services) -> None:
    report = imported(studio)
    assert (report.added, report.left_out, report.source) == (3, 0, str(URL))
    with studio.database.read() as session:
        dataset = require_dataset(session, "pets")
        items = all_items(session, dataset.id)
        assert dataset.root == str(URL)
        assert [item.path for item in items] == ["cat/1.png", "cat/2.png", "dog/3.png"]
        assert list(tags_of(session, [item.id for item in items]).values()) == [(1,), (1,), (2,)]
    assert item_named(studio, "dog/3.png").load_image(10**6)[0, 0, 0] == 30
    assert imported(studio).unchanged == 3
    assert list(studio.workspace.cache_dir.glob(".names-*")) == []


def test_formats_with_lists_and_masks_are_read_from_a_url(bucket: Bucket, studio: Services) -> None:
    mask = Image.fromarray(np.ones((16, 16), np.uint8))
    mask.putpalette(voc_palette())
    content = io.BytesIO()
    mask.save(content, "PNG")
    voc = Bucket(parse_url("s3://photos/VOC"))
    voc.write("VOC2012/JPEGImages/1.png", a_picture(40))
    voc.write("VOC2012/SegmentationClass/1.png", content.getvalue())
    voc.write("VOC2012/ImageSets/Segmentation/train.txt", b"1\n")
    voc.write("VOC2012/labels.txt", b"cat\n")
    voc.write("VOC2012/tags.csv", b"image,tags\n1.png,cat\n")
    source = read_for(studio.stores, parse_url("s3://photos/VOC"), "voc")
    checked = check_source(source)
    assert (checked.layout, checked.usable, checked.masks_usable) == ("voc", 1, 1)
    report = import_dataset(
        studio.stores, parse_url("s3://photos/VOC"), "voc", options=ImportOptions("ground-truth")
    )
    assert (report.added, report.ground_truth) == (1, 1)
    with studio.database.read() as session:
        assert require_dataset(session, "voc").root == "s3://photos/VOC/VOC2012"


def test_a_picture_is_fetched_once_and_its_hash_is_checked(
    bucket: Bucket, studio: Services, s3: S3Server
) -> None:
    imported(studio)
    item = item_named(studio, "cat/1.png")
    asked = s3.requests
    item.read()
    assert s3.requests == asked  # the import has kept it
    item.files.cache.path(item.sha256).unlink()
    assert hashlib.sha256(item.read()).hexdigest() == item.sha256
    item.files.cache.path(item.sha256).unlink()
    bucket.write("cat/1.png", a_picture(99))
    with pytest.raises(UserError, match="changed since it was imported"):
        item.read()
    report = verify_dataset(studio.database, studio.masks, "pets")
    assert [problem.file for problem in report.problems] == ["cat/1.png"]


def test_a_store_that_fails_is_told_in_a_sentence_and_503(
    bucket: Bucket, studio: Services, s3: S3Server
) -> None:
    imported(studio)
    item = item_named(studio, "cat/1.png")
    item.files.cache.path(item.sha256).unlink()
    with TestClient(create_api(studio), base_url="http://127.0.0.1:7860") as client:
        s3.trouble = "error"
        answer = client.get(f"/api/items/{item.id}/image")
        assert answer.status_code == 503
        assert "cannot be fetched now" in answer.json()["message"]
        assert answer.json()["where"] == f"{URL}/cat/1.png"
        s3.trouble = ""
        assert client.get(f"/api/items/{item.id}/image").status_code == 200


def test_an_import_from_a_store_that_fails_changes_nothing(
    bucket: Bucket, studio: Services, s3: S3Server
) -> None:
    s3.trouble = "error"
    with pytest.raises(BusyError, match="nothing was imported") as failed:
        imported(studio)
    assert failed.value.where == str(URL)
    with studio.database.read() as session:
        assert find_dataset(session, "pets") is None


def test_pictures_are_copied_if_wanted(bucket: Bucket, studio: Services) -> None:
    assert imported(studio, ImportOptions(copy=True)).added == 3
    for name in bucket.list():
        bucket.write(name, b"gone")
    assert item_named(studio, "cat/1.png").load_image(10**6)[0, 0, 0] == 10


def test_names_that_no_file_can_have_and_hidden_ones_are_left_out(bucket: Bucket, studio: Services) -> None:
    import boto3

    client = boto3.client("s3")
    for key in ("pets/cat/../../../etc/cron.d/x.png", "pets/cat/1.png/inside.png", "pets/.git/x.png"):
        client.put_object(Bucket="photos", Key=key, Body=a_picture(50))
    report = imported(studio)
    assert report.added == 3
    assert sorted(problem.reason for problem in report.problems) == ["a file here cannot have this name"] * 2


def test_errors_name_the_url_and_not_the_folder_of_names(bucket: Bucket, studio: Services) -> None:
    with pytest.raises(UserError) as refused:
        import_dataset(studio.stores, URL, "pets", reading=ReadOptions(format="coco"))
    assert str(URL) in str(refused.value)
    assert ".names-" not in str(refused.value)
    with pytest.raises(UserError, match="no files"):
        import_dataset(studio.stores, parse_url("s3://photos/nothing"), "none")


def test_a_moved_dataset_is_found_again_at_a_url(bucket: Bucket, studio: Services, tmp_path: Path) -> None:
    for name in bucket.list():
        path = tmp_path / "local" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bucket.read(name))
    import_dataset(studio.stores, tmp_path / "local", "pets")
    report = relocate_dataset(studio.database, "pets", URL)
    assert (report.found, report.root) == (3, str(URL))
    assert item_named(studio, "cat/2.png").place == f"{URL}/cat/2.png"
    back = relocate_dataset(studio.database, "pets", tmp_path / "local")
    assert (back.found, back.old_root) == (3, str(URL))


@pytest.fixture
def run_folder(bucket: Bucket, studio: Services, tmp_path: Path) -> Path:
    imported(studio)
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def test_a_run_gets_local_files(run_folder: Path, bucket: Bucket, studio: Services, s3: S3Server) -> None:
    with studio.database.read() as session:
        snapshot = take_snapshot(session, require_dataset(session, "pets").id)
    assert snapshot.url == str(URL)
    folder = RunFolder(run_folder)
    folder.snapshot_path.write_text(snapshot.model_dump_json())
    write_dataset(snapshot, studio.masks, folder.dataset)
    pictures = folder.dataset / "JPEGImages"
    for path in studio.workspace.pictures_dir.glob("??/*"):
        path.unlink()
    assert list(pictures.iterdir()) == []
    s3.trouble = "error"
    outcome = fetch_pictures(studio.database, folder, lambda: True)
    assert outcome is not None
    assert outcome.problem is not None
    assert str(URL) in outcome.problem
    s3.trouble = ""
    bucket.write("cat/2.png", a_picture(99))
    assert fetch_pictures(studio.database, folder, lambda: False) is None
    assert fetch_pictures(studio.database, folder, lambda: True) is None
    held = {path.name: path.read_bytes() for path in pictures.iterdir()}
    assert sorted(held) == sorted(f"{item.id}.png" for item in snapshot.items if item.name != "cat/2.png")
    assert a_picture(10) in held.values()


def test_pages_import_from_allowed_urls_alone(make_services: Callable[..., Services]) -> None:
    without, with_urls = make_services().settings, make_services(import_urls=("s3://photos/pets",)).settings
    assert check_import_place(with_urls, "s3://photos/pets/cats") == parse_url("s3://photos/pets/cats")
    for settings, text in (
        (without, "s3://photos/pets"),
        (with_urls, "s3://photos/pets-of-others"),
        (with_urls, "s3://photos"),
        (with_urls, "http://169.254.169.254/latest"),
        (with_urls, "s3://key:secret@photos/pets"),
    ):
        with pytest.raises(UserError):
            check_import_place(settings, text)

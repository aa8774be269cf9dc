"""Exports to a bucket, by the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from puzzlecam_app.cli import main
from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.urls import parse_url
from tests.s3 import S3Server

URL = "s3://photos/exports/pets"


@pytest.fixture
def pets(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset with one accepted mask; returns the workspace."""
    folder, workspace = tmp_path / "pets", tmp_path / "workspace"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
        Image.fromarray(np.ones((8, 8), np.uint8)).save(folder / name / "1.png")
    (folder / "labels.txt").write_text("cat\n")
    monkeypatch.setenv("PUZZLECAM_WORKSPACE", str(workspace))
    imported = [
        "dataset",
        "import",
        str(folder),
        "--name",
        "pets",
        "--masks",
        "accepted",
        "--tags-from-masks",
    ]
    assert main(imported) == 0
    return workspace


def export(*more: str) -> int:
    return main(["export", "pets", "--format", "coco", "--out", URL, *more])


def test_an_export_goes_to_a_bucket(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert export("--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["out"] == URL
    files = Bucket(parse_url(URL)).list()
    manifest = json.loads(Bucket(parse_url(URL)).read("manifest.json"))
    assert set(files) == {"manifest.json", *manifest["files"]}
    assert list((pets / "exports").iterdir()) == []


def test_nothing_in_a_bucket_is_replaced(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Bucket(parse_url(URL)).write("notes.txt", b"mine")
    assert export() == 1
    assert "files already, such as notes.txt" in capsys.readouterr().err
    assert Bucket(parse_url(URL)).list() == {"notes.txt": 4}


def test_what_cannot_be_copied_stays_here(
    pets: Path, s3: S3Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.trouble = "error"
    assert export() == 1
    assert "nothing was exported" in capsys.readouterr().err
    s3.trouble = ""

    upload = Bucket.upload

    def breaks(self: Bucket, path: Path, relative: str) -> None:
        s3.trouble = "error"
        upload(self, path, relative)

    monkeypatch.setattr(Bucket, "upload", breaks)
    assert export() == 1
    (kept,) = (pets / "exports").iterdir()
    said = capsys.readouterr().err
    assert str(kept) in said
    assert "not copied as a whole" in said
    assert (kept / "manifest.json").is_file()
    s3.trouble = ""
    assert "manifest.json" not in Bucket(parse_url(URL)).list()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("https://example.org/pets", "can only be read"),
        ("ftp://example.org/pets", "no storage ftp"),
        ("s3://key:secret@photos/pets", "name or a password"),
    ],
)
def test_urls_that_cannot_be_written_are_refused(
    out: str, said: str, pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "pets", "--out", out]) == 1
    assert said in capsys.readouterr().err

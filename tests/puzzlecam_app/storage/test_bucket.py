"""Files below a URL: read, written, listed, and what is said when the store fails."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from puzzlecam_app.doctor import CHECKS
from puzzlecam_app.settings import Settings
from puzzlecam_app.storage.breaker import Breaker
from puzzlecam_app.storage.bucket import Bucket, BucketError
from puzzlecam_app.storage.checking import StoreCheck, trouble_of
from puzzlecam_app.storage.urls import parse_url
from tests.s3 import S3Server


def a_bucket(kind: str, folder: Path, patience_s: float = 20) -> Bucket:
    url = "s3://photos/cats" if kind == "s3" else f"file://{folder}/cats"
    return Bucket(parse_url(url), patience_s)


@pytest.fixture(params=["s3", "file"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    if request.param == "s3":
        request.getfixturevalue("s3")
    return a_bucket(request.param, tmp_path)


def test_what_is_written_is_read_and_listed(bucket: Bucket, tmp_path: Path) -> None:
    bucket.write("a b/ä.txt", b"one")
    large = tmp_path / "large"
    large.write_bytes(b"two" * 1000)
    bucket.upload(large, "large.bin")
    bucket.download("large.bin", tmp_path / "back")
    assert bucket.read("a b/ä.txt", 10) == b"one"
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    assert bucket.list() == {"a b/ä.txt": 3, "large.bin": 3000}


def test_what_is_missing_or_too_large_or_outside_is_refused(bucket: Bucket) -> None:
    bucket.write("cats/1.jpg", b"12345")
    with pytest.raises(FileNotFoundError):
        bucket.read("cats/2.jpg")
    with pytest.raises(BucketError, match="larger"):
        bucket.read("cats/1.jpg", 4)
    for outside in ("../1.jpg", "cats/../../1.jpg", "/etc/passwd", "cats//1.jpg", ""):
        with pytest.raises(FileNotFoundError):
            bucket.read(outside)


def test_a_failing_store_is_told_without_what_it_said(s3: S3Server, tmp_path: Path) -> None:
    bucket = a_bucket("s3", tmp_path)
    s3.trouble = "error"
    with pytest.raises(BucketError) as failed:
        bucket.write("1.jpg", b"1")
    assert "InternalError" in str(failed.value.strerror)
    assert "secret" not in str(failed.value)


def test_a_single_failure_is_not_noticed(s3: S3Server, tmp_path: Path) -> None:
    bucket = a_bucket("s3", tmp_path)
    s3.trouble = "once"
    bucket.write("1.jpg", b"1")
    assert s3.trouble == ""
    s3.trouble = "once"
    assert bucket.read("1.jpg") == b"1"


def test_a_store_that_does_not_answer_is_given_up(s3: S3Server, tmp_path: Path) -> None:
    bucket = a_bucket("s3", tmp_path, patience_s=0.5)
    s3.trouble = "hang"
    with pytest.raises(BucketError, match="does not answer"):
        bucket.write("1.jpg", b"1")
    with pytest.raises(BucketError, match="does not answer"):
        bucket.list()


def test_while_a_store_does_not_answer_only_one_call_waits_for_it(s3: S3Server) -> None:
    bucket = Bucket(parse_url("s3://photos/cats"), 0.5, breaker=Breaker())
    s3.trouble = "hang"
    with pytest.raises(BucketError, match="within"):
        bucket.write("1.jpg", b"1")
    patient = Bucket(parse_url("s3://photos/cats"), 60, breaker=bucket._breaker)
    asked = s3.requests
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(patient.write, "1.jpg", b"1")
        assert s3.next_request(asked)
        for _ in range(3):
            with pytest.raises(BucketError, match="a moment ago"):
                patient.write("1.jpg", b"1")
        assert not waits.done()
        s3.trouble = ""
        waits.result()
    assert bucket.read("1.jpg") == b"1"


def test_a_missing_bucket_is_told(s3: S3Server) -> None:
    with pytest.raises(BucketError, match="no such bucket"):
        Bucket(parse_url("s3://no-such-bucket/x")).write("1.jpg", b"1")
    assert trouble_of("s3://no-such-bucket/x", writes=True) == "there is no such bucket"


def test_the_doctor_names_a_store_that_cannot_be_used_and_writes_nothing(s3: S3Server) -> None:
    check = CHECKS["storage"]
    assert check(Settings.load({})).level == "ok"
    well = check(Settings.load({"PUZZLECAM_MASKS_URL": "s3://photos/masks"}))
    assert (well.level, well.detail) == ("ok", "masks also in s3://photos/masks")
    assert Bucket(parse_url("s3://photos/masks")).list() == {}
    missing = check(Settings.load({"PUZZLECAM_RUNS_URL": "s3://no-such-bucket/runs"}))
    assert missing.level == "fail"
    assert "no such bucket" in missing.detail
    assert "PUZZLECAM_RUNS_URL" in (missing.remedy or "")
    s3.trouble = "error"
    assert check(Settings.load({"PUZZLECAM_MASKS_URL": "s3://photos/masks"})).level == "fail"


def test_health_says_which_storage_fails_and_when_it_is_well_again(s3: S3Server) -> None:
    look = StoreCheck("masks", "s3://photos/masks")
    s3.trouble = "error"
    found = look()
    assert found is not None
    assert found.state == "failed"
    assert "masks" in found.message
    assert "s3://" not in found.message
    s3.trouble = ""
    assert look() is None
    asked = s3.requests
    assert look() is None
    assert s3.requests == asked

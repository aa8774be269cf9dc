"""Masks in a bucket beside the local disk: a save counts when both have it, and nothing gets lost."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.annotations import append_revision, history
from db.errors import MaskCorruptError, MaskMissingError, MaskStorageError
from db.masks import MaskStore
from db.palette import voc_palette
from puzzlecam_app.app import create_api
from puzzlecam_app.backup import back_up
from puzzlecam_app.lanes import STORES
from puzzlecam_app.services import Services
from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.mask_store import SharedMasks
from puzzlecam_app.storage.urls import parse_url
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH, add_colours
from tests.s3 import S3Server

URL = "s3://photos/masks"


def masks_in(folder: Path, patience_s: float = 20) -> SharedMasks:
    return SharedMasks(folder / "masks", Bucket(parse_url(URL), patience_s))


def a_mask(value: int = 1) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), value, np.uint8)


def test_two_studios_on_one_bucket_read_each_others_masks(s3: S3Server, tmp_path: Path) -> None:
    one, other = masks_in(tmp_path / "one"), masks_in(tmp_path / "other")
    name = one.put(a_mask(), voc_palette())
    assert not other.is_near(name)
    assert np.array_equal(other.get(name), a_mask())
    assert other.is_near(name)
    assert other.file(name).read_bytes() == one.file(name).read_bytes()


def test_a_damaged_local_mask_is_replaced_from_the_bucket(s3: S3Server, tmp_path: Path) -> None:
    masks = masks_in(tmp_path)
    name = masks.put(a_mask(), voc_palette())
    masks.path(name).write_bytes(b"half")
    assert np.array_equal(masks.get(name), a_mask())
    assert masks.path(name).read_bytes() != b"half"


def test_a_mask_of_the_bucket_with_another_content_is_refused(s3: S3Server, tmp_path: Path) -> None:
    masks = masks_in(tmp_path)
    name = masks.put(a_mask(), voc_palette())
    masks.path(name).unlink()
    exchanged = io.BytesIO()
    image = Image.fromarray(a_mask(2))
    image.putpalette(voc_palette())
    image.save(exchanged, "PNG")
    Bucket(parse_url(URL)).write(f"{name[:2]}/{name}.png", exchanged.getvalue())
    with pytest.raises(MaskCorruptError, match="another hash"):
        masks.get(name)
    assert not masks.is_near(name)


def test_a_mask_that_is_nowhere_is_missing(s3: S3Server, tmp_path: Path) -> None:
    with pytest.raises(MaskMissingError):
        masks_in(tmp_path).get("0" * 64)


@pytest.mark.parametrize("trouble", ["error", "hang"])
def test_a_bucket_that_fails_takes_no_mask_and_loses_none(trouble: str, s3: S3Server, tmp_path: Path) -> None:
    masks = masks_in(tmp_path, patience_s=20 if trouble == "error" else 0.5)
    before = masks.put(a_mask(1), voc_palette())
    s3.trouble = trouble
    with pytest.raises(MaskStorageError, match="not stored"):
        masks.put(a_mask(2), voc_palette())
    assert np.array_equal(masks.get(before), a_mask(1))
    s3.trouble = ""
    name = masks.put(a_mask(2), voc_palette())
    masks.path(name).unlink()
    assert np.array_equal(masks.get(name), a_mask(2))


def test_a_save_counts_when_the_bucket_has_it(
    s3: S3Server, make_services: Callable[..., Services], tmp_path: Path
) -> None:
    services = make_services(masks_url=URL)
    add_colours(services, tmp_path / "pictures")
    body = a_mask().tobytes()
    headers = {"Origin": "http://127.0.0.1:7860", "If-Match": '"0"'}
    with TestClient(create_api(services), base_url="http://127.0.0.1:7860") as client:
        s3.trouble = "error"
        refused = client.put("/api/items/3/mask", content=body, headers=headers)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert "did not take the mask" in refused.json()["message"]
        with services.database.read() as session:
            assert history(session, 3) == []

        s3.trouble = ""
        assert client.put("/api/items/3/mask", content=body, headers=headers).status_code == 200
        with services.database.read() as session:
            (revision,) = history(session, 3)
        assert revision.mask_hash is not None
        assert list(Bucket(parse_url(URL)).list()) == [
            ".puzzlecam-studio",
            f"{revision.mask_hash[:2]}/{revision.mask_hash}.png",
        ]
        services.masks.path(revision.mask_hash).unlink()
        s3.trouble = "error"
        unread = client.get("/api/items/3/mask")
        assert unread.status_code == 503
        s3.trouble = ""
        assert client.get("/api/items/3/mask").status_code == 200


def test_requests_that_wait_for_the_bucket_leave_others_their_threads(
    s3: S3Server, make_services: Callable[..., Services], tmp_path: Path
) -> None:
    services = make_services(masks_url=URL)
    add_colours(services, tmp_path / "pictures")
    name = services.masks.put(a_mask(), voc_palette())
    with services.database.write() as session:
        append_revision(session, 1, expected=None, action="drafted", author=None, mask_hash=name)
    services.masks.path(name).unlink()
    with (
        TestClient(create_api(services), base_url="http://127.0.0.1:7860") as client,
        ThreadPoolExecutor(60) as pool,
    ):
        s3.trouble = "hang"
        asked = s3.requests
        waiting = [pool.submit(client.get, "/api/items/1/mask") for _ in range(60)]
        assert s3.next_request(asked + STORES.threads - 1)
        assert client.get("/api/items/1").status_code == 200
        assert client.get("/api/items/2/revisions").status_code == 200
        assert not any(one.done() for one in waiting)
        s3.trouble = ""
        assert {one.result().status_code for one in waiting} == {200}


def test_a_backup_has_the_masks_that_only_the_bucket_has(
    s3: S3Server, make_services: Callable[..., Services], tmp_path: Path
) -> None:
    services = make_services(masks_url=URL)
    add_colours(services, tmp_path / "pictures")
    name = services.masks.put(a_mask(), voc_palette())
    with services.database.write() as session:
        append_revision(session, 1, expected=None, action="drafted", author=None, mask_hash=name)
    services.masks.path(name).unlink()
    back_up(services.settings, tmp_path / "backup")
    assert np.array_equal(MaskStore(tmp_path / "backup" / "masks").get(name), a_mask())

"""Exports that the workspace keeps: started, listed, downloaded in parts, removed."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.models import Dataset, Item
from puzzlecam_app.services import Services

EXPORTS = "/api/datasets/1/exports"


def _export(client: TestClient, services: Services, **wanted: object) -> str:
    """Accept picture 1 and export it; returns the export's name."""
    with services.database.write() as session:
        item = session.get_one(Item, 1)
        folder = Path(session.get_one(Dataset, 1).root)
        item.sha256 = hashlib.sha256((folder / item.path).read_bytes()).hexdigest()
    etag = client.get("/api/items/1/mask").headers["etag"]
    client.post("/api/items/1/decision", json={"action": "accept"}, headers={"If-Match": etag})
    started = client.post(EXPORTS, json=wanted)
    assert started.status_code == 202, started.text
    job = services.jobs.get(("export", 1))
    assert job is not None and job.thread is not None  # noqa: PT018
    job.thread.join()
    work = client.get(EXPORTS).json()["work"]
    assert work["state"] == "done", work
    name: str = work["name"]
    return name


def test_an_export_is_listed_with_what_is_in_it(client: TestClient, services: Services) -> None:
    name = _export(client, services, splits=["train"], with_tags=["red"], void_boundary_px=2)
    (kept,) = client.get(EXPORTS).json()["exports"]
    assert kept["name"] == name
    assert kept["by"]
    assert kept["pictures"] == 1
    assert kept["classes"] == ["blue", "red"]
    assert (kept["splits"], kept["with_tags"], kept["void_boundary_px"]) == (["train"], ["red"], 2)
    assert kept["size_bytes"] > 0


def test_the_zip_holds_the_masks_pixel_for_pixel(client: TestClient, services: Services) -> None:
    name = _export(client, services)
    answer = client.get(f"{EXPORTS}/{name}/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        (mask,) = [one for one in archive.namelist() if "/SegmentationClass/" in one]
        exported = np.asarray(Image.open(io.BytesIO(archive.read(mask))))
    stored = np.frombuffer(client.get("/api/items/1/mask").content, np.uint8).reshape(exported.shape)
    np.testing.assert_array_equal(exported, stored)


def test_a_download_that_broke_off_goes_on_even_if_the_zip_was_made_again(
    client: TestClient, services: Services
) -> None:
    name = _export(client, services)
    whole = client.get(f"{EXPORTS}/{name}/zip")
    (services.workspace.zips_dir / f"{name}.zip").unlink()
    rest = client.get(
        f"{EXPORTS}/{name}/zip", headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]}
    )
    assert rest.status_code == 206
    assert whole.content[:100] + rest.content == whole.content


def test_a_removed_export_is_gone(client: TestClient, services: Services) -> None:
    name = _export(client, services)
    assert client.delete(f"{EXPORTS}/{name}").status_code == 204
    assert client.get(EXPORTS).json()["exports"] == []
    assert client.get(f"{EXPORTS}/{name}/zip").status_code == 404
    assert list(services.workspace.exports_dir.iterdir()) == []
    assert list(services.workspace.zips_dir.iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".hidden", "no such", "%2e%2e%2fmasks", "colours"])
def test_only_names_of_exports_are_served(client: TestClient, services: Services, name: str) -> None:
    (services.workspace.exports_dir / "colours").mkdir()  # a folder that no export wrote
    assert client.get(f"{EXPORTS}/{name}/zip").status_code == 404
    assert client.delete(f"{EXPORTS}/{name}").status_code in (404, 405)


def test_links_in_an_export_are_not_followed(client: TestClient, services: Services, tmp_path: Path) -> None:
    name = _export(client, services)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (services.workspace.exports_dir / name / "link.txt").symlink_to(secret)
    (services.workspace.zips_dir / f"{name}.zip").unlink()
    with zipfile.ZipFile(io.BytesIO(client.get(f"{EXPORTS}/{name}/zip").content)) as archive:
        assert not any(one.endswith("link.txt") for one in archive.namelist())


def test_an_export_that_fails_says_why(client: TestClient, services: Services) -> None:
    assert client.post(EXPORTS, json={"format": "no such"}).status_code == 422
    client.post(EXPORTS, json={"statuses": ["rejected"]})
    job = services.jobs.get(("export", 1))
    assert job is not None and job.thread is not None  # noqa: PT018
    job.thread.join()
    work = client.get(EXPORTS).json()["work"]
    assert work["state"] == "failed"
    assert "no masks that are rejected" in work["problem"]

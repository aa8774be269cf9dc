"""Uploads: sent in parts, continued after a broken connection, imported like a folder, within limits."""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.datasets import require_dataset
from db.items import present_items, tags_of
from puzzlecam_app.app import create_api
from puzzlecam_app.auth import ANNOTATOR_COOKIE
from puzzlecam_app.errors import UserError
from puzzlecam_app.services import Services
from puzzlecam_app.uploads.store import KEPT_S
from puzzlecam_app.uploads.zips import unpack

UPLOADS = "/api/uploads"


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def begin(client: TestClient, files: dict[str, bytes], **where: Any) -> str:
    total = sum(map(len, files.values()))
    answer = client.post(UPLOADS, json={"total_bytes": total, "files": len(files), **where})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def send(
    client: TestClient, upload: str, path: str, content: bytes, offset: int = 0, end: int | None = None
) -> dict[str, Any]:
    where = {"path": path, "size": len(content), "offset": offset}
    answer = client.put(f"{UPLOADS}/{upload}/files", params=where, content=content[offset:end])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def imported(client: TestClient, upload: str) -> dict[str, Any]:
    answer = client.post(f"{UPLOADS}/{upload}/import", json={})
    assert answer.status_code == 202, answer.text
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    person = next(key[2] for key in services.jobs._jobs if key[:2] == ("upload", upload))
    job = services.jobs.get(("upload", upload, person))
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    return dict(client.get(f"{UPLOADS}/{upload}").json()["work"])


def upload_all(client: TestClient, files: dict[str, bytes], **where: Any) -> dict[str, Any]:
    upload = begin(client, files, **where)
    for path, content in files.items():
        send(client, upload, path, content)
    return imported(client, upload)


def names(services: Services, dataset: str) -> dict[str, tuple[int, ...]]:
    with services.database.read() as session:
        items = present_items(session, require_dataset(session, dataset).id)
        tags = tags_of(session, [one.id for one in items])
        return {one.name: tags[one.id] for one in items}


def test_folders_become_a_new_dataset_with_its_pictures_in_the_workspace(
    client: TestClient, services: Services
) -> None:
    work = upload_all(client, {"cat/a.png": picture(1), "dog/b.png": picture(2)}, dataset="pets")
    assert work["state"] == "done", work
    assert work["sentence"].startswith("2 pictures found: 2 added")
    assert names(services, "pets") == {"cat/a.png": (1,), "dog/b.png": (2,)}
    assert list(services.workspace.uploads_dir.iterdir()) == []


def test_an_upload_goes_on_where_the_connection_broke(client: TestClient, services: Services) -> None:
    files = {"cat/a.png": picture(1)}
    upload = begin(client, files, dataset="pets")
    send(client, upload, "cat/a.png", files["cat/a.png"], 0, 20)
    # The answer to the next part was lost, so it is sent again.
    send(client, upload, "cat/a.png", files["cat/a.png"], 20, 40)
    again = send(client, upload, "cat/a.png", files["cat/a.png"], 20, 40)
    assert again == {"received": 40, "is_expected": False}
    assert client.get(f"{UPLOADS}/{upload}").json()["received"] == {"cat/a.png": 40}
    assert [one["id"] for one in client.get(UPLOADS).json()["uploads"]] == [upload]
    send(client, upload, "cat/a.png", files["cat/a.png"], 40)
    assert imported(client, upload)["state"] == "done"


def test_what_has_not_arrived_is_not_imported(client: TestClient) -> None:
    upload = begin(client, {"cat/a.png": picture(1), "cat/b.png": picture(2)}, dataset="pets")
    send(client, upload, "cat/a.png", picture(1))
    answer = client.post(f"{UPLOADS}/{upload}/import", json={})
    assert answer.status_code == 422
    assert answer.json()["message"] == "1 of 2 files have arrived"


def test_a_zip_is_unpacked_without_the_folder_around_it(client: TestClient, services: Services) -> None:
    content = zipped(
        {"set/tags.csv": b"image,tags\na.png,cat\n", "set/a.png": picture(1), "__MACOSX/._a.png": b"x"}
    )
    assert upload_all(client, {"set.zip": content}, dataset="pets")["state"] == "done"
    assert names(services, "pets") == {"a.png": (1,)}


def test_pictures_join_a_dataset_and_replace_none(client: TestClient, services: Services) -> None:
    upload_all(client, {"cat/a.png": picture(1), "dog/b.png": picture(2)}, dataset="pets")
    with services.database.read() as session:
        dataset_id = require_dataset(session, "pets").id
    more = {"dog/a.png": picture(3), "cat/a.png": picture(4)}
    work = upload_all(client, more, dataset_id=dataset_id)
    assert names(services, "pets") == {"cat/a.png": (1,), "dog/a.png": (2,), "dog/b.png": (2,)}
    assert [one["reason"] for one in work["problems"]] == ["another picture of the dataset has this name"]


def test_a_dataset_in_a_folder_of_the_server_takes_no_uploads(client: TestClient) -> None:
    answer = client.post(UPLOADS, json={"total_bytes": 1, "files": 1, "dataset_id": 1})
    assert answer.status_code == 422
    assert "Add the new ones there" in answer.json()["remedy"]


def test_the_name_of_another_dataset_is_refused(client: TestClient) -> None:
    answer = client.post(UPLOADS, json={"total_bytes": 1, "files": 1, "dataset": "colours"})
    assert answer.status_code == 422
    assert "there is a dataset 'colours' already" in answer.json()["message"]


def test_the_quota_holds_for_what_is_announced_and_for_what_arrives(
    make_services: Callable[..., Services],
) -> None:
    with TestClient(create_api(make_services(upload_quota_gb=1)), base_url="http://127.0.0.1:7860") as client:
        body = {"total_bytes": 6 * 10**8, "files": 1, "dataset": "one"}
        assert client.post(UPLOADS, json=body).status_code == 201
        refused = client.post(UPLOADS, json=body | {"dataset": "two"})
        assert refused.status_code == 422
        assert "there is room for 0.4 GB more, and this needs 0.6 GB" in refused.json()["message"]

        upload = begin(client, {"a.png": b"12345"}, dataset="three")
        where = {"path": "a.png", "size": 9}
        answer = client.put(f"{UPLOADS}/{upload}/files", params=where, content=b"123456")
        assert answer.status_code == 422
        assert answer.json()["message"] == "more arrives than was announced"


@pytest.mark.parametrize("path", ["../a.png", "/a.png", "a/../../b.png", "C:\\a.png", "a//b.png", "a\n.png"])
def test_paths_out_of_the_upload_are_refused(client: TestClient, path: str) -> None:
    upload = begin(client, {"a.png": b"12345"}, dataset="pets")
    answer = client.put(f"{UPLOADS}/{upload}/files", params={"path": path, "size": 5}, content=b"12345")
    assert answer.status_code == 422


def test_an_upload_belongs_to_the_person_who_began_it(client: TestClient) -> None:
    upload = begin(client, {"a.png": b"12345"}, dataset="pets")
    somebody_else = {"Cookie": f"{ANNOTATOR_COOKIE}=Bob"}
    assert client.get(f"{UPLOADS}/{upload}", headers=somebody_else).status_code == 404
    assert client.delete(f"{UPLOADS}/{upload}", headers=somebody_else).status_code == 404
    assert client.delete(f"{UPLOADS}/{upload}").status_code == 204


def test_uploads_that_nobody_continues_are_removed(client: TestClient, services: Services) -> None:
    begin(client, {"a.png": b"12345"}, dataset="pets")
    begun = services.uploads.all()[0].begun
    services.uploads.sweep(begun + KEPT_S - 60)
    assert len(services.uploads.all()) == 1
    services.uploads.sweep(begun + KEPT_S + 60)
    assert services.uploads.all() == []


def _archive(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "hostile.zip"
    path.write_bytes(zipped(files))
    return path


@pytest.mark.parametrize("path", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png"])
def test_a_zip_writes_nothing_outside_its_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(UserError, match="cannot be used"):
        unpack(_archive(tmp_path, {path: b"x"}), folder, 10**6)
    assert list(folder.iterdir()) == []


def test_links_in_a_zip_are_not_unpacked(tmp_path: Path) -> None:
    archive = tmp_path / "links.zip"
    link = zipfile.ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(link, "/etc/passwd")
        opened.writestr("b.png", b"x")
    folder = tmp_path / "files"
    folder.mkdir()
    unpack(archive, folder, 10**6)
    assert [path.name for path in folder.iterdir()] == ["b.png"]


def test_a_zip_that_becomes_far_larger_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(UserError, match="200 times as large"):
        unpack(_archive(tmp_path, {"bomb.bmp": bytes(20 * 2**20)}), folder, 10**9)
    with pytest.raises(UserError, match="are left for uploads"):
        unpack(_archive(tmp_path, {"a.bmp": bytes(2000), "b.bmp": bytes(2000)}), folder, 3000)


def test_a_zip_with_a_wrong_header_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.png": bytes(range(256)) * 40}))
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")  # the directory says 10 bytes
    path = tmp_path / "lies.zip"
    path.write_bytes(content)
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(UserError, match="cannot be unpacked"):
        unpack(path, folder, 10**6)

"""What the routes answer when the database or the disk fails, and what goes on all the same."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

import db.engine
from db.engine import Database
from db.errors import DatabaseLostError
from puzzlecam_app.services import Services, open_services
from puzzlecam_app.settings import Settings
from tests.puzzlecam_app.conftest import HEIGHT, WIDTH

MASK = np.ones((HEIGHT, WIDTH), np.uint8)


def _save(client: TestClient, etag: str = '"0"', item: int = 3):
    return client.put(f"/api/items/{item}/mask", content=MASK.tobytes(), headers={"If-Match": etag})


def _decide(client: TestClient, etag: str, action: str = "accept"):
    return client.post("/api/items/3/decision", json={"action": action}, headers={"If-Match": etag})


def test_every_change_answers_with_the_tag_of_the_new_revision(client: TestClient) -> None:
    saved = _save(client)
    assert saved.headers["etag"] == f'"{saved.json()["revision"]["id"]}"'
    decided = _decide(client, saved.headers["etag"])
    assert decided.headers["etag"] == f'"{decided.json()["revision"]["id"]}"' != saved.headers["etag"]
    assert client.get("/api/items/3/mask").headers["etag"] == decided.headers["etag"]
    assert client.get("/api/items/3").headers["etag"] == decided.headers["etag"]


def test_a_refused_change_answers_with_the_tag_of_the_newest_revision(client: TestClient) -> None:
    newest = _save(client).headers["etag"]
    refused = _decide(client, '"0"', "skip")
    assert refused.status_code == 412
    assert refused.headers["etag"] == newest


def test_a_save_into_a_database_that_was_deleted_is_refused(client: TestClient, services: Services) -> None:
    etag = _save(client).headers["etag"]
    for path in services.workspace.root.glob("puzzlecam.sqlite3*"):
        path.unlink()
    for answer in (_save(client, etag), _decide(client, etag), client.get("/api/datasets")):
        assert answer.status_code == 503
        assert "backup" in answer.json()["message"]
    assert not services.workspace.database_path.exists()


def test_a_studio_without_its_database_does_not_start_anew(client: TestClient, services: Services) -> None:
    _save(client)
    services.close()
    services.workspace.database_path.unlink()
    with pytest.raises(DatabaseLostError, match="backup"):
        open_services(Settings(workspace=services.workspace.root))
    assert not services.workspace.database_path.exists()


def test_a_damaged_page_is_a_sentence_without_sql(client: TestClient, services: Services) -> None:
    services.database.close()
    path = services.workspace.database_path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'items'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    answer = client.get("/api/datasets/1/items")
    assert answer.status_code == 503
    assert "damaged" in answer.json()["message"]
    assert "SELECT" not in answer.text


def test_a_save_that_waited_in_vain_is_told_when_to_come_again(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Database.write
    monkeypatch.setattr(Database, "write", lambda self: write(self, patience_s=0.05))
    with closing(sqlite3.connect(services.workspace.database_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for answer in (_save(client), _decide(client, '"0"', "skip")):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "locked" in answer.json()["message"]
        assert client.get("/api/items/1/cams").status_code == 200
        assert client.get("/api/items/1").status_code == 200
        other.execute("ROLLBACK")
    assert _save(client).status_code == 200
    assert db.engine.BUSY_TIMEOUT_MS >= 10_000


@pytest.fixture
def full_disk(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be made in the workspace any more."""
    opened = Path.open

    def refuse(path: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        if set(mode) & set("wxa+") and path.is_relative_to(services.workspace.root):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return opened(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)


@pytest.mark.usefixtures("full_disk")
def test_a_save_on_a_full_disk_is_told_in_words(client: TestClient) -> None:
    answer = _save(client)
    assert answer.status_code == 507
    assert "full" in answer.json()["message"]
    assert "free" in answer.json()["message"]


@pytest.mark.usefixtures("full_disk")
def test_a_full_database_is_told_in_words(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        from sqlalchemy.exc import OperationalError

        raise OperationalError("INSERT", {}, error)

    monkeypatch.setattr("puzzlecam_app.routes.masks.decide", full)
    answer = _decide(client, '"0"', "skip")
    assert answer.status_code == 507
    assert "INSERT" not in answer.text


@pytest.mark.usefixtures("full_disk")
def test_pictures_are_shown_although_no_cache_can_be_written(client: TestClient, services: Services) -> None:
    with services.database.write() as session:
        from db.models import Item

        item = session.get_one(Item, 1)
        folder = Path(session.get_one(db.models.Dataset, 1).root)
        item.path = "a.tif"  # shown as a PNG that is made from it
    Image.open(folder / "a.png").save(folder / "a.tif")
    for path, kind in (
        ("image", "image/png"),
        ("thumbnail", "image/webp"),
        ("superpixels", "application/octet-stream"),
        ("cams", "application/octet-stream"),
        ("lab", "application/octet-stream"),
        ("lab/puzzle", "application/octet-stream"),
        ("mask", "application/octet-stream"),
    ):
        answer = client.get(f"/api/items/1/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["content-type"] == kind
        assert answer.content

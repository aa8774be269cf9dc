"""A removed dataset can come back for 30 days; then its masks and copied pictures are deleted."""

import os
from datetime import timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import append_revision, history
from db.datasets import create_dataset, get_dataset, remove_dataset, removed_datasets, restore_dataset
from db.errors import NotFoundError
from db.items import ItemSpec, all_items, upsert_items
from db.labels import ClassSpec
from db.models import utc_now
from db.palette import voc_palette
from puzzlecam_app.interchange.trash import KEPT_FOR, empty_trash
from puzzlecam_app.services import Services

LATER = KEPT_FOR + timedelta(hours=2)


def copied(services: Services, name: str, picture: bytes, masks: list[int]) -> int:
    """A dataset with one uploaded picture, and a mask filled with each of these classes."""
    path = f"aa/{picture.hex()}.png"
    target = services.workspace.images_dir / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture)
    with services.database.write() as session:
        classes = [ClassSpec(1, "cat"), ClassSpec(2, "dog")]
        dataset = create_dataset(session, name, root="images", layout="folder", classes=classes)
        spec = ItemSpec(
            name="a",
            path=path,
            sha256=picture.hex(),
            width=4,
            height=3,
            orientation=1,
            media_type="image/png",
        )
        upsert_items(session, dataset.id, [spec])
        (item,) = all_items(session, dataset.id)
        newest = None
        for value in masks:
            mask_hash = services.masks.put(np.full((3, 4), value, np.uint8), voc_palette())
            newest = append_revision(
                session,
                item.id,
                expected=newest and newest.id,
                action="drafted",
                author=None,
                mask_hash=mask_hash,
            )
        return dataset.id


def test_what_nobody_needs_is_deleted_after_30_days(services: Services) -> None:
    gone = copied(services, "gone", b"one", [1, 2])
    copied(services, "kept", b"two", [2])
    with services.database.write() as session:
        remove_dataset(session, gone)
        (item,) = all_items(session, gone)
        only, shared = (services.masks.path(one.mask_hash or "") for one in history(session, item.id))
    picture = services.workspace.images_dir / "aa" / f"{b'one'.hex()}.png"

    assert empty_trash(services.stores, utc_now() + KEPT_FOR - timedelta(minutes=1)) == []
    assert only.exists()
    assert empty_trash(services.stores, utc_now() + LATER) == ["gone"]
    assert [only.exists(), shared.exists(), picture.exists()] == [False, True, False]
    assert (services.workspace.images_dir / "aa" / f"{b'two'.hex()}.png").exists()
    assert empty_trash(services.stores, utc_now() + LATER) == []
    with services.database.read() as session:
        assert removed_datasets(session) == []
        assert len(history(session, item.id)) == 2  # who did what stays
    with pytest.raises(NotFoundError, match="deleted for good"), services.database.write() as session:
        restore_dataset(session, gone)


def test_files_that_were_used_in_the_last_hour_stay(services: Services) -> None:
    gone = copied(services, "gone", b"one", [1])
    with services.database.write() as session:
        remove_dataset(session, gone)
        (item,) = all_items(session, gone)
        mask = services.masks.path(history(session, item.id)[0].mask_hash or "")
    now = utc_now() + LATER
    os.utime(mask, (now.timestamp(), now.timestamp()))
    assert empty_trash(services.stores, now) == ["gone"]
    assert mask.exists()


def test_an_archived_dataset_is_only_listed_where_it_is_asked_for(
    client: TestClient, services: Services
) -> None:
    def names(query: str = "") -> list[str]:
        return [one["name"] for one in client.get(f"/api/datasets{query}").json()["datasets"]]

    assert client.post("/api/datasets/1/archive").json() == {"id": 1, "name": "colours"}
    assert client.post("/api/datasets/1/archive").status_code == 200
    assert names() == []
    (listed,) = client.get("/api/datasets?archived=true").json()["datasets"]
    assert listed["is_archived"]
    assert listed["cover"] == 1
    with services.database.read() as session:
        assert get_dataset(session, 1).archived_at is not None
    client.post("/api/datasets/1/unarchive")
    assert names() == ["colours"]

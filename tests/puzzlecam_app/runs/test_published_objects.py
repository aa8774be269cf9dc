"""Instances of a published run are the objects of the picture, until an import says otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import append_revision, latest_revision
from db.objects import keep_objects, objects_of
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.interchange.drawn import cut_out
from puzzlecam_app.interchange.kept_objects import as_rows, objects_in
from puzzlecam_app.runs.publishing import publish
from puzzlecam_app.wire import read_frame
from tests.puzzlecam_app.conftest import HEIGHT, RED, WIDTH
from tests.puzzlecam_app.runs.helpers import Runs
from tests.puzzlecam_app.runs.test_publishing import finish
from trainer.run.instance_storage import Instances, save_instances


def scene() -> tuple[np.ndarray, Instances]:
    """Two red objects that touch, and a red part that no instance claims."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[4:20, 4:36] = RED
    mask[40:44, 50:60] = RED
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids[6:18, 6:20], ids[6:18, 20:34] = 1, 2
    return mask, Instances(ids, (RED, RED), (1.0, 0.9))


def published(runs: Runs) -> np.ndarray:
    run_id = runs.start()
    mask, instances = scene()
    finish(runs, run_id, b=mask)
    save_instances(runs.folder(run_id).train.instances_path("b"), instances)
    publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="Ada")
    return mask


def objects_now(runs: Runs) -> list[tuple[int, int]]:
    with runs.database.read() as session:
        newest = latest_revision(session, 2)
        assert newest is not None
        name = newest.mask_hash
    assert name is not None
    found = objects_in(runs.database, 2, name, runs.services.masks.get(name))
    return [(one.class_index, one.area_px) for one in found]


def test_every_pixel_of_the_mask_is_in_one_object(runs: Runs) -> None:
    mask = published(runs)
    # Both halves of 16 x 16 pixels, and the part of 4 x 10.
    assert objects_now(runs) == [(RED, 256), (RED, 256), (RED, 40)]
    assert sum(area for _, area in objects_now(runs)) == np.count_nonzero(mask)


def test_an_accepted_mask_cuts_the_objects(runs: Runs) -> None:
    mask = published(runs).copy()
    mask[4:20, 4:12] = 0
    name = runs.services.masks.put(mask, voc_palette())
    with runs.database.write() as session:
        newest = latest_revision(session, 2)
        assert newest is not None
        author = get_or_create(session, "Ada").id
        append_revision(session, 2, expected=newest.id, action="corrected", author=author, mask_hash=name)
    assert objects_now(runs) == [(RED, 128), (RED, 256), (RED, 40)]


def test_objects_of_an_import_are_kept(runs: Runs) -> None:
    mask, _ = scene()
    name = runs.services.masks.put(mask, voc_palette())
    drawn = cut_out(mask == RED, RED)
    assert drawn is not None
    with runs.database.write() as session:
        from db.annotations import register_mask

        register_mask(session, name, height=HEIGHT, width=WIDTH)
        keep_objects(session, 2, name, as_rows([drawn]))
    published(runs)
    with runs.database.read() as session:
        known = objects_of(session, 2)
    assert known is not None
    assert len(known[1]) == 1


@pytest.mark.parametrize("damage", [b"", b"no instances"])
def test_a_mask_is_published_although_its_instances_cannot_be_read(runs: Runs, damage: bytes) -> None:
    run_id = runs.start()
    finish(runs, run_id, b=scene()[0])
    path = runs.folder(run_id).train.instances_path("b")
    path.parent.mkdir()
    path.write_bytes(damage)
    report = publish(runs.database, runs.services.masks, runs.folder(run_id), run_id, author="Ada")
    assert report.published == 1
    assert objects_now(runs) == [(RED, 512), (RED, 40)]  # connected parts


def test_review_gets_numbers_and_places(runs: Runs, client: TestClient) -> None:
    published(runs)
    header, arrays = read_frame(client.get("/api/items/2/objects").content)
    assert [one["class_index"] for one in header["objects"]] == [RED] * 3
    assert arrays["ids"].dtype == np.uint16
    for number, one in enumerate(header["objects"], start=1):
        assert arrays["ids"][one["y"], one["x"]] == number
        assert (arrays["ids"] == number).sum() == one["area_px"]
    refused = client.get("/api/items/3/objects")
    assert refused.status_code == 404
    assert "no mask yet" in refused.json()["message"]

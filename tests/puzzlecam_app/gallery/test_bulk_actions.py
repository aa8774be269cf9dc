"""The gallery's routes: many pictures are decided or tagged at once, each as by a single decision."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db import audit
from db.annotations import append_revision, history, latest_revision, propose
from db.items import ItemSpec, tags_of, upsert_items
from db.leases import take
from db.palette import voc_palette
from db.status import status_of
from db.users import get_or_create
from puzzlecam_app.auth import ANNOTATOR_COOKIE
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH

GALLERY = "/api/datasets/1/gallery"
ANN = {"Cookie": f"{ANNOTATOR_COOKIE}=Ann"}


def listed(client: TestClient, **asked: Any) -> dict[str, Any]:
    return dict(client.get(GALLERY, params=asked).json())


def start(
    client: TestClient, action: str, ids: list[int], shown: list[int | None] | None = None, **more: Any
) -> dict[str, Any]:
    """Do it as Ann and wait until it is done."""
    body = {
        "action": action,
        "ids": ids,
        "shown": shown or [None] * len(ids),
        "listed_at": listed(client)["listed_at"],
    }
    answer = client.post(f"{GALLERY}/actions", json=body | more, headers=ANN)
    assert answer.status_code == 202, answer.text
    return finished(client)


def undo(client: TestClient) -> dict[str, Any]:
    assert client.post(f"{GALLERY}/actions/undo", headers=ANN).status_code == 202
    return finished(client)


def finished(client: TestClient) -> dict[str, Any]:
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    with services.database.write() as session:
        job = services.bulk_actions.job(1, get_or_create(session, "Ann").id)
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    assert job.state == "done", job.problem
    return dict(client.get(f"{GALLERY}/actions", headers=ANN).json())


def add_proposal(services: Services, item_id: int, class_index: int = RED) -> int:
    mask = services.masks.put(np.full((HEIGHT, WIDTH), class_index, np.uint8), voc_palette())
    with services.database.write() as session:
        revision = propose(session, item_id, mask_hash=mask, proposed_by="zero-shot")
    assert revision is not None
    return revision.id


def statuses(services: Services) -> list[str]:
    with services.database.read() as session:
        newest = [latest_revision(session, item_id) for item_id in (1, 2, 3)]
        return [status_of(one.action if one else None) for one in newest]


def test_selected_pictures_get_another_split_and_an_import_without_splits_keeps_it(
    client: TestClient, services: Services
) -> None:
    body = {"ids": [1, 3, 99], "split": "test"}
    assert client.post("/api/datasets/1/gallery/split", json=body).json() == {"changed": 2}
    assert client.post("/api/datasets/1/gallery/split", json=body).json() == {"changed": 0}
    refused = client.post("/api/datasets/1/gallery/split", json={"ids": [1], "split": "../x"})
    assert refused.status_code == 422
    with services.database.write() as session:
        spec = ItemSpec("a", "a.png", "a" * 64, WIDTH, HEIGHT, 1, "image/png")
        upsert_items(session, 1, [spec])
    splits = {one["name"]: one["split"] for one in client.get("/api/datasets/1/items").json()["items"]}
    assert splits == {"a": "test", "b": "train", "c": "test"}


def test_ids_come_with_their_number_and_are_filtered(client: TestClient) -> None:
    assert listed(client) == {"ids": [1, 2, 3], "next": None, "total": 3, "listed_at": 0}
    first = listed(client, limit=2)
    assert (first["ids"], first["total"]) == ([1, 2], 3)
    assert listed(client, after=first["next"])["ids"] == [3]
    assert listed(client, name="B")["ids"] == [2]
    assert listed(client, **{"class": BLUE})["ids"] == [1]


def test_rows_say_what_the_queue_says(client: TestClient) -> None:
    rows = client.post(f"{GALLERY}/rows", json={"ids": [3, 1, 99]}).json()["items"]
    queue = {row["id"]: row for row in client.get("/api/datasets/1/items").json()["items"]}
    assert rows == [queue[3], queue[1]]


def test_proposals_are_accepted_by_the_person_and_the_others_are_named(
    client: TestClient, services: Services
) -> None:
    add_proposal(services, 1)
    add_proposal(services, 2)
    done = start(client, "accept", [1, 2, 3])
    assert statuses(services) == ["accepted", "accepted", "new"]
    with services.database.read() as session:
        newest = latest_revision(session, 1)
        assert newest is not None
        assert newest.author is not None
        assert newest.author.name == "Ann"
    assert done["work"]["sentence"] == "2 pictures accepted. 1 left as they were."
    assert [(one["name"], one["reason"]) for one in done["work"]["left"]] == [
        ("c", "it has no mask to accept yet")
    ]


def test_what_changed_since_it_was_shown_stays(client: TestClient, services: Services) -> None:
    shown = add_proposal(services, 1)
    with services.database.write() as session:
        newest = latest_revision(session, 1)
        assert newest is not None
        append_revision(
            session,
            1,
            expected=newest.id,
            action="drafted",
            author=get_or_create(session, "Bob").id,
            mask_hash=newest.mask_hash,
        )
    done = start(client, "reject", [1, 2], [shown, 0])
    assert statuses(services) == ["drafted", "rejected", "new"]
    assert done["work"]["left"][0]["reason"] == "it has changed since it was shown"


def test_a_picture_that_somebody_else_works_on_stays(client: TestClient, services: Services) -> None:
    with services.database.write() as session:
        take(session, 1, get_or_create(session, "Bob").id, "Bob's tab")
        take(session, 2, get_or_create(session, "Ann").id, "Ann's tab")
    done = start(client, "skip", [1, 2])
    assert statuses(services) == ["new", "skipped", "new"]
    assert done["work"]["left"][0]["reason"] == "Bob is working on it"


def test_a_tag_is_given_and_taken_away(client: TestClient, services: Services) -> None:
    assert start(client, "tag", [1, 2, 3], class_index=BLUE)["work"]["sentence"] == (
        "2 pictures given the tag. 1 had this already."
    )
    start(client, "untag", [1, 3], class_index=BLUE)
    with services.database.read() as session:
        assert tags_of(session, [1, 2, 3]) == {1: (RED,), 2: (BLUE, RED), 3: ()}


def test_undo_brings_status_mask_and_tags_back_except_where_somebody_worked_since(
    client: TestClient, services: Services
) -> None:
    add_proposal(services, 1)
    start(client, "reject", [1, 2, 3])
    with services.database.write() as session:
        rejected = latest_revision(session, 3)
        mask = latest_revision(session, 1)
        assert rejected is not None
        assert mask is not None
        append_revision(
            session, 3, expected=rejected.id, action="skipped", author=rejected.author_id, mask_hash=None
        )
    done = undo(client)
    assert statuses(services) == ["proposed", "new", "skipped"]
    assert done["can_undo"] is False
    with services.database.read() as session:
        assert [one.action for one in history(session, 1)] == ["proposed", "rejected", "proposed"]

    start(client, "tag", [2], class_index=BLUE)
    undo(client)
    with services.database.read() as session:
        assert tags_of(session, [2])[2] == (RED,)


def test_the_audit_log_names_every_picture(client: TestClient, services: Services) -> None:
    start(client, "skip", [1, 3])
    with services.database.read() as session:
        entries = audit.read(session)
    assert {(one.action, one.item_id, one.name) for one in entries if one.item_id} == {
        ("bulk action", 1, "Ann"),
        ("bulk action", 3, "Ann"),
    }
    assert next(one.detail for one in entries if not one.item_id) == {"action": "skip", "pictures": 2}


def test_pictures_of_other_datasets_are_left_out(client: TestClient, services: Services) -> None:
    assert start(client, "skip", [3, 77])["work"]["sentence"] == "1 picture skipped."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"action": "tag"}, "the class list has no such class"),
        ({"action": "tag", "class_index": 9}, "the class list has no such class"),
        ({"shown": []}, "differ in length"),
    ],
)
def test_a_wrong_action_is_refused(client: TestClient, wrong: dict[str, Any], said: str) -> None:
    body = {"action": "skip", "ids": [1], "shown": [None], "listed_at": 0}
    answer = client.post(f"{GALLERY}/actions", json=body | wrong)
    assert answer.status_code == 422
    assert said in answer.json()["message"]

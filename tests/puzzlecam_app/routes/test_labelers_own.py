"""What a labeler keeps, by HTTP: bookmarks, settings, confirmed hints."""

import numpy as np
from fastapi.testclient import TestClient

from db.annotations import append_revision, latest_revision
from db.items import get_item
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.services import Services


def _names(client: TestClient, **wanted: object) -> list[str]:
    answer = client.get("/api/datasets/1/items", params=wanted)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


def _work_as(client: TestClient, name: str) -> None:
    assert client.post("/api/session", json={"annotator": name}).status_code == 200


def test_a_bookmark_is_one_persons_and_filters_the_queue(client: TestClient) -> None:
    _work_as(client, "Ann")
    assert _names(client, bookmarked=True) == []
    for _ in range(2):
        assert client.put("/api/items/2/bookmark").status_code == 204
    listed = client.get("/api/datasets/1/items").json()["items"]
    assert [one["id"] for one in listed if one["bookmarked"]] == [2]
    rows = client.post("/api/datasets/1/gallery/rows", json={"ids": [1, 2]}).json()["items"]
    assert [one["bookmarked"] for one in rows] == [False, True]
    assert client.get("/api/items/2").json()["bookmarked"]
    assert len(_names(client, bookmarked=True)) == 1
    _work_as(client, "Bob")
    assert not client.get("/api/items/2").json()["bookmarked"]
    assert _names(client, bookmarked=True) == []
    _work_as(client, "Ann")
    assert client.delete("/api/items/2/bookmark").status_code == 204
    assert _names(client, bookmarked=True) == []
    assert client.put("/api/items/999/bookmark").status_code == 404


def test_settings_are_kept_for_each_name_and_checked(client: TestClient) -> None:
    _work_as(client, "Ann")
    assert client.get("/api/preferences").json()["keys"] == {}
    mine = {"keys": {"accept": "shift+a"}, "keeps_zoom": True, "superpixels": 800}
    assert client.put("/api/preferences", json=mine).status_code == 204
    kept = client.get("/api/preferences").json()
    assert (kept["keys"], kept["keeps_zoom"], kept["has_overview"]) == ({"accept": "shift+a"}, True, True)
    for wrong in ({"keys": {"<b>": "a"}}, {"keys": {"accept": "x" * 33}}, {"colour": 1}, {"superpixels": 1}):
        assert client.put("/api/preferences", json=wrong).status_code == 422
    _work_as(client, "Bob")
    assert client.get("/api/preferences").json()["keys"] == {}


def test_masks_are_compared_with_the_accepted_ones_of_other_pictures_and_hints_are_confirmed(
    client: TestClient, services: Services
) -> None:
    with services.database.write() as session:
        sizes = {one: (get_item(session, one).height, get_item(session, one).width) for one in (1, 2)}
        for item_id, size in sizes.items():
            name = services.masks.put(np.ones(size, np.uint8), voc_palette())
            newest = latest_revision(session, item_id)
            append_revision(
                session,
                item_id,
                expected=None if newest is None else newest.id,
                action="accepted",
                author=get_or_create(session, "Ann").id,
                mask_hash=name,
            )
    answer = client.get("/api/items/1/mask-hints").json()
    assert (answer["masks"], answer["classes"], answer["confirmed"]) == (1, [], [])
    right = {"hints": [{"class_index": 1, "kind": "size"}, {"class_index": 0, "kind": "specks"}]}
    for _ in range(2):
        assert client.post("/api/items/1/mask-hints", json=right).status_code == 204
    assert sorted(one["kind"] for one in client.get("/api/items/1/mask-hints").json()["confirmed"]) == [
        "size",
        "specks",
    ]
    assert client.get("/api/items/2/mask-hints").json()["confirmed"] == []
    for wrong in ({"hints": []}, {"hints": [{"class_index": 1, "kind": "ugly"}]}):
        assert client.post("/api/items/1/mask-hints", json=wrong).status_code == 422
    assert client.get("/api/items/999/mask-hints").status_code == 404

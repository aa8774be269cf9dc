"""Classes are renamed, merged, removed: indices stay, masks follow as new revisions, undo restores them."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import append_revision, history, latest_revision, propose, register_mask
from db.items import get_item, tags_of
from db.labels import latest_label_set
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH

CLASSES = "/api/datasets/1/classes"


def half(left: int, right: int) -> np.ndarray:
    mask = np.full((HEIGHT, WIDTH), right, np.uint8)
    mask[:, : WIDTH // 2] = left
    return mask


def put(services: Services, mask: np.ndarray) -> str:
    return services.masks.put(mask, voc_palette())


def accept(services: Services, item_id: int, mask: np.ndarray, proposal: np.ndarray | None = None) -> None:
    """A picture with a proposal that Ada has accepted, or corrected to `mask`."""
    with services.database.write() as session:
        proposed = put(services, mask if proposal is None else proposal)
        newest = propose(session, item_id, mask_hash=proposed, proposed_by="model")
        append_revision(
            session,
            item_id,
            expected=newest.id if newest else None,
            action="accepted" if proposal is None else "corrected",
            author=get_or_create(session, "Ada").id,
            mask_hash=put(services, mask),
        )


def mask_of(services: Services, item_id: int) -> list[int]:
    """The classes of the left and of the right half of the newest mask."""
    with services.database.read() as session:
        newest = latest_revision(session, item_id)
    assert newest is not None
    assert newest.mask_hash is not None
    mask = services.masks.get(newest.mask_hash)
    return [int(mask[0, 0]), int(mask[0, -1])]


def tags(services: Services, item_id: int) -> tuple[int, ...]:
    with services.database.read() as session:
        return tags_of(session, [item_id])[item_id]


def retire(client: TestClient, index: int, target: int) -> dict[str, Any]:
    answer = client.post(f"{CLASSES}/{index}/retire", json={"target": target})
    assert answer.status_code == 202, answer.text
    return finished(client)


def undo(client: TestClient) -> dict[str, Any]:
    newest = next(one for one in client.get(CLASSES).json()["changes"] if one["can_undo"])
    assert client.post(f"{CLASSES}/changes/{newest['id']}/undo").status_code == 202
    return finished(client)


def finished(client: TestClient) -> dict[str, Any]:
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    job = services.class_changes.job(1)
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    assert job.state == "done", job.problem
    return dict(client.get(CLASSES).json())


def edited(client: TestClient, **changes: Any) -> Any:
    """Change the class `blue` in the list."""
    known = client.get(CLASSES).json()
    wanted = [
        {name: one[name] for name in ("index", "name", "color", "hotkey", "description")}
        for one in known["classes"]
    ]
    wanted[0] |= changes
    return client.put(CLASSES, json={"revision": known["revision"], "classes": wanted})


def test_a_class_is_renamed_recoloured_and_described_in_a_new_revision_of_the_list(
    client: TestClient, services: Services
) -> None:
    answer = edited(client, name="sky", color="#00aaff", hotkey=7, description="Not the sea.")
    assert answer.status_code == 200, answer.text
    with services.database.read() as session:
        label_set = latest_label_set(session, 1)
    assert label_set.revision == 2
    assert [(one.index, one.name) for one in label_set.classes] == [(BLUE, "sky"), (RED, "red")]
    shown = client.get("/api/datasets").json()["datasets"][0]["classes"][1]
    assert (shown["color"], shown["hotkey"], shown["description"]) == ("#00aaff", 7, "Not the sea.")


def test_a_new_class_gets_the_next_index_and_the_order_is_that_of_the_list(client: TestClient) -> None:
    known = client.get(CLASSES).json()
    old = [{"index": one["index"], "name": one["name"]} for one in known["classes"]]
    answer = client.put(
        CLASSES, json={"revision": known["revision"], "classes": [{"name": "green"}, *reversed(old)]}
    )
    assert [(one["index"], one["name"]) for one in answer.json()["classes"]] == [
        (3, "green"),
        (RED, "red"),
        (BLUE, "blue"),
    ]


def test_a_change_on_an_outdated_list_is_refused(client: TestClient) -> None:
    known = client.get(CLASSES).json()
    assert edited(client, name="sky").status_code == 200
    classes = [{"index": one["index"], "name": one["name"]} for one in known["classes"]]
    answer = client.put(CLASSES, json={"revision": known["revision"], "classes": classes})
    assert answer.status_code == 409
    assert "load it again" in answer.json()["message"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "red"}, "twice"),
        ({"hotkey": 20}, "19"),
        ({"color": "blue"}, "pattern"),
        ({"index": 77}, "every class"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    client: TestClient, changes: dict[str, Any], reason: str
) -> None:
    answer = edited(client, **changes)
    assert answer.status_code == 422
    assert reason in answer.text
    assert client.get(CLASSES).json()["revision"] == 1


def test_what_a_merge_would_change_is_counted_first(client: TestClient, services: Services) -> None:
    accept(services, 1, half(BLUE, RED))
    assert client.post(f"{CLASSES}/{BLUE}/impact").json()["state"] in ("running", "done")
    job = services.jobs.get(("class impact", 1, BLUE))
    if job is not None and job.thread is not None:
        job.thread.join(60)
    counted = client.post(f"{CLASSES}/{BLUE}/impact").json()
    pixels = HEIGHT * WIDTH // 2
    assert counted["sentence"].startswith(f"This changes 1 picture, 1 of them finished ({pixels:,} pixels)")
    assert mask_of(services, 1) == [BLUE, RED]


@pytest.mark.parametrize(("target", "left"), [(RED, RED), (0, 0), (255, 255)])
def test_masks_and_tags_follow_a_merged_or_removed_class(
    client: TestClient, services: Services, target: int, left: int
) -> None:
    accept(services, 1, half(BLUE, RED))
    had = tags(services, 1)
    assert BLUE in had
    found = retire(client, BLUE, target)
    assert mask_of(services, 1) == [left, RED]
    assert tags(services, 1) == (RED,)
    assert [one["name"] for one in found["classes"]] == ["red"]
    with services.database.read() as session:
        entries = history(session, 1)
        assert [row.index for row in latest_label_set(session, 1).classes] == [BLUE, RED]
    newest = entries[-1]
    assert newest.author is not None
    assert (newest.action, newest.author.name) == ("accepted", "Ada")
    assert str(newest.note).startswith("class list: blue")

    undo(client)
    assert mask_of(services, 1) == [BLUE, RED]
    assert tags(services, 1) == had
    assert client.get("/api/items/1").json()["status"] == "accepted"


def test_reverting_after_a_merge_does_not_bring_the_class_back(
    client: TestClient, services: Services
) -> None:
    accept(services, 1, half(0, RED), proposal=half(BLUE, RED))
    retire(client, BLUE, RED)
    revision = client.get("/api/items/1").headers["ETag"]
    answer = client.post("/api/items/1/decision", json={"action": "revert"}, headers={"If-Match": revision})
    assert answer.status_code == 200, answer.text
    assert mask_of(services, 1) == [RED, RED]


def test_what_somebody_still_paints_with_a_merged_class_becomes_the_other_class(
    client: TestClient, services: Services
) -> None:
    accept(services, 1, half(0, RED))
    retire(client, BLUE, RED)
    revision = client.get("/api/items/1").headers["ETag"]
    answer = client.put("/api/items/1/mask", content=half(BLUE, 0).tobytes(), headers={"If-Match": revision})
    assert answer.status_code == 200, answer.text
    assert mask_of(services, 1) == [RED, 0]


def test_a_picture_that_somebody_has_worked_on_since_keeps_its_mask_when_a_merge_is_undone(
    client: TestClient, services: Services
) -> None:
    accept(services, 1, half(BLUE, RED))
    retire(client, BLUE, RED)
    revision = client.get("/api/items/1").headers["ETag"]
    client.put("/api/items/1/mask", content=half(0, RED).tobytes(), headers={"If-Match": revision})
    found = undo(client)
    assert mask_of(services, 1) == [0, RED]
    with services.database.read() as session:
        name = get_item(session, 1).name
    assert f"worked on {name} since" in found["work"]["sentence"]


def test_work_that_was_cut_off_is_finished_by_whoever_asks_next(
    client: TestClient, services: Services
) -> None:
    from db.class_changes import begin_change

    accept(services, 1, half(BLUE, RED))
    with services.database.write() as session:
        begin_change(session, 1, BLUE, RED, author=None)
    assert mask_of(services, 1) == [BLUE, RED]
    client.get(CLASSES)
    assert finished(client)["changes"][0]["state"] == "applied"
    assert mask_of(services, 1) == [RED, RED]


def test_ground_truth_follows_too(client: TestClient, services: Services) -> None:
    with services.database.write() as session:
        register_mask(session, put(services, half(BLUE, RED)), height=HEIGHT, width=WIDTH)
        get_item(session, 1).ground_truth = put(services, half(BLUE, RED))
    retire(client, BLUE, RED)
    with services.database.read() as session:
        assert get_item(session, 1).ground_truth == put(services, half(RED, RED))
    undo(client)
    with services.database.read() as session:
        assert get_item(session, 1).ground_truth == put(services, half(BLUE, RED))


def test_decisions_that_a_change_repeats_do_not_count_as_work(client: TestClient, services: Services) -> None:
    accept(services, 1, half(BLUE, RED))
    client.post("/api/session", json={"annotator": "Ada"})
    before = client.get("/api/datasets/1/progress").json()["decisions"]
    retire(client, BLUE, RED)
    assert client.get("/api/datasets/1/progress").json()["decisions"] == before

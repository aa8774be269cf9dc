"""Several people label the same picture without knowing it; the lead sees how far they agree."""

import io
import zlib
from collections.abc import Callable

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH
from tests.puzzlecam_app.people.conftest import as_person, studio, team  # noqa: F401 - fixtures

AsPerson = Callable[[str | None], TestClient]


def share(lead: TestClient, **wanted: object) -> dict[str, object]:
    body = {"people": ["labeler", "reviewer"], "order": "name", "copies_percent": 100, **wanted}
    answer = lead.post("/api/datasets/1/assignments", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def queue(client: TestClient, query: str = "") -> dict[str, int]:
    return {one["name"]: one["id"] for one in client.get(f"/api/datasets/1/items?{query}").json()["items"]}


def paint(client: TestClient, item: int, index: int, columns: int) -> str:
    """Save and accept a mask whose first columns are a class; returns the ETag."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, :columns] = index
    etag = client.get(f"/api/items/{item}/mask").headers["etag"]
    headers = {"If-Match": etag, "Content-Encoding": "deflate"}
    saved = client.put(f"/api/items/{item}/mask", content=zlib.compress(mask.tobytes()), headers=headers)
    assert saved.status_code == 200, saved.text
    headers = {"If-Match": saved.headers["etag"]}
    done = client.post(f"/api/items/{item}/decision", json={"action": "accept"}, headers=headers)
    assert done.status_code == 200, done.text
    return done.headers["etag"]


def test_each_person_labels_their_own_copy_and_the_lead_makes_a_consensus(
    as_person: AsPerson,  # noqa: F811
) -> None:
    assert share(as_person("lead")) == {"shares": {"labeler": 2, "reviewer": 1}, "copies": 3}
    # Everybody sees three pictures with the same names, each under an id of their own.
    labelers, reviewers = queue(as_person("labeler")), queue(as_person("reviewer"))
    assert list(labelers) == list(reviewers) == ["a", "b", "c"]
    assert not set(labelers.values()) & set(reviewers.values())
    assert queue(as_person("labeler"), "owner=me") == labelers
    assert as_person("labeler").get("/api/datasets").json()["datasets"][0]["items"] == 3
    assert queue(as_person("lead")) == {"a": 1, "b": 2, "c": 3}

    assert labelers["a"] == 1
    paint(as_person("labeler"), 1, BLUE, 20)
    paint(as_person("reviewer"), reviewers["a"], BLUE, 30)
    paint(as_person("labeler"), labelers["b"], RED, 10)

    # Nobody opens what another person has made of the same picture.
    for name, hidden in (("reviewer", 1), ("labeler", reviewers["a"]), ("lead", reviewers["a"])):
        assert as_person(name).get(f"/api/items/{hidden}/mask").status_code == 404
        assert as_person(name).get(f"/api/items/{hidden}/thumbnail").status_code == 404
    rows = as_person("reviewer").post("/api/datasets/1/gallery/rows", json={"ids": [1, reviewers["a"]]})
    assert [one["id"] for one in rows.json()["items"]] == [reviewers["a"]]

    lead = as_person("lead")
    found = lead.get("/api/datasets/1/agreement").json()
    assert (found["shared"], found["compared"]) == (3, 1)
    blue = 20 / 30
    rest = (WIDTH - 30) / (WIDTH - 20)
    assert [one["name"] for one in found["classes"]] == ["background", "blue"]
    assert np.allclose([one["iou"] for one in found["classes"]], [rest, blue])
    assert found["pairs"][0]["people"] == ["labeler", "reviewer"]
    assert np.isclose(found["pairs"][0]["iou"], (blue + rest) / 2)
    assert found["pairs"][0]["low"] is None
    picture = found["items"][0]
    assert (picture["item_id"], picture["name"], picture["has_consensus"]) == (1, "a", False)

    table = lead.get("/api/datasets/1/agreement.csv").text.splitlines()
    assert [row.split(",")[:2] for row in table[1:]] == [
        ["people", "labeler and reviewer"],
        ["class", "background"],
        ["class", "blue"],
        ["picture", "a"],
    ]
    assert table[3] == f"class,blue,{blue:.4f},1,,"

    shown = lead.get("/api/items/1/agreement/picture?shown=difference")
    alpha = np.asarray(Image.open(io.BytesIO(shown.content)))[0, :, 3]
    assert np.flatnonzero(alpha).tolist() == list(range(20, 30))
    revision = picture["masks"][1]["revision"]
    other = lead.get(f"/api/items/1/agreement/picture?shown=mask&revision={revision}")
    assert np.count_nonzero(np.asarray(Image.open(io.BytesIO(other.content)))[0, :, 3]) == 30

    headers = {"If-Match": f'"{picture["revision"]}"'}
    made = lead.post("/api/items/1/agreement/consensus", json={"method": "majority"}, headers=headers)
    assert (made.status_code, made.json()["status"]) == (200, "corrected")
    assert made.json()["revision"]["note"] == "Consensus (majority) of labeler, reviewer."
    mask = np.frombuffer(zlib.decompress(_raw(lead, 1)), np.uint8).reshape(HEIGHT, WIDTH)
    assert mask[0, :20].tolist() == [BLUE] * 20
    assert mask[0, 20:30].tolist() == [255] * 10  # two people who differ have no majority
    after = lead.get("/api/datasets/1/agreement").json()["items"][0]
    assert (after["has_consensus"], after["masks"]) == (True, picture["masks"])


def _raw(client: TestClient, item: int) -> bytes:
    with client.stream("GET", f"/api/items/{item}/mask") as answer:
        return b"".join(answer.iter_raw())


def test_copies_teach_nothing_and_are_in_no_count(
    team: Services,  # noqa: F811
    as_person: AsPerson,  # noqa: F811
) -> None:
    share(as_person("lead"))
    before = as_person("lead").get("/api/datasets").json()["datasets"][0]["counts"]
    reviewers = queue(as_person("reviewer"))
    assert reviewers["a"] > 3
    paint(as_person("reviewer"), reviewers["a"], BLUE, 30)
    assert as_person("lead").get("/api/datasets").json()["datasets"][0]["counts"] == before
    assert as_person("lead").get("/api/datasets/1/gallery").json()["total"] == 3
    team.live.catch_up(1)
    assert team.live.view(1).knowledge is None


def test_unequal_parts(as_person: AsPerson) -> None:  # noqa: F811
    lead = as_person("lead")
    assert share(lead, copies_percent=0, weights=[0, 2])["shares"] == {"labeler": 0, "reviewer": 3}
    for weights in ([1], [0, 0], [-1, 2]):
        body = {"people": ["labeler", "reviewer"], "weights": weights}
        assert lead.post("/api/datasets/1/assignments", json=body).status_code == 422


def test_unfinished_copies_are_taken_back(as_person: AsPerson) -> None:  # noqa: F811
    share(as_person("lead"))
    taken = as_person("lead").post("/api/datasets/1/assignments/take-back", json={"person": "reviewer"})
    assert taken.json() == {"pictures": 3}
    assert set(queue(as_person("reviewer")).values()) == {1, 2, 3}


def test_gold_pictures_score_people_and_only_the_lead_learns_of_it(
    as_person: AsPerson,  # noqa: F811
) -> None:
    paint(as_person("lead"), 1, BLUE, 30)
    marked = as_person("lead").post("/api/datasets/1/gold", json={"ids": [1, 2]}).json()
    assert marked["marked"] == 1
    assert "neither finished" in marked["left"][0]
    give = {"people": ["labeler", "lead"], "count": 4}
    given = as_person("lead").post("/api/datasets/1/gold/give", json=give).json()
    assert given == {"shares": {"labeler": 1, "lead": 0}}  # the lead has labeled it

    own = queue(as_person("labeler"), "owner=me")
    assert list(own) == ["a"]
    assert own["a"] > 3
    state = as_person("labeler").get(f"/api/items/{own['a']}").json()
    assert state["status"] == "proposed"
    assert as_person("labeler").get("/api/items/1").status_code == 404
    paint(as_person("labeler"), own["a"], BLUE, 15)

    found = as_person("lead").get("/api/datasets/1/gold").json()
    assert [one["name"] for one in found["items"]] == ["a"]
    score = found["scores"][0]
    assert (score["name"], score["given"], score["pictures"]) == ("labeler", 1, 1)
    assert np.isclose(score["iou"], (15 / 30 + (WIDTH - 30) / (WIDTH - 15)) / 2)
    assert as_person("labeler").get("/api/datasets/1/gold").status_code == 403
    assert as_person("lead").get("/api/datasets/1/agreement").json()["shared"] == 0

    assert as_person("lead").delete("/api/items/1/gold").status_code == 204
    assert as_person("lead").get("/api/datasets/1/gold").json()["items"] == []

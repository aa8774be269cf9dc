"""The Smart tool's routes: seeds give a refined mask, and stored steps give the same mask again."""

import json
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from puzzlecam_app.items import read_item
from puzzlecam_app.proposing.work_queue import Priority
from puzzlecam_app.routes.mask_bodies import FRAMED
from puzzlecam_app.services import Services
from puzzlecam_app.smart.steps import Step
from puzzlecam_app.smart.tool import ReplayError
from puzzlecam_app.wire import MAGIC, frame_arrays, read_frame
from trainer.interactive.segmenter import InteractiveSegmenter

BLUE, RED = 1, 2
HEIGHT, WIDTH = 48, 64
BLANK = np.zeros((HEIGHT, WIDTH), np.uint8)
ON_RED = {"kind": "click", "y": 20, "x": 50, "label": RED, "at": "2026-03-01T10:00:00Z"}


@pytest.fixture(autouse=True)
def _no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of two colours need no network."""
    monkeypatch.setattr("trainer.interactive.features.load_features", lambda: None)


def _frame(mask: np.ndarray, **header: Any) -> bytes:
    return frame_arrays(header, {"mask": np.frombuffer(zlib.compress(mask.tobytes()), np.uint8)})


def _refine(browser: TestClient, mask: np.ndarray, *, item: int = 1, **values: Any) -> Response:
    return browser.post(
        f"/api/items/{item}/refine", content=_frame(mask, **values), headers={"Content-Type": FRAMED}
    )


def _refined(answer: Response, sent: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    header, arrays = read_frame(answer.content)
    mask = sent.copy()
    if header["rect"] is not None:
        top, left, bottom, right = header["rect"]
        mask[top:bottom, left:right] = arrays["pixels"]
    return mask, header["step"]


def test_clicks_select_connected_areas_that_look_alike(client: TestClient) -> None:
    on_blue = {**ON_RED, "x": 10, "label": 0}
    mask, step = _refined(_refine(client, BLANK, item=3, seeds=[ON_RED, on_blue]), BLANK)
    assert (mask[:, 36:] == RED).mean() > 0.9
    assert not mask[:, :28].any()
    assert step["seeds"][0]["x"] == 50
    assert step["maps"] is None


def test_protected_pixels_locked_classes_and_only_background_hold(client: TestClient) -> None:
    first_rows = {"protected": [0, 10 * WIDTH]}
    mask, _ = _refined(_refine(client, BLANK, seeds=[ON_RED], **first_rows), BLANK)
    assert not mask[:10].any()
    assert mask[20, 50] == RED

    painted = BLANK.copy()
    painted[30:, 40:] = BLUE
    for values in ({"locked_classes": [BLUE]}, {"only_background": True}):
        mask, _ = _refined(_refine(client, painted, seeds=[ON_RED], **values), painted)
        assert (mask[30:, 40:] == BLUE).all()
        assert mask[20, 50] == RED


def test_a_correction_can_start_from_the_heatmaps(client: TestClient) -> None:
    painted = np.full_like(BLANK, RED)
    mask, step = _refined(_refine(client, painted, seeds=[], heatmap=0.5), painted)
    assert (mask[:, :20] == BLUE).mean() > 0.8
    assert step["maps"] is not None


def test_heatmaps_are_used_only_while_the_mask_is_their_unchanged_proposal(client: TestClient) -> None:
    proposal = np.frombuffer(client.get("/api/items/1/mask").content, np.uint8).reshape(HEIGHT, WIDTH)
    assert _refined(_refine(client, proposal, seeds=[ON_RED]), proposal)[1]["maps"] is not None
    corrected = proposal.copy()
    corrected[:5] = RED
    assert _refined(_refine(client, corrected, seeds=[ON_RED]), corrected)[1]["maps"] is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"seeds": [{**ON_RED, "x": WIDTH}]}, "outside the picture"),
        ({"seeds": [{**ON_RED, "label": 9}]}, "class 9 is not in the class list"),
        ({"seeds": [{**ON_RED, "kind": "wave"}]}, "wave"),
        ({"seeds": [ON_RED] * 501}, "500"),
        ({"seeds": [], "protected": [0, HEIGHT * WIDTH + 1]}, "longer than"),
        ({"seeds": [], "colour": "red"}, "not permitted"),
        ({}, "required"),
    ],
)
def test_invalid_requests_are_refused_with_a_sentence(
    client: TestClient, values: dict[str, Any], sentence: str
) -> None:
    answer = _refine(client, BLANK, **values)
    assert answer.status_code == 422
    assert sentence in answer.json()["message"]


def test_damaged_bodies_and_masks_of_other_sizes_are_refused(client: TestClient) -> None:
    assert _refine(client, BLANK, item=99, seeds=[]).status_code == 404
    assert "48" in _refine(client, BLANK[:-1], seeds=[]).json()["remedy"]
    plain = client.post("/api/items/1/refine", content=b"", headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    for body in (
        b"",
        b"PZA1\xff\xff\xff\xff",
        MAGIC + (2).to_bytes(4, "little") + b"{}",
        _frame(BLANK, seeds=[])[:-16],
        frame_arrays({"seeds": []}, {"mask": BLANK.ravel()[:9]}),
    ):
        answer = client.post("/api/items/1/refine", content=body, headers={"Content-Type": FRAMED})
        assert answer.status_code == 422, body
        assert answer.json()["message"]
    huge = client.post("/api/items/1/refine", content=bytes(3 * 2**20), headers={"Content-Type": FRAMED})
    assert huge.status_code == 413


def test_a_newer_request_of_the_same_tab_replaces_an_older_one(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_running, may_end = threading.Event(), threading.Event()
    real = InteractiveSegmenter.refine

    def slow(self: InteractiveSegmenter, *arguments: Any, **named: Any) -> Any:
        if not is_running.is_set():
            is_running.set()
            assert may_end.wait(30)
        return real(self, *arguments, **named)

    monkeypatch.setattr(InteractiveSegmenter, "refine", slow)
    with ThreadPoolExecutor(2) as pool:
        older = pool.submit(_refine, client, BLANK, seeds=[ON_RED], client="tab")
        assert is_running.wait(30)
        newer = pool.submit(_refine, client, BLANK, seeds=[ON_RED, ON_RED], client="tab")
        refused = older.result(30)  # at once, while the engine is still busy
        assert refused.status_code == 409
        assert "newer request" in refused.json()["message"]
        assert client.get("/api/health").status_code == 200
        may_end.set()
        assert newer.result(30).status_code == 200


def test_steps_are_stored_with_the_revision_and_give_the_same_mask_again(
    client: TestClient, services: Services
) -> None:
    answer = client.get("/api/items/1/mask")
    proposal = np.frombuffer(answer.content, np.uint8).reshape(HEIGHT, WIDTH)
    background = {"kind": "scribble", "points": [[5, 5], [40, 6]], "label": 0}
    box = {"kind": "box", "top": 4, "left": 36, "bottom": 40, "right": 60, "label": RED}
    values = {"seeds": [ON_RED, background, box], "protected": [100, 50, 20, 30], "locked_classes": [BLUE]}
    mask, step = _refined(_refine(client, proposal, **values), proposal)
    client.post("/api/session", json={"annotator": "Ada"})
    saved = client.put(
        "/api/items/1/mask",
        content=_frame(mask, steps=[step]),
        headers={"If-Match": answer.headers["etag"], "Content-Type": FRAMED},
    )
    assert saved.status_code == 200, saved.text

    entry = client.get("/api/items/1/revisions").json()[-1]
    assert entry["author"] == "Ada"
    (kept,) = entry["seeds"]
    assert kept["seeds"][0] == ON_RED
    assert kept["engine"]
    with services.database.read() as session:
        item = read_item(session, 1)
    replayed = services.smart.replay(item, Step.model_validate(kept))
    np.testing.assert_array_equal(replayed, mask)
    stored = np.frombuffer(client.get("/api/items/1/mask").content, np.uint8).reshape(HEIGHT, WIDTH)
    np.testing.assert_array_equal(replayed, stored)

    with pytest.raises(ReplayError, match="other-engine"):
        services.smart.replay(item, Step.model_validate({**kept, "engine": "other-engine"}))
    with pytest.raises(ReplayError, match="a different mask"):
        services.smart.replay(
            item, Step.model_validate({**kept, "seeds": [{**ON_RED, "x": 5}], "locked_classes": []})
        )


def test_a_step_from_an_unsaved_mask_can_be_repeated(client: TestClient, services: Services) -> None:
    unsaved = BLANK.copy()
    unsaved[0, :3] = BLUE
    mask, step = _refined(_refine(client, unsaved, item=3, seeds=[ON_RED]), unsaved)
    client.put(
        "/api/items/3/mask",
        content=_frame(mask, steps=[step]),
        headers={"If-Match": '"0"', "Content-Type": FRAMED},
    )
    with services.database.read() as session:
        item = read_item(session, 3)
    np.testing.assert_array_equal(services.smart.replay(item, Step.model_validate(step)), mask)


def test_invalid_steps_are_refused(client: TestClient) -> None:
    answer = client.put(
        "/api/items/3/mask",
        content=_frame(BLANK, steps=[{"seeds": [], "engine": "e", "prior": "../x", "result": "y"}]),
        headers={"If-Match": '"0"', "Content-Type": FRAMED},
    )
    assert answer.status_code == 422
    assert "prior" in json.dumps(answer.json())


def test_a_picture_can_be_prepared_ahead_of_time(client: TestClient, services: Services) -> None:
    assert client.post("/api/items/1/refine/prepare").status_code == 202
    assert client.post("/api/items/99/refine/prepare").status_code == 404
    services.proposals.queue.submit("after it", lambda: None, Priority.IDLE).result(60)
    with services.database.read() as session:
        item = read_item(session, 1)
    assert services.smart._pictures.get(item, services.predictor).segmenter is not None
    assert len(services.smart._pictures) == 1


def test_only_a_few_prepared_pictures_are_kept(services: Services) -> None:
    with services.database.read() as session:
        item = read_item(session, 1)
    for number in range(12):
        services.smart._pictures.get(replace(item, sha256=str(number)), services.predictor)
    assert len(services.smart._pictures) == 8
    services.smart._pictures.get(
        replace(item, sha256="huge", width=10_000, height=10_000), services.predictor
    )
    assert len(services.smart._pictures) == 1


def test_requests_and_steps_are_in_the_api_description(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()["paths"]
    assert FRAMED in described["/api/items/{item_id}/refine"]["post"]["requestBody"]["content"]
    assert "seeds" in json.dumps(
        client.get("/api/openapi.json").json()["components"]["schemas"]["HistoryEntry"]
    )

"""The routes as a browser uses them: answers and refusals."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.models import Item, utc_now
from puzzlecam_app.app import create_api, create_app
from puzzlecam_app.services import Services
from puzzlecam_app.wire import read_frame

HEIGHT, WIDTH = 48, 64
SIZE = HEIGHT * WIDTH


def _mask(client: TestClient, item: int = 1, **query: int) -> tuple[np.ndarray, str]:
    answer = client.get(f"/api/items/{item}/mask", params=query)
    assert answer.status_code == 200
    return np.frombuffer(answer.content, np.uint8).reshape(HEIGHT, WIDTH), answer.headers["etag"]


def _save(client: TestClient, mask: np.ndarray, etag: str, item: int = 1):
    return client.put(
        f"/api/items/{item}/mask",
        content=zlib.compress(mask.tobytes()),
        headers={"If-Match": etag, "Content-Encoding": "deflate"},
    )


def test_a_missing_picture_keeps_its_mask_and_its_image_is_explained(
    client: TestClient, services: Services, tmp_path: Path
) -> None:
    assert client.get("/api/items/1").json()["missing"] is False
    with services.database.write() as session:
        session.get_one(Item, 1).missing_since = utc_now()  # an import did not find it
    (tmp_path / "pictures" / "b.png").unlink()  # nobody knows yet

    for item in (1, 2):
        assert client.get(f"/api/items/{item}").json()["missing"] is True
        assert client.get(f"/api/items/{item}/revisions").status_code == 200
        answer = client.get(f"/api/items/{item}/image")
        assert answer.status_code == 422
        assert "no longer where it was" in answer.text
    listed = client.get("/api/datasets/1/items").json()
    assert [item["name"] for item in listed["items"]] == ["b", "c"]
    assert client.get("/api/datasets/1/progress").json()["total"] == 2


def test_health_names_what_works(client: TestClient) -> None:
    health = client.get("/api/health").json()
    assert health["status"] == "ok"
    assert isinstance(health["crf_available"], bool)
    assert health["crf_reason"]


def test_datasets_come_with_classes_splits_and_counts(client: TestClient) -> None:
    (dataset,) = client.get("/api/datasets").json()["datasets"]
    assert [one["name"] for one in dataset["classes"]] == ["background", "blue", "red"]
    assert dataset["classes"][1]["color"] == "#800000"
    assert dataset["splits"] == ["train", "val"]
    assert dataset["counts"]["new"] == dataset["items"] == 3


def test_the_queue_is_filtered_and_paged(client: TestClient) -> None:
    first = client.get("/api/datasets/1/items", params={"limit": 2}).json()
    assert [item["name"] for item in first["items"]] == ["a", "b"]
    assert first["total"] == 3
    second = client.get("/api/datasets/1/items", params={"limit": 2, "after": first["next"]}).json()
    assert [item["name"] for item in second["items"]] == ["c"]
    assert second["next"] is None
    blue = client.get("/api/datasets/1/items", params={"class": 1}).json()
    assert [item["name"] for item in blue["items"]] == ["a"]
    nobody = client.get("/api/datasets/1/items", params={"author": "nobody"}).json()
    assert nobody["items"] == []


def test_heatmaps_are_raw_arrays_with_a_header(client: TestClient) -> None:
    answer = client.get("/api/items/1/cams")
    header, arrays = read_frame(answer.content)
    assert [one["name"] for one in header["classes"]] == ["blue", "red"]
    assert header["classes"][0]["weak"] is True
    assert header["tiles"] == 2
    assert 0 < header["threshold"] < 1
    assert arrays["cams"].shape == (2, 12, 16) == arrays["whole"].shape == arrays["tiled"].shape
    blue, red = arrays["cams"].astype(float)
    assert blue[:, :6].mean() > 0.8 > 0.1 > blue[:, 10:].mean()
    assert red[:, 10:].mean() > 0.8


def test_a_picture_without_tags_says_so_and_can_still_be_painted(client: TestClient) -> None:
    answer = client.get("/api/items/3/cams")
    assert answer.status_code == 422
    assert "no tags" in answer.json()["message"]
    assert answer.json()["remedy"]
    mask, etag = _mask(client, 3)
    assert not mask.any()
    assert etag == '"0"'
    assert _save(client, np.ones_like(mask), etag, 3).status_code == 200


def test_reading_a_mask_for_the_first_time_makes_the_proposal(client: TestClient) -> None:
    mask, etag = _mask(client)
    assert set(np.unique(mask)) <= {0, 1, 2}
    assert (mask[:, :16] == 1).mean() > 0.8
    assert (mask[:, -16:] == 2).mean() > 0.8
    item = client.get("/api/items/1").json()
    assert item["status"] == "proposed"
    assert etag == f'"{item["revision"]["id"]}"'
    assert item["revision"]["author"] is None
    assert item["disagreement"] is not None


def test_a_saved_mask_comes_back_exactly(client: TestClient) -> None:
    _, etag = _mask(client)
    mask = np.random.default_rng(0).choice(np.array([0, 1, 2, 255], np.uint8), (HEIGHT, WIDTH))
    saved = _save(client, mask, etag)
    assert saved.status_code == 200
    assert saved.json()["status"] == "drafted"
    again, new_etag = _mask(client)
    np.testing.assert_array_equal(again, mask)
    assert new_etag == f'"{saved.json()["revision"]["id"]}"'
    old, _ = _mask(client, revision=int(etag.strip('"')))
    assert (old != mask).any()


def test_a_stale_save_is_refused_and_says_whose_work_it_would_hide(client: TestClient) -> None:
    _, etag = _mask(client)
    client.post("/api/session", json={"annotator": "Ada"})
    assert _save(client, np.ones((HEIGHT, WIDTH), np.uint8), etag).status_code == 200
    client.post("/api/session", json={"annotator": "Grace"})
    refused = _save(client, np.zeros((HEIGHT, WIDTH), np.uint8), etag)
    assert refused.status_code == 412
    assert refused.json()["current"]["author"] == "Ada"
    assert "Ada" in refused.json()["message"]
    mask, _ = _mask(client)
    assert mask.all()


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (zlib.compress(bytes(50_000_000), 9), "deflate", 413),
        (zlib.compress(bytes(2_000_000), 9), "deflate", 422),
        (zlib.compress(bytes(SIZE - 1)), "deflate", 422),
        (zlib.compress(bytes(SIZE + 1)), "deflate", 422),
        (b"garbage", "deflate", 422),
        (bytes(SIZE - 1), "identity", 422),
        (bytes(SIZE * 2), "identity", 413),
        (bytes(SIZE), "gzip", 422),
        (bytes([3]) + bytes(SIZE - 1), "identity", 422),
        (bytes([254]) + bytes(SIZE - 1), "identity", 422),
        (b"", "identity", 422),
    ],
)
def test_bodies_that_are_not_masks_are_refused_and_nothing_is_stored(
    client: TestClient, services: Services, body: bytes, encoding: str, status: int
) -> None:
    _, etag = _mask(client)
    files = sorted(services.workspace.masks_dir.rglob("*"))
    answer = client.put(
        "/api/items/1/mask", content=body, headers={"If-Match": etag, "Content-Encoding": encoding}
    )
    assert answer.status_code == status
    assert answer.json()["message"]
    assert len(client.get("/api/items/1/revisions").json()) == 1
    assert sorted(services.workspace.masks_dir.rglob("*")) == files


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 428), ("x", 422), ('"99999999999999999999"', 422), ('"7"', 412)]
)
def test_a_save_must_name_the_revision_it_was_painted_on(
    client: TestClient, if_match: str | None, status: int
) -> None:
    _mask(client)
    headers = {} if if_match is None else {"If-Match": if_match}
    assert client.put("/api/items/1/mask", content=bytes(SIZE), headers=headers).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/api/items/99",
        "/api/items/99/mask",
        "/api/items/99/cams",
        "/api/items/99/image",
        "/api/items/0",
        "/api/items/-1",
        "/api/items/99999999999999999999",
        "/api/items/1%2f..%2f..%2fetc%2fpasswd/image",
        "/api/items/..%2f..%2fetc%2fpasswd",
        "/api/items/1;ls/mask",
        "/api/datasets/99/items",
        "/api/datasets/1/items?order=size",
        "/api/datasets/1/items?after=%00",
        "/api/datasets/1/items?limit=100000",
        "/api/items/1/mask?revision=777",
        "/api/nothing",
        "/ui/..%2f..%2fpyproject.toml",
        "/ui/../puzzlecam_app/app.py",
    ],
)
def test_wrong_addresses_get_a_plain_4xx(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text


def test_accepting_the_proposal_and_accepting_a_corrected_mask_differ(client: TestClient) -> None:
    _, etag = _mask(client)
    accepted = client.post("/api/items/1/decision", json={"action": "accept"}, headers={"If-Match": etag})
    assert accepted.json()["status"] == "accepted"
    _, etag = _mask(client, 2)
    draft = _save(client, np.full((HEIGHT, WIDTH), 2, np.uint8), etag, 2).json()
    corrected = client.post(
        "/api/items/2/decision",
        json={"action": "accept", "seconds_spent": 12.5},
        headers={"If-Match": f'"{draft["revision"]["id"]}"'},
    )
    assert corrected.json()["status"] == "corrected"
    assert corrected.json()["revision"]["seconds_spent"] == 12.5
    progress = client.get("/api/datasets/1/progress").json()
    assert (progress["done"], progress["total"], progress["decisions"]) == (2, 3, 2)


def test_revert_brings_the_proposal_back_and_keeps_the_history(client: TestClient) -> None:
    proposal, etag = _mask(client)
    draft = _save(client, np.zeros((HEIGHT, WIDTH), np.uint8), etag).json()
    reverted = client.post(
        "/api/items/1/decision",
        json={"action": "revert"},
        headers={"If-Match": f'"{draft["revision"]["id"]}"'},
    )
    assert reverted.json()["status"] == "proposed"
    mask, _ = _mask(client)
    np.testing.assert_array_equal(mask, proposal)
    actions = [one["action"] for one in client.get("/api/items/1/revisions").json()]
    assert actions == ["proposed", "drafted", "reverted"]


def test_deciding_without_a_mask_is_refused(client: TestClient) -> None:
    answer = client.post("/api/items/3/decision", json={"action": "accept"}, headers={"If-Match": '"0"'})
    assert answer.status_code == 409
    assert (
        client.post(
            "/api/items/3/decision", json={"action": "shred"}, headers={"If-Match": '"0"'}
        ).status_code
        == 422
    )


def test_pictures_and_thumbnails_are_served_by_id(client: TestClient) -> None:
    picture = client.get("/api/items/1/image")
    assert picture.headers["content-type"] == "image/png"
    again = client.get("/api/items/1/image", headers={"If-None-Match": picture.headers["etag"]})
    assert again.status_code == 304
    thumbnail = client.get("/api/items/1/thumbnail")
    assert thumbnail.headers["content-type"] == "image/webp"


def test_superpixels_cover_the_picture(client: TestClient) -> None:
    header, arrays = read_frame(client.get("/api/items/1/superpixels").content)
    assert arrays["labels"].shape == (HEIGHT, WIDTH)
    assert arrays["labels"].max() + 1 == header["segments"]
    few, _ = read_frame(client.get("/api/items/1/superpixels?count=101").content)
    many, _ = read_frame(client.get("/api/items/1/superpixels?count=400").content)
    assert few["segments"] < many["segments"]
    assert client.get("/api/items/1/superpixels?count=99").status_code == 422


def test_a_missing_picture_is_refused_with_a_sentence(client: TestClient, services: Services) -> None:
    (services.workspace.root.parent / "pictures" / "a.png").unlink()
    answer = client.get("/api/items/1/image")
    assert answer.status_code == 422
    assert "no longer" in answer.json()["message"]


def test_names_are_checked_before_they_are_remembered(client: TestClient) -> None:
    assert client.post("/api/session", json={"annotator": " "}).status_code == 422
    assert client.post("/api/session", json={"annotator": "x" * 65}).status_code == 422
    assert client.post("/api/session", json={"annotator": " Zoë "}).json() == {"annotator": "Zoë"}
    assert client.get("/api/session").json()["annotator"] == "Zoë"


def test_a_huge_request_is_refused_before_it_is_read(client: TestClient) -> None:
    for path in ("/api/session", "/api/items/prefetch", "/api/items/1/decision"):
        answer = client.post(path, content=b"[" * 3_000_000, headers={"If-Match": '"0"'})
        assert answer.status_code == 413
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_interface_is_described(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {
        "/api/health",
        "/api/datasets",
        "/api/items/{item_id}/mask",
        "/api/items/{item_id}/decision",
    } <= set(paths)
    assert "412" in paths["/api/items/{item_id}/mask"]["put"]["responses"]


def test_unexpected_errors_show_no_stack_trace(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("puzzlecam_app.routes.items.history", explode)
    with TestClient(
        create_api(services), base_url="http://127.0.0.1", raise_server_exceptions=False
    ) as client:
        answer = client.get("/api/items/1/revisions")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_prefetching_makes_proposals_in_the_background(client: TestClient, services: Services) -> None:
    assert client.post("/api/items/prefetch", json={"items": [1, 2, 99, -5]}).status_code == 202
    services.proposals.request(2).result(30)
    services.proposals.request(1).result(30)
    counts = client.get("/api/datasets").json()["datasets"][0]["counts"]
    assert counts["proposed"] == 2


def test_maps_are_cached_and_a_damaged_cache_is_made_again(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/api/items/1/cams").content
    (cached,) = services.workspace.cams_dir.rglob("*.safetensors")
    monkeypatch.setattr("trainer.cams.sources.compute_cams", _must_not_run)
    assert client.get("/api/items/1/cams").content == first
    monkeypatch.undo()
    cached.write_bytes(b"damaged")
    assert client.get("/api/items/1/cams").content == first


def _must_not_run(*_: object) -> None:
    raise AssertionError("computed again")


def test_a_changed_model_never_shows_a_stale_map(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/api/items/1/cams")
    before = client.get("/api/items/1").json()["revision"]
    model = type(services.predictor.model)
    monkeypatch.setattr(model, "identity_of", lambda *_: "zero-shot-other")
    client.get("/api/items/1/cams")
    assert len(list(services.workspace.cams_dir.rglob("*.safetensors"))) == 2
    after = client.get("/api/items/1").json()["revision"]
    assert (before["proposed_by"] != after["proposed_by"]) or before["id"] == after["id"]


def test_the_guard_protects_the_pages_too_and_they_serve_no_files(services: Services) -> None:
    with TestClient(create_app(services), base_url="http://127.0.0.1:7860") as client:
        assert "Puzzle-CAM studio" in client.get("/").text
        for host in ("evil.example", "127.0.0.1.evil.example:7860"):
            for path in ("/", "/api/datasets", "/gradio_api/info"):
                assert client.get(path, headers={"Host": host}).status_code == 421
        database = services.workspace.database_path
        for path in (
            f"/gradio_api/file={database}",
            f"/file={database}",
            "/gradio_api/file=../pyproject.toml",
        ):
            assert client.get(path).status_code in (403, 404)


def test_a_mask_says_whether_it_is_still_a_proposal(client: TestClient) -> None:
    """A page takes over a newer proposal by itself, but not what somebody else has begun."""
    answer = client.get("/api/items/1/mask")
    assert answer.headers["x-mask-action"] == "proposed"
    assert _save(client, np.ones((HEIGHT, WIDTH), np.uint8), answer.headers["etag"]).status_code == 200
    assert client.get("/api/items/1/mask").headers["x-mask-action"] == "drafted"

"""The arrays that the Lab gets of a picture equal what the trainer computes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import append_revision, latest_revision, register_mask
from db.items import get_item
from db.palette import voc_palette
from db.users import get_or_create
from puzzlecam_app.lab.room import Lab, LabBusyError
from puzzlecam_app.lab.scales import Scales
from puzzlecam_app.lab.survey import Surveys
from puzzlecam_app.services import Services
from puzzlecam_app.wire import read_frame
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH, colour_model
from trainer.cams.compute import compute_cams
from trainer.cams.config import CamConfig
from trainer.cams.explanations import explain
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label

TAGS = ["blue", "red"]


def drawn() -> np.ndarray:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, : WIDTH // 2, 2] = 255
    pixels[:, WIDTH // 2 :, 0] = 255
    return pixels


def test_the_maps_are_those_that_masks_are_made_from(client: TestClient) -> None:
    header, arrays = read_frame(client.get("/api/items/1/lab").content)
    cams = colour_model().cams(drawn(), TAGS)
    np.testing.assert_array_equal(arrays["cams"], cams.cams_khw)
    assert arrays["cams"].dtype == np.float32
    assert arrays["views"].shape == (3, 2, *cams.cams_khw.shape)
    np.testing.assert_allclose(arrays["total"], arrays["scales"].astype(float).sum(axis=0), atol=2e-2)
    assert [one["name"] for one in header["classes"]] == TAGS
    assert header["model"]["threshold"] == colour_model().background_threshold
    assert header["references"] == []


def test_the_first_maps_are_those_of_the_tags_at_scale_1(client: TestClient) -> None:
    _, first = read_frame(client.get("/api/items/1/lab/first").content)
    _, arrays = read_frame(client.get("/api/items/1/lab").content)
    np.testing.assert_array_equal(first["scores"], arrays["scores"][: len(TAGS)])


def test_classes_without_tag_come_after_the_tags(client: TestClient) -> None:
    header, arrays = read_frame(client.get("/api/items/2/lab").content)
    assert [(one["name"], one["tagged"]) for one in header["classes"]] == [("red", True), ("blue", False)]
    assert arrays["cams"].shape[0] == 1
    assert arrays["raw"].shape[0] == arrays["scores"].shape[0] == 2
    logit = header["classes"][1]["logit"]
    assert logit == pytest.approx(float(arrays["scores"][1].astype(float).mean()), abs=1e-2)


def test_a_sentence_for_each_missing_part_of_the_model_names_the_next_step(client: TestClient) -> None:
    header, arrays = read_frame(client.get("/api/items/1/lab").content)
    assert "edges" not in arrays
    assert header["model"]["walk"] is None
    assert "Runs page" in header["model"]["no_walk"]


@pytest.mark.parametrize("tiles", [1, 2, 3, 4])
def test_tiles_are_cut_as_the_trainer_cuts_them(client: TestClient, tiles: int) -> None:
    header, arrays = read_frame(client.get(f"/api/items/1/lab/puzzle?tiles={tiles}").content)
    config = CamConfig(tiles_per_side=tiles)
    cams = compute_cams(colour_model().sources.first, drawn(), TAGS, config)
    np.testing.assert_allclose(arrays["whole"], cams.whole_khw, atol=5e-4)
    np.testing.assert_allclose(arrays["tiled"], cams.tiled_khw, atol=5e-4)
    np.testing.assert_allclose(header["disagreement"], cams.disagreement_k, atol=1e-6)
    assert header["tiles"] == tiles
    # Blue is only a guess of this classifier: the losses are those of red alone.
    assert [one["name"] for one in header["loss"]["classes"]] == ["red"]


def test_other_views_are_sent_between_0_and_1_and_exported_as_they_are(client: TestClient) -> None:
    header, arrays = read_frame(client.get("/api/items/1/lab/explain").content)
    assert header == {"none": None}
    exported = client.post("/api/items/1/lab/arrays", json={"use_crf": False}).content
    found = explain(colour_model().sources.first, drawn(), TAGS, CamConfig())
    assert found is not None
    with np.load(io.BytesIO(exported), allow_pickle=False) as stored:
        assert set(arrays) < set(stored)
        np.testing.assert_array_equal(stored["gradient"], found.gradient_thw)
        np.testing.assert_array_equal(stored["layercam_stage_4"], found.stages_sthw[1])
        for name, shown in arrays.items():
            assert 0 <= shown.min() <= shown.max() <= 1
            if name != "gradient":
                scaled = stored[name] / stored[name].max(axis=(-2, -1), keepdims=True).clip(1e-9)
                np.testing.assert_allclose(shown, scaled, atol=1e-3)


def test_a_classifier_without_gradients_says_so_in_place_of_other_views(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.cams.explanations.explain", lambda *_: None)
    header, arrays = read_frame(client.get("/api/items/1/lab/explain").content)
    assert "gives no gradients" in header["none"]
    assert arrays == {}


def test_the_mask_is_the_proposal_unless_something_is_changed(client: TestClient) -> None:
    header, arrays = read_frame(client.post("/api/items/1/lab/mask", json={}).content)
    model = colour_model()
    cams = model.cams(drawn(), TAGS)
    np.testing.assert_array_equal(arrays["mask"], model.mask(drawn(), cams, [BLUE, RED]))
    assert header["settings"]["threshold"] == model.background_threshold


def test_other_settings_make_the_mask_that_the_trainer_makes_with_them(client: TestClient) -> None:
    wanted = {"threshold": 0.8, "use_crf": True, "crf": {"iterations": 2, "bilateral_srgb": 9.0}}
    header, arrays = read_frame(client.post("/api/items/1/lab/mask", json=wanted).content)
    cams = colour_model().cams(drawn(), TAGS)
    crf = CrfConfig(iterations=2, bilateral_srgb=9.0)
    for name, use_crf in (("thresholded", False), ("mask", True)):
        config = PseudoLabelConfig(background_threshold=0.8, use_crf=use_crf, crf=crf)
        np.testing.assert_array_equal(arrays[name], pseudo_label(drawn(), cams, [BLUE, RED], config))
    assert header["is_draft"] is False
    if crf_available().available:
        assert header["settings"]["crf"]["iterations"] == 2
        wanted = {**wanted, "may_be_draft": True, "crf": {"iterations": 9, "bilateral_srgb": 8.0}}
        header, arrays = read_frame(client.post("/api/items/1/lab/mask", json=wanted).content)
        assert header["is_draft"] is True
        assert header["settings"]["crf"]["max_side"] == CrfConfig().max_side
        assert arrays["mask"].shape == (HEIGHT, WIDTH)


def test_trying_settings_stores_nothing(client: TestClient, services: Services) -> None:
    client.get("/api/items/1/lab")
    client.post("/api/items/1/lab/mask", json={"threshold": 0.9})
    with services.database.read() as session:
        assert latest_revision(session, 1) is None


def test_reference_masks_are_ground_truth_and_accepted_masks(client: TestClient, services: Services) -> None:
    truth = np.full((HEIGHT, WIDTH), RED, np.uint8)
    accepted = np.full((HEIGHT, WIDTH), BLUE, np.uint8)
    hashes = [services.masks.put(mask, voc_palette()) for mask in (truth, accepted)]
    with services.database.write() as session:
        append_revision(
            session,
            1,
            expected=0,
            action="accepted",
            author=get_or_create(session, "Ada").id,
            mask_hash=hashes[1],
        )
        register_mask(session, hashes[0], height=HEIGHT, width=WIDTH)
        get_item(session, 1).ground_truth = hashes[0]
    header, arrays = read_frame(client.get("/api/items/1/lab").content)
    assert [one["kind"] for one in header["references"]] == ["ground-truth", "accepted"]
    assert "Ada" in header["references"][1]["title"]
    np.testing.assert_array_equal(arrays["reference_0"], truth)
    np.testing.assert_array_equal(arrays["reference_1"], accepted)


def test_arrays_are_exported_unrounded_with_their_settings(client: TestClient) -> None:
    answer = client.post("/api/items/1/lab/arrays?tiles=3", json={"threshold": 0.7, "use_crf": False})
    assert answer.headers["content-disposition"].endswith('.npz"')
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as stored:
        settings = json.loads(str(stored["settings"]))
        cams = colour_model().cams(drawn(), TAGS)
        np.testing.assert_array_equal(stored["cams"], cams.cams_khw)
        assert stored["views"].dtype == np.float32
        assert (stored["mask"] == stored["thresholded"]).all()
    assert settings["mask"] == {"threshold": 0.7, "crf": None, "walk": None}
    assert settings["puzzle"]["tiles"] == 3


def test_a_picture_without_tags_says_what_to_do(client: TestClient) -> None:
    for answer in (
        client.get("/api/items/3/lab"),
        client.get("/api/items/3/lab/puzzle"),
        client.post("/api/items/3/lab/mask", json={}),
    ):
        assert answer.status_code == 422
        assert "no tags" in answer.json()["message"]
        assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"threshold": 1.5},
        {"threshold": "nan"},
        {"crf": {"iterations": 1000}},
        {"crf": {"path": "x"}},
        {"may_be_draft": "perhaps"},
        {"walk": {"beta": 0, "radius": 5, "log2_steps": 8}},
        {"walk": {"beta": 10, "radius": 5, "log2_steps": 40}},
        {"unknown": 1},
    ],
)
def test_settings_out_of_range_are_refused(client: TestClient, wanted: dict[str, object]) -> None:
    assert client.post("/api/items/1/lab/mask", json=wanted).status_code == 422


def test_tiles_out_of_range_and_unknown_pictures_are_refused(client: TestClient) -> None:
    assert client.get("/api/items/1/lab/puzzle?tiles=9").status_code == 422
    assert client.get("/api/items/99/lab").status_code == 404


def test_a_browser_reuses_arrays_that_have_not_changed(client: TestClient, services: Services) -> None:
    first = client.get("/api/items/1/lab")
    known = {"If-None-Match": first.headers["etag"]}
    assert "no-store" not in first.headers["cache-control"]
    assert client.get("/api/items/1/lab", headers=known).status_code == 304
    assert client.get("/api/items/2/lab", headers=known).status_code == 200
    assert (
        client.get("/api/items/1/lab?model=zero-shot", headers=known).headers["etag"] != first.headers["etag"]
    )
    mask_hash = services.masks.put(np.full((HEIGHT, WIDTH), RED, np.uint8), voc_palette())
    with services.database.write() as session:
        author = get_or_create(session, "Ada").id
        append_revision(session, 1, expected=0, action="accepted", author=author, mask_hash=mask_hash)
    again = client.get("/api/items/1/lab", headers=known)
    assert again.status_code == 200
    assert len(read_frame(again.content)[0]["references"]) == 1


def test_requests_share_the_lab_of_the_workspace(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a second Lab")

    for room in (Lab, Scales, Surveys):
        monkeypatch.setattr(room, "__init__", fail)
    client.get("/api/items/1/lab")

    scale = client.get("/api/datasets/1/lab/scale").json()

    assert [one["name"] for one in scale["classes"]] == ["blue", "red"]
    assert client.get("/api/datasets/1/lab/rows").status_code == 409


@pytest.mark.parametrize(
    ("path", "method", "query"),
    [
        ("/items/{item_id}/lab", "get", ""),
        ("/items/{item_id}/lab/puzzle", "get", "?tiles=2"),
        ("/items/{item_id}/lab/explain", "get", ""),
        ("/items/{item_id}/lab/side", "get", "?model=proposer"),
        ("/items/{item_id}/lab/mask", "post", ""),
    ],
)
def test_the_api_description_names_every_key_of_a_framed_header(
    client: TestClient, path: str, method: str, query: str
) -> None:
    described = client.get("/api/openapi.json").json()
    answer = described["paths"][f"/api{path}"][method]["responses"]["200"]["content"]
    name = answer["application/octet-stream"]["schema"]["$ref"].rpartition("/")[2]
    body = {"json": {}} if method == "post" else {}
    sent = client.request(method, f"/api{path.format(item_id=1)}{query}", **body)
    assert sent.headers["content-type"] == "application/octet-stream"
    header, _ = read_frame(sent.content)
    assert set(header) - {"arrays"} == set(described["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize(
    "crf", [{"gaussian_sxy_px": 1e-9}, {"bilateral_sxy_px": 1e-9, "bilateral_srgb": 1e-9}]
)
def test_a_crf_that_would_crash_the_studio_is_refused(client: TestClient, crf: dict[str, float]) -> None:
    wanted = {"use_crf": True, "crf": {"iterations": 1, **crf}}

    assert client.post("/api/items/1/lab/mask", json=wanted).status_code == 422


def test_a_busy_model_is_told_as_such_and_when_to_ask_again(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise LabBusyError("first.png")

    monkeypatch.setattr(services.lab, "begin_look", busy)
    answer = client.get("/api/items/1/lab")
    assert (answer.status_code, answer.json()["message"]) == (503, "the model is busy")
    assert int(answer.headers["retry-after"]) > 0


def test_sliders_of_the_crf_have_the_bounds_that_requests_are_checked_with(client: TestClient) -> None:
    header, _ = read_frame(client.get("/api/items/1/lab").content)
    bounds = header["model"]["crf_bounds"]
    assert set(bounds) == set(header["model"]["crf_constants"])
    assert bounds["iterations"]["minimum"] == 1
    for name, ends in bounds.items():
        for value in (ends["minimum"] - 1, ends["maximum"] + 1):
            answer = client.post("/api/items/1/lab/mask", json={"use_crf": True, "crf": {name: value}})
            assert answer.status_code == 422, (name, value)


def test_sliders_of_the_walk_have_the_bounds_that_requests_are_checked_with(client: TestClient) -> None:
    header, _ = read_frame(client.get("/api/items/1/lab").content)
    middle = {"beta": 10, "radius": 5, "log2_steps": 8}
    bounds = header["model"]["walk_bounds"]
    assert set(bounds) == set(middle)
    for name, ends in bounds.items():
        for value in (ends["minimum"] - 1, ends["maximum"] + 1):
            answer = client.post("/api/items/1/lab/mask", json={"walk": {**middle, name: value}})
            assert answer.status_code == 422, (name, value)

"""Other models in the Lab: a side shows the trainer's maps, and missing models are refused."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient

from puzzlecam_app.lab.models import ModelKey
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import read_snapshot
from puzzlecam_app.services import Services
from puzzlecam_app.wire import read_frame
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH, ColourClassifier, colour_model
from tests.puzzlecam_app.runs.helpers import Runs, wait_until
from trainer.cams.sources import CamSource, CamSources
from trainer.contract import RUN_KIND
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label
from trainer.models.proposal import ProposalModel
from trainer.recipes import load_recipe
from trainer.run.directory import DatasetRecord
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.training.cam_film import frame_path

PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
PICTURE[:, : WIDTH // 2, 2] = 255
PICTURE[:, WIDTH // 2 :, 0] = 255


class EpochClassifier(ColourClassifier):
    """A model with other maps."""

    def __init__(self, epoch: int | None) -> None:
        self.identity = f"trained/epoch-{epoch}"

    def class_weights(self, features, class_names):  # type: ignore[no-untyped-def]
        return super().class_weights(features, class_names) + 0.3


def epoch_model(epoch: int | None) -> ProposalModel:
    return ProposalModel(CamSources([CamSource(EpochClassifier(epoch))]), PseudoLabelConfig(), kind=RUN_KIND)


@pytest.fixture
def run_folder(services: Services, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """Run 1 of the dataset: a trained network, those of epochs 0 and 2, and epoch 1 on film of picture 1."""
    runs = Runs(services)
    folder = runs.folder(runs.start())
    recipe = load_recipe("tiny")
    folder.train.open(
        recipe,
        DatasetRecord(
            root="", split="train", fingerprint="", class_names=("red", "blue"), pictures=2, accepted=0
        ),
    )
    for path in (folder.train.model_path("classify"), folder.train.epoch_path(0), folder.train.epoch_path(2)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    maps = np.zeros((2, 8, 10), np.float32)
    maps[0, :, :5] = maps[1, :, 5:] = 1.0
    save_maps(frame_path(folder.train.film_path, 1, "a"), ClassMaps((RED, BLUE), (HEIGHT, WIDTH), maps))
    monkeypatch.setattr("puzzlecam_app.lab.models._run", lambda _, epoch: epoch_model(epoch))
    monkeypatch.setattr("puzzlecam_app.lab.models._zero_shot", colour_model)
    return folder


@pytest.mark.parametrize("text", ["proposer", "zero-shot", "run-3", "run-3-epoch-0", "run-12-film-40"])
def test_keys_of_models_are_read_as_they_are_written(text: str) -> None:
    assert ModelKey.parse(text).text == text


def test_other_keys_are_refused(client: TestClient) -> None:
    for text in ("", "run-0", "run-1-epoch", "../x", "run-1-epoch-1x", "run--1", "studio"):
        for path in ("lab", "lab/puzzle", "lab/side"):
            answer = client.get(f"/api/items/1/{path}", params={"model": text})
            assert answer.status_code == 422, (text, path)


def test_the_models_of_a_workspace_are_offered(client: TestClient, run_folder: RunFolder) -> None:
    first, run = client.get("/api/items/1/lab/models").json()
    assert first == {"key": "proposer", "title": "Zero-shot model", "moments": [], "not_learned": []}
    assert (run["key"], run["title"]) == ("run-1", "Run 1: colours, tiny")
    assert [(one["key"], one["is_film"]) for one in run["moments"]] == [
        ("run-1-epoch-0", False),
        ("run-1-film-1", True),
        ("run-1-epoch-2", False),
    ]
    # Picture 2 was not filmed.
    assert len(client.get("/api/items/2/lab/models").json()[1]["moments"]) == 2
    run_folder.train.model_path("classify").unlink()
    assert client.get("/api/items/1/lab/models").json()[1]["key"] is None


def test_runs_that_have_not_learned_the_tags_of_a_picture_come_last_and_say_what_they_lack(
    client: TestClient, services: Services, run_folder: RunFolder
) -> None:
    runs = Runs(services)
    newer = runs.folder(runs.start())
    newer.train.open(load_recipe("tiny"), run_folder.train.manifest().dataset)
    newer.train.model_path("classify").parent.mkdir(parents=True)
    newer.train.model_path("classify").touch()
    # Blue is in the class list, but no picture of the run was tagged with it.
    snapshot = read_snapshot(newer.snapshot_path)
    items = tuple(item.model_copy(update={"tags": (RED,)}) for item in snapshot.items)
    text = snapshot.model_copy(update={"items": items}).model_dump_json()
    newer.snapshot_path.write_text(text, encoding="utf-8")
    choices = client.get("/api/items/1/lab/models").json()
    assert [(one["key"], one["not_learned"]) for one in choices] == [
        ("proposer", []),
        ("run-1", []),
        ("run-2", ["blue"]),
    ]


@pytest.mark.usefixtures("run_folder")
@pytest.mark.parametrize(("key", "epoch"), [("run-1", None), ("run-1-epoch-2", 2)])
def test_every_view_can_be_that_of_another_model(client: TestClient, key: str, epoch: int | None) -> None:
    model = epoch_model(epoch)
    cams = model.cams(PICTURE, ["blue", "red"])
    header, arrays = read_frame(client.get("/api/items/1/lab", params={"model": key}).content)
    np.testing.assert_array_equal(arrays["cams"], cams.cams_khw)
    assert header["model"]["identity"] == model.identity
    assert not np.array_equal(cams.cams_khw, colour_model().cams(PICTURE, ["blue", "red"]).cams_khw)
    _, puzzle = read_frame(client.get(f"/api/items/1/lab/puzzle?model={key}").content)
    np.testing.assert_allclose(puzzle["tiled"], cams.tiled_khw, atol=5e-4)
    _, made = read_frame(client.post(f"/api/items/1/lab/mask?model={key}", json={}).content)
    np.testing.assert_array_equal(made["mask"], model.mask(PICTURE, cams, [BLUE, RED]))
    header, one = read_frame(client.get(f"/api/items/1/lab/side?model={key}").content)
    np.testing.assert_array_equal(one["maps"], cams.cams_khw)
    np.testing.assert_array_equal(one["mask"], made["mask"])
    assert header["threshold"] == model.background_threshold
    assert (header["note"] is None) == (epoch is None)


def test_a_frame_of_the_film_is_a_side(client: TestClient, run_folder: RunFolder) -> None:
    header, arrays = read_frame(client.get("/api/items/1/lab/side?model=run-1-film-1").content)
    # The tags of the picture are in their own order: blue, red.
    assert arrays["maps"][0, :, 5:].min() == 1.0
    assert arrays["maps"][1, :, :5].min() == 1.0
    recipe = load_recipe("tiny")
    config = PseudoLabelConfig(
        background_threshold=recipe.evaluate.cam_threshold,
        use_crf=recipe.refine.use_crf,
        crf={"iterations": recipe.refine.crf_iterations},
    )
    np.testing.assert_array_equal(arrays["mask"], pseudo_label(PICTURE, arrays["maps"], [BLUE, RED], config))
    assert "scale 1" in header["note"]


@pytest.mark.usefixtures("run_folder")
def test_missing_runs_and_networks_are_refused_with_a_sentence(client: TestClient) -> None:
    for path, status, words in (
        ("1/lab?model=run-9", 404, "no run 9"),
        ("1/lab?model=run-1-epoch-7", 422, "keep_epochs"),
        ("1/lab?model=run-1-film-1", 422, "Choose an epoch"),
        ("1/lab/side?model=run-1-film-5", 422, "not in the film"),
        ("2/lab/side?model=run-1-film-1", 422, "not in the film"),
        ("3/lab/side", 422, "no tags"),
        ("99/lab/models", 404, "picture"),
    ):
        answer = client.get(f"/api/items/{path}")
        assert answer.status_code == status, path
        assert words in answer.text, path


def test_the_scale_of_a_class_is_its_largest_map_over_the_dataset(
    client: TestClient, services: Services
) -> None:
    assert client.get("/api/datasets/1/lab/scale").json()["classes"] == []
    _, arrays = read_frame(client.get("/api/items/1/lab").content)
    found = {one["name"]: one for one in client.get("/api/datasets/1/lab/scale").json()["classes"]}
    assert {name: one["pictures"] for name, one in found.items()} == {"blue": 1, "red": 1}
    for position, name in enumerate(("blue", "red")):
        assert found[name]["maximum"] == pytest.approx(float(arrays["raw"][position].max()), abs=2e-3)
    assert client.post("/api/datasets/1/lab/scale").status_code == 202
    wait_until(lambda: client.get("/api/datasets/1/lab/scale").json()["state"] == "done")
    found = {one["name"]: one for one in client.get("/api/datasets/1/lab/scale").json()["classes"]}
    assert {name: one["pictures"] for name, one in found.items()} == {"blue": 1, "red": 2}
    assert client.get("/api/datasets/9/lab/scale").status_code == 404
    (file,) = (services.workspace.cache_dir / "lab" / "maxima").iterdir()
    with file.open("a") as lines:
        lines.write('\n{"sha256": "cut o')
    assert len(client.get("/api/datasets/1/lab/scale").json()["classes"]) == 2


def test_pictures_are_computed_ahead_on_request(client: TestClient, services: Services) -> None:
    assert client.post("/api/items/2/lab/ahead?tiles=3").status_code == 202
    assert client.post("/api/items/3/lab/ahead").status_code == 422
    assert client.post("/api/items/2/lab/ahead?tiles=7").status_code == 422
    services.proposals.queue.submit("at the end", lambda: None, 9).result()  # type: ignore[arg-type]
    kept = list((services.workspace.cache_dir / "lab" / "looks").glob("*/*.safetensors"))
    assert len(kept) == 3, "its maps, its puzzle and its mask"

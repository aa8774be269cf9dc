"""The Lab over a dataset: stages of runs measured as in the trainer, class pages, comparisons, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from db.annotations import Making, append_revision
from db.items import get_item
from db.runs import get_run
from db.users import get_or_create
from puzzlecam_app.lab.class_page import Figures, class_page, figures_of, together
from puzzlecam_app.lab.survey import Curve, Row, StageFigures, Survey, store_survey, survey_path
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH
from tests.puzzlecam_app.lab.test_survey import set_truth
from trainer.data.class_list import VOC_CLASS_LIST
from trainer.data.ground_truth import GroundTruth
from trainer.data.masks import write_mask
from trainer.masks.evaluation import evaluate_maps, evaluate_masks
from trainer.masks.metrics import confusion_matrix, iou_per_class
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, save_maps

URL = "/api/datasets/1/lab"
TRUTH = np.zeros((HEIGHT, WIDTH), np.uint8)
TRUTH[:, :20], TRUTH[:, 40:] = BLUE, RED


def make_run(services: Services, shift: int = 0) -> tuple[int, RunDir]:
    """A run on dataset 1 that has made CAMs and pseudo-labels; `shift` moves its mask to the right."""
    request = RunRequest(dataset_id=1, recipe=load_recipe("tiny"), author="ann")
    run_id = start_run(services.database, services.masks, services.workspace.runs_dir, request).id
    train = RunDir(services.workspace.runs_dir / str(run_id) / "train")
    rng = np.random.default_rng(shift)
    for name, tags in (("a", (BLUE, RED)), ("b", (RED,))):
        maps = rng.random((len(tags), HEIGHT // 4, WIDTH // 4), np.float32)
        save_maps(train.cam_path(name), ClassMaps(tags, (HEIGHT, WIDTH), maps))
        train.pseudo_path(name).parent.mkdir(parents=True, exist_ok=True)
        mask = np.roll(np.where(np.isin(TRUTH, tags), TRUTH, 0), shift, axis=1).astype(np.uint8)
        Image.fromarray(mask).save(train.pseudo_path(name))
    return run_id, train


def wait(services: Services, *key: object) -> Any:
    job = services.jobs.get(key)
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    assert job.problem is None
    return job.result


def measure(client: TestClient, services: Services, source: str) -> dict[str, Any]:
    assert client.post(f"{URL}/survey?source={source}").status_code == 202
    wait(services, "survey", 1, source)
    answer: dict[str, Any] = client.get(f"{URL}/survey?source={source}").json()
    return answer


def test_a_run_is_measured_by_stage_as_the_trainer_measures_it(
    client: TestClient, services: Services, tmp_path: Path
) -> None:
    set_truth(services, 1, TRUTH)
    run_id, train = make_run(services, shift=5)
    assert [one["key"] for one in client.get(f"{URL}/sources").json()] == ["studio", f"run-{run_id}"]
    answer = measure(client, services, f"run-{run_id}")
    assert (answer["pictures"], answer["measured"], answer["skipped"]) == (2, 1, 0)
    (tmp_path / "masks").mkdir()
    Image.fromarray(TRUTH).save(tmp_path / "masks" / "a.png")
    truth = GroundTruth(tmp_path, VOC_CLASS_LIST)
    with services.database.read() as session:
        config = get_run(session, run_id).recipe["evaluate"]
    thresholds = [float(value) for value in np.linspace(0, 1, 52)[1:-1]]
    cam = evaluate_maps(
        ["a"],
        train.cam_path,
        truth,
        3,
        honest_threshold=config["cam_threshold"],
        oracle_thresholds=thresholds,
    )
    pseudo = evaluate_masks(["a"], train.pseudo_path, truth, 3)
    of_cam, of_mask = answer["stages"]
    assert of_cam["miou"] == pytest.approx(cam.honest.miou)
    assert of_mask["miou"] == pytest.approx(pseudo.honest.miou)
    for index in (0, BLUE, RED):
        page = client.get(f"{URL}/classes/{index}?source=run-{run_id}").json()
        first, last = page["stages"]
        assert first["iou"] == pytest.approx(cam.honest.per_class[index])
        assert last["iou"] == pytest.approx(pseudo.honest.per_class[index])
        assert last["curve"] is None
        at_fixed = [one for one in first["curve"] if abs(one["threshold"] - config["cam_threshold"]) < 1e-6]
        assert at_fixed[0]["iou"] == pytest.approx(first["iou"])
        assert first["oracle"]["iou"] == max(one["iou"] for one in first["curve"])
        assert first["oracle"]["iou"] >= first["iou"]
    rows = client.get(f"{URL}/rows?source=run-{run_id}&sort=name").json()["rows"]
    assert rows[0]["disagreement"] is None
    assert rows[0]["iou"] == pytest.approx(pseudo.honest.miou)


def test_masks_that_a_run_was_trained_on_are_not_measured(client: TestClient, services: Services) -> None:
    set_truth(services, 1, TRUTH)
    set_truth(services, 2, TRUTH)
    with services.database.write() as session:
        stored = get_item(session, 1).ground_truth
        author = get_or_create(session, "ann").id
        append_revision(
            session,
            1,
            expected=None,
            action="accepted",
            author=author,
            mask_hash=stored,
            making=Making(seconds_spent=1.0),
        )
    run_id, _ = make_run(services)
    answer = measure(client, services, f"run-{run_id}")
    assert (answer["measured"], answer["taught"]) == (1, 1)


def test_a_segmentation_network_is_a_stage_over_the_split_that_it_predicts(
    client: TestClient, services: Services, tmp_path: Path
) -> None:
    with services.database.write() as session:
        get_item(session, 2).split = "val"
    for number in (1, 2):
        set_truth(services, number, TRUTH)
    run_id, train = make_run(services)
    predicted = np.roll(TRUTH, 7, axis=1)
    write_mask(train.prediction_path("val", "b"), predicted)
    answer = measure(client, services, f"run-{run_id}")
    last = answer["stages"][-1]
    assert (last["name"], last["pictures"]) == ("segmentation", 1)
    assert "on val" in last["title"]
    (tmp_path / "masks").mkdir()
    Image.fromarray(TRUTH).save(tmp_path / "masks" / "b.png")
    honest = evaluate_masks(
        ["b"], lambda name: train.prediction_path("val", name), GroundTruth(tmp_path, VOC_CLASS_LIST), 3
    ).honest
    assert last["miou"] == pytest.approx(honest.miou)
    page = client.get(f"{URL}/classes/{RED}?source=run-{run_id}").json()
    assert page["stages"][-1]["iou"] == pytest.approx(honest.per_class[RED])
    assert (page["stages"][-1]["pictures"], page["stages"][-1]["threshold"]) == (1, None)


def test_a_class_page_lists_best_and_worst_pictures_and_confused_classes() -> None:
    def row(number: int, tags: list[int]) -> Row:
        return Row(
            id=number, name=f"p{number}", tags=tags, disagreement=None, coverage=0, entropy=0,
            undecided=0, score=0, flips=None, iou=0.5,
        )  # fmt: skip

    # The rider takes half of the horse in picture 1; picture 2 has a horse alone, painted right.
    cells = {1: [(1, 1, 50), (1, 2, 50), (2, 2, 100), (255, 1, 9)], 2: [(1, 1, 90), (1, 0, 10)]}
    total = [(1, 1, 140), (1, 2, 50), (1, 0, 10), (2, 2, 100), (255, 1, 9)]
    curve = Curve(thresholds=[0.2, 0.5], hit=[[0, 0], [150, 100], [0, 0]], shown=[[0, 9], [300, 110], [0, 0]])
    stages = [
        StageFigures(name="cam", title="CAM", threshold=0.2, pictures=2, confusion=total, curve=curve),
        StageFigures(name="mask", title="CRF", threshold=None, pictures=2, confusion=total, curve=None),
    ]
    found = Survey(
        source="studio", model="m", rows=[row(1, [1, 2]), row(2, [1]), row(3, [2])], skipped=0, measured=2,
        taught=0, confusion=total, stages=stages, cells=cells,
    )  # fmt: skip
    names = {1: "horse", 2: "person"}
    page = class_page(found, 1, names)
    assert [one.name for one in page.worst] == ["p1"]
    assert [one.name for one in page.best] == ["p2"]
    assert page.worst[0].class_iou == pytest.approx(0.5)
    assert page.stages[1].recall == pytest.approx(0.7)
    assert page.stages[1].precision == 1.0
    assert page.stages[0].oracle is not None
    assert page.stages[0].oracle.threshold == 0.5
    assert page.stages[0].oracle.iou == pytest.approx(100 / (200 + 110 - 100))
    (beside,) = together(found, 1, names)
    assert (beside.name, beside.pictures) == ("person", 1)
    assert beside.lost == pytest.approx(0.5)
    assert beside.stolen == 0
    assert beside.iou_with == pytest.approx(0.5)
    assert beside.iou_without == pytest.approx(0.9)
    assert figures_of([], 1) == Figures(iou=None, precision=None, recall=None)


def test_runs_are_compared_with_reference_masks_and_pictures_that_get_worse_come_first(
    client: TestClient, services: Services
) -> None:
    set_truth(services, 1, TRUTH)
    first, good = make_run(services, shift=1)
    second, bad = make_run(services, shift=9)
    query = f"first=run-{first}&second=run-{second}"
    assert client.get(f"{URL}/compare?{query}").json()["state"] == "none"
    assert client.post(f"{URL}/compare?{query}").status_code == 202
    wait(services, "lab-compare", 1, f"run-{first}", f"run-{second}")
    answer = client.get(f"{URL}/compare?{query}").json()
    assert (answer["pictures"], answer["measured"], answer["worse"], answer["better"]) == (2, 1, 1, 0)
    worse, unmeasured = answer["rows"]
    masks = [np.asarray(Image.open(one.pseudo_path("a"))) for one in (good, bad)]
    ious = [float(np.nanmean(iou_per_class(confusion_matrix(TRUTH, mask, 3)))) for mask in masks]
    assert (worse["name"], unmeasured["name"]) == ("a", "b")
    assert worse["first"] == pytest.approx(ious[0])
    assert worse["gain"] == pytest.approx(ious[1] - ious[0])
    assert unmeasured["gain"] is None
    between = iou_per_class(confusion_matrix(masks[0], masks[1], 3))
    assert worse["agreement"] == pytest.approx(float(np.nanmean(between)))
    classes = {one["name"]: one for one in answer["classes"]}
    assert classes["blue"]["agreement"] == pytest.approx(between[BLUE])
    assert classes["blue"]["first"] > classes["blue"]["second"]
    assert client.get(f"{URL}/compare?{query}&offset=1&limit=1").json()["rows"] == [unmeasured]
    same = client.post(f"{URL}/compare?first=studio&second=studio")
    assert same.status_code == 422


def test_a_missing_source_is_refused_with_a_sentence(client: TestClient, services: Services) -> None:
    assert client.get(f"{URL}/rows?source=../etc").status_code == 422
    assert client.post(f"{URL}/survey?source=run-99").status_code == 202
    job = services.jobs.get(("survey", 1, "run-99"))
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    told = client.get(f"{URL}/survey?source=run-99").json()
    assert (told["state"], "99" in told["problem"]) == ("failed", True)


def test_figures_of_a_run_are_drawn_with_a_note_for_each_missing_part(
    client: TestClient, services: Services
) -> None:
    run_id, train = make_run(services)
    with services.database.read() as session:
        run = get_run(session, run_id)
    from trainer.config import Recipe
    from trainer.run.directory import DatasetRecord

    folder = services.workspace.runs_dir / str(run_id) / "dataset"
    files = [path for path in train.path.rglob("*") if path.is_file()]
    kept = {path: path.read_bytes() for path in files}
    for path in files:
        path.unlink()
    import shutil

    shutil.rmtree(train.path)
    record = DatasetRecord(
        root=str(folder), split="train", fingerprint="f", class_names=("blue", "red"), pictures=2, skipped={}
    )
    train.open(Recipe.model_validate(run.recipe), record)
    for path, data in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert client.get(f"/api/runs/{run_id}/figures").json()["state"] == "none"
    assert client.post(f"/api/runs/{run_id}/figures", json={"pictures": 2}).status_code == 202
    wait(services, "figures", run_id)
    answer = client.get(f"/api/runs/{run_id}/figures").json()
    assert (answer["state"], answer["figures"]) == ("done", ["figure-4"])
    assert any("Figure 1 needs a trained classifier" in note for note in answer["notes"])
    svg = client.get(f"/api/runs/{run_id}/figures/figure-4.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in svg.headers["content-security-policy"]
    assert "Pseudo-labels" in svg.text
    assert client.get(f"/api/runs/{run_id}/figures/figure-4.png").content.startswith(b"\x89PNG")
    assert client.get(f"/api/runs/{run_id}/figures/figure-1.svg").status_code == 404
    assert client.get(f"/api/runs/{run_id}/figures/figure-9.svg").status_code == 422


def test_ten_thousand_pictures_are_read_a_page_at_a_time(client: TestClient, services: Services) -> None:
    count = 10_000
    rows = [
        Row(
            id=number, name=f"picture {number:05}", tags=[BLUE if number % 2 else RED],
            disagreement=(number * 7919 % count) / count, coverage=0.5, entropy=0.5, undecided=0.5, score=0.5,
            flips=None, iou=None if number % 10 == 0 else (number * 31 % count) / count,
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    found = Survey(
        source="studio", model="m", rows=rows, skipped=0, measured=9000, taught=0, confusion=[], stages=[],
        cells={},
    )  # fmt: skip
    store_survey(survey_path(services.workspace.cache_dir, 1, "studio"), found)
    seen: list[int] = []
    for offset in range(0, count, 500):
        page = client.get(f"{URL}/rows?sort=disagreement&descending=true&offset={offset}&limit=500").json()
        assert (len(page["rows"]), page["total"]) == (500, count)
        assert len(str(page)) < 500 * 300  # what the class page needs does not travel with the table
        seen += [row["id"] for row in page["rows"]]
    assert len(set(seen)) == count
    assert seen == [row.id for row in sorted(rows, key=lambda row: (row.disagreement, row.id), reverse=True)]
    assert client.get(f"{URL}/rows?limit=501").status_code == 422
    of_class = client.get(f"{URL}/rows?class={BLUE}&search=0999&limit=5").json()
    assert of_class["total"] == 6
    points = client.get(f"{URL}/points?x=disagreement&y=iou").json()
    assert len(points["ids"]) == 9000


def test_the_published_run_or_else_the_newest_finished_one_is_listed_first(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, unfinished = (make_run(services)[0] for _ in range(3))

    def keys() -> list[str]:
        return [one["key"] for one in client.get(f"{URL}/sources").json()]

    assert keys()[0] == "studio"
    with services.database.write() as session:
        for run_id in (old, new):
            get_run(session, run_id).status = "done"
    assert keys()[0] == f"run-{new}"
    monkeypatch.setattr("puzzlecam_app.lab.sources.published_run", lambda *_: old)
    assert keys()[:2] == [f"run-{old}", "studio"]
    assert set(keys()) == {"studio", *(f"run-{run_id}" for run_id in (old, new, unfinished))}
    assert client.get(f"{URL}/sources").json()[0]["title"].endswith(", published")

"""Surveys: signals and IoU of each picture, figures of each class, and which signal finds bad masks."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient

from db.annotations import register_mask
from db.items import get_item
from db.palette import voc_palette
from puzzlecam_app.lab.survey import Row, class_figures, ranking
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH, colour_model
from trainer.cams.compute import compute_cams
from trainer.cams.signals import map_signals
from trainer.masks.metrics import confusion_matrix, iou_per_class

URL = "/api/datasets/1/lab"


def set_truth(services: Services, item_id: int, mask: np.ndarray) -> None:
    stored = services.masks.put(mask, voc_palette())
    with services.database.write() as session:
        register_mask(session, stored, height=HEIGHT, width=WIDTH)
        get_item(session, item_id).ground_truth = stored


def measure(client: TestClient, services: Services) -> None:
    assert client.post(f"{URL}/survey").status_code == 202
    job = services.jobs.get(("survey", 1, "studio"))
    assert job is not None
    assert job.thread is not None
    job.thread.join(60)
    assert job.problem is None


def test_a_dataset_that_is_not_measured_says_so(client: TestClient) -> None:
    assert client.get(f"{URL}/survey").json()["state"] == "none"
    refused = client.get(f"{URL}/rows")
    assert refused.status_code == 409
    assert "Start measuring" in refused.json()["remedy"]


def test_signals_and_iou_are_those_of_the_trainer(client: TestClient, services: Services) -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[:, :20], truth[:, 40:] = BLUE, RED
    set_truth(services, 1, truth)
    services.proposals.compute(1)
    measure(client, services)
    answer = client.get(f"{URL}/survey").json()
    assert (answer["pictures"], answer["skipped"], answer["measured"]) == (1, 1, 1)
    assert answer["is_current"] is True
    (row,) = client.get(f"{URL}/rows").json()["rows"]
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, : WIDTH // 2, 2] = 255
    pixels[:, WIDTH // 2 :, 0] = 255
    model = colour_model()
    cams = compute_cams(model.sources.first, pixels, ["blue", "red"])
    # The cache of maps is float16.
    most_apart = float(cams.disagreement_k.max())
    expected = map_signals(cams.cams_khw, model.background_threshold, most_apart)
    for name in ("disagreement", "coverage", "entropy", "undecided", "score"):
        assert row[name] == pytest.approx(getattr(expected, name), abs=2e-3)
    mask = model.mask(pixels, cams, [BLUE, RED])
    ious = iou_per_class(confusion_matrix(truth, mask, 3))
    assert row["iou"] == pytest.approx(float(np.nanmean(ious)), abs=1e-6)
    figures = {one["name"]: one for one in answer["classes"]}
    assert figures["blue"]["iou"] == pytest.approx(ious[BLUE], abs=1e-6)
    maps, masks = answer["stages"]
    assert (maps["title"], masks["pictures"]) == ("CAM", 1)
    assert masks["miou"] == pytest.approx(row["iou"])
    assert sum(pixels for _, _, pixels in answer["confusion"]) == HEIGHT * WIDTH


def test_pictures_without_reference_mask_have_signals_and_no_iou(
    client: TestClient, services: Services
) -> None:
    services.proposals.compute(2)
    measure(client, services)
    (row,) = client.get(f"{URL}/rows?sort=coverage&descending=true").json()["rows"]
    assert row["iou"] is None
    answer = client.get(f"{URL}/survey").json()
    assert answer["classes"] == []
    assert all(one["auroc"] is None for one in answer["ranking"])
    points = client.get(f"{URL}/points?x=entropy&y=coverage").json()
    assert points["ids"] == [2]
    assert client.get(f"{URL}/points?x=entropy&y=iou").json()["ids"] == []


def test_the_table_is_sorted_filtered_and_cut_by_the_server(client: TestClient, services: Services) -> None:
    for item in (1, 2):
        services.proposals.compute(item)
    measure(client, services)

    def names(query: str) -> list[str]:
        return [row["name"] for row in client.get(f"{URL}/rows?{query}").json()["rows"]]

    assert names("sort=name") == ["a", "b"]
    assert names("sort=name&descending=true") == ["b", "a"]
    assert names("sort=name&offset=1&limit=1") == ["b"]
    assert names(f"sort=name&class={BLUE}") == ["a"]
    assert names("sort=name&search=B") == ["b"]
    assert client.get(f"{URL}/rows?sort=path").status_code == 422


def row(number: int, disagreement: float, iou: float | None, score: float = 0.5) -> Row:
    return Row(
        id=number,
        name=str(number),
        tags=[1],
        disagreement=disagreement,
        coverage=0.5,
        entropy=0.5,
        undecided=0.5,
        score=score,
        flips=None,
        iou=iou,
    )


def test_signals_are_ranked_by_how_well_they_find_bad_masks() -> None:
    rows = [row(1, 0.9, 0.1, 0.2), row(2, 0.8, 0.7, 0.3), row(3, 0.2, 0.6, 0.9), row(4, 0.1, 0.9, 0.8)]
    ranked = {one.name: one for one in ranking([*rows, row(5, 0.0, None)], bad_below=0.5)}
    assert ranked["disagreement"].auroc == 1.0
    assert ranked["disagreement"].order == "high"
    assert ranked["disagreement"].spearman == pytest.approx(0.8)
    # A low score is what is suspicious.
    assert (ranked["score"].auroc, ranked["score"].order) == (1.0, "low")
    assert (ranked["coverage"].auroc, ranked["coverage"].order) == (0.5, "high")
    assert ranked["flips"].auroc is None


def test_class_figures_name_the_classes_that_are_confused() -> None:
    person, horse = class_figures(
        [(1, 1, 60), (1, 2, 30), (1, 0, 10), (2, 2, 50), (255, 1, 1000)], {1: "person", 2: "horse"}
    )[1:]
    assert person.recall == pytest.approx(0.6)
    assert person.precision == 1.0
    assert [one.name for one in person.missed] == ["horse", "background"]
    assert horse.precision == pytest.approx(50 / 80)
    assert [(one.name, one.share) for one in horse.stolen] == [("person", pytest.approx(30 / 80))]

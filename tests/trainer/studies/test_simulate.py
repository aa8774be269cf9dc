"""The simulated annotator clicks where it should, and the figures are those of its sessions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from trainer import commands, pipeline
from trainer.errors import TrainerUsageError
from trainer.interactive.seeds import Click
from trainer.models.proposal import run_model
from trainer.recipes import load_recipe
from trainer.run.map_storage import ClassMaps
from trainer.studies.simulate.annotator import class_ious, neighbours_taken, next_click
from trainer.studies.simulate.engines import ENGINES
from trainer.studies.simulate.figures import (
    SECONDS_PER_CLICK,
    SECONDS_POLYGON,
    Session,
    clicks_to,
    estimated_seconds,
    figures,
)
from trainer.studies.simulate.simulation import SimulationConfig, simulate
from trainer.studies.simulate.start import ModelStarts, Start


def test_the_click_goes_into_the_middle_of_the_largest_mistake() -> None:
    truth = np.zeros((20, 30), np.uint8)
    truth[2:7, 2:7] = 1
    truth[8:17, 12:25] = 2
    click = next_click(np.zeros_like(truth), truth)
    assert click is not None
    assert (click.y, click.label) == (12, 2)
    assert 16 <= click.x <= 20
    found = np.where(truth == 2, truth, 0)
    assert next_click(found, truth) == Click(4, 4, 1)
    assert next_click(truth, truth) is None


def test_mistakes_of_two_classes_side_by_side_are_two() -> None:
    truth = np.zeros((10, 30), np.uint8)
    truth[:, :12], truth[:, 12:22] = 1, 2
    click = next_click(np.zeros_like(truth), truth)
    assert click is not None
    assert click.label == 1
    assert click.x < 12


def test_void_is_no_mistake_and_does_not_count() -> None:
    truth = np.array([[0, 0, 255, 1]], np.uint8)
    mask = np.array([[0, 0, 1, 1]], np.uint8)
    assert next_click(mask, truth) is None
    assert class_ious(mask, truth) == {0: 1.0, 1: 1.0}


def test_what_is_too_much_of_a_class_lowers_its_iou() -> None:
    truth = np.array([[0, 0, 0, 1]], np.uint8)
    assert class_ious(np.array([[0, 0, 1, 1]], np.uint8), truth) == {
        0: pytest.approx(2 / 3),
        1: pytest.approx(1 / 2),
    }


def test_a_click_takes_from_a_neighbour_if_more_than_two_percent_of_its_right_pixels_are_lost() -> None:
    truth = np.zeros((10, 40), np.uint8)
    truth[:, :10], truth[:, 10:20], truth[0] = 1, 2, 255
    before = truth.copy()
    before[:, 20:30] = 1
    click = Click(5, 25, 0)  # against class 1
    after = np.where(before == 1, 0, before).astype(np.uint8)
    assert neighbours_taken(before, after, truth, click) == 0, "class 1 was clicked against"
    after[1, 10] = 0
    assert neighbours_taken(before, after, truth, click) == 0, "one of 90 pixels"
    after[2, 10] = 1
    assert neighbours_taken(before, after, truth, click) == 1
    after[:, 30:] = 2
    assert neighbours_taken(before, after, truth, click) == 2, "background was not clicked against either"


def test_jittered_clicks_stay_in_the_mistake_and_repeat_with_their_seed() -> None:
    truth = np.zeros((40, 40), np.uint8)
    truth[5:30, 8:35] = 1
    mask = np.zeros_like(truth)
    drawn = [next_click(mask, truth, jitter=0.5, rng=np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(drawn)) > 10
    assert all(click is not None and 10 <= click.y < 25 and 13 <= click.x < 30 for click in drawn)
    assert drawn[3] == next_click(mask, truth, jitter=0.5, rng=np.random.default_rng(3))


def session(*values: float, latency: float = 0.5) -> Session:
    ious = tuple({0: 1.0, 3: 2 * value - 1.0} for value in values)
    return Session("a", ious, (latency,) * (len(values) - 1), 0.1)


def test_figures_by_hand() -> None:
    found = figures([session(0.6, 0.7, 0.9), session(0.8, 0.8, 0.8, 0.8, 0.8)], max_clicks=4)
    # The first picture was right after two clicks and stays so.
    assert found["miou_after"] == {"0": 0.7, "1": 0.75, "2": 0.85, "3": 0.85}
    assert found["area"] == pytest.approx((0.7 / 2 + 0.75 + 0.85 + 0.85 + 0.85 / 2) / 4, abs=1e-4)
    assert found["clicks_to"]["85"] == {"clicks": (2 + 4) / 2, "never": 0.5}
    assert found["objects"]["80"] == {"clicks": (2 + 4) / 2, "never": 0.5}
    assert found["latency_ms"] == {"median": 500.0, "p95": 500.0}


def test_the_estimate_is_clicks_and_waiting_and_a_polygon_where_clicks_do_not_do() -> None:
    assert estimated_seconds(session(0.6, 0.7, 0.9), 2) == pytest.approx(2 * (SECONDS_PER_CLICK + 0.5))
    assert estimated_seconds(session(0.6, 0.7), 1) == pytest.approx(SECONDS_PER_CLICK + 0.5 + SECONDS_POLYGON)
    assert clicks_to([0.1, 0.5], 0.8) is None


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_takes_a_click(name: str) -> None:
    image = np.full((48, 64, 3), (20, 40, 160), np.uint8)
    image[12:36, 16:48] = (200, 30, 20)
    prior = np.zeros((48, 64), np.uint8)
    prior[12:36, 16:30] = 1
    engine = ENGINES[name](lambda picture: np.zeros((1, 3, 4), np.float32))
    maps = ClassMaps((1,), (48, 64), np.full((1, 12, 16), 0.5, np.float32))
    engine.start(image, Start(prior, maps, None))
    mask = engine.refine(prior, [Click(24, 40, 1)])
    assert (mask.shape, mask.dtype) == (prior.shape, np.uint8)
    if name == "none":
        np.testing.assert_array_equal(mask, prior)
    else:
        assert mask[24, 40] == 1
        assert (mask == 1).sum() > (prior == 1).sum()


@pytest.fixture
def root(make_voc):
    root = make_voc(pictures=2, size=(64, 96), classes=("cat", "dog"))
    for number in range(2):
        path = root / "JPEGImages" / f"p{number}.png"
        flat = np.asarray(Image.open(path)).copy()
        flat[:] = (30, 60, 120)
        flat[16:33, 24:49] = (200, 60 * number, 0)
        Image.fromarray(flat).save(path)
    return root


def test_a_simulation_from_zero_shot_masks_repeats_and_keeps_its_starts(root, tmp_path) -> None:
    config = SimulationConfig(("none", "ours"), max_clicks=3, cache=tmp_path / "starts")
    first = simulate(root, "train", config)
    assert len(list((tmp_path / "starts").rglob("*.png"))) == 2
    again = simulate(root, "train", config)
    none, ours = first["engines"]["none"], first["engines"]["ours"]
    assert none["miou_after"]["0"] == none["miou_after"]["3"] == ours["miou_after"]["0"]
    assert ours["miou_after"]["3"] > 0.9
    assert again["engines"]["ours"]["sessions"] == ours["sessions"]
    assert json.loads(json.dumps(first)) == first


def test_jitter_is_drawn_for_every_seed(root) -> None:
    config = SimulationConfig(("superpixel",), max_clicks=2, jitter=0.8, seeds=(0, 1))
    found = simulate(root, "train", config)["engines"]["superpixel"]
    assert len(found["sessions"]) == 4
    assert set(found["spread"]) == {"miou_after", "clicks_to_85"}


def test_the_table_has_a_line_an_engine(root) -> None:
    result = commands.simulate(root, "train", "none,superpixel", max_clicks=2)
    lines = commands.simulation_table(result).splitlines()
    assert [line.split(" ")[1] for line in lines[4:]] == ["none", "superpixel"]
    assert lines[2].count("|") == lines[4].count("|")


def test_wrong_use_is_explained(root, make_voc) -> None:
    with pytest.raises(TrainerUsageError, match="'sam' is not known; choose from none, superpixel"):
        SimulationConfig(("sam",))
    bare = make_voc("bare", pictures=2, masks=False)
    with pytest.raises(TrainerUsageError, match="no picture with tags and ground truth"):
        simulate(bare, "train", SimulationConfig(("none",)))


def test_corrections_can_start_from_a_run_with_its_edges(root, tmp_path) -> None:
    run = tmp_path / "run"
    pipeline.run(load_recipe("tiny"), root, "train", run, ("classify", "cams", "affinity"), device="cpu")
    found = simulate(root, "train", SimulationConfig(("none", "ours"), start=str(run), max_clicks=2))
    assert found["start"] == str(run)
    assert found["engines"]["ours"]["pictures"] == 2
    starts = ModelStarts(run_model(run, "cpu"))
    assert starts.start(np.zeros((64, 96, 3), np.uint8), ("cat",), (1,)).edges_hw is not None

"""What corrections teach: what is corrected and measured, and that an interrupted study continues."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer import cli, commands
from trainer.cams.signals import SIGNALS, doubts
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.data.masks import write_mask
from trainer.errors import TrainerUsageError
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.run.map_storage import ClassMaps, save_maps
from trainer.studies import training
from trainer.studies.teaching import study as teaching
from trainer.studies.teaching.corrections import Acceptance, correct_pictures
from trainer.studies.teaching.data import SPLIT, write_taught_dataset
from trainer.studies.teaching.figures import corrections_to, teaching_table
from trainer.studies.teaching.plan import TeachingConfig, plan_corrections
from trainer.studies.teaching.study import run_teaching
from trainer.studies.training import Training

RECIPE = load_recipe("tiny")
TRAINING = Training(RECIPE, "cpu")
SIZE = (40, 60)


class FakeRuns:
    """A pipeline whose masks are right in as many pictures as it was given accepted masks, plus one."""

    def __init__(self, truth: GroundTruth) -> None:
        self.accepted: list[tuple[str, ...]] = []
        self._truth = truth

    def run(self, recipe: Any, root: Path, split: str, path: Path, stages: Any, **_keywords: Any) -> RunDir:
        assert stages == ("classify", "cams", "affinity", "pixels", "refine")
        dataset, directory = open_dataset(root, split), RunDir(path)
        self.accepted.append(tuple(image.id for image in dataset.accepted))
        for number, image in enumerate(dataset.images):
            right = self._truth.mask(image.id)
            is_right = number <= 2 * len(dataset.accepted) + recipe.seed
            write_mask(directory.pseudo_path(image.id), right if is_right else np.zeros_like(right))
            maps = np.full((len(image.tags), 10, 15), 0.1 * number, np.float32)
            save_maps(directory.walk_path(image.id), ClassMaps(image.tags, SIZE, maps))
        return directory


@pytest.fixture
def root(make_voc) -> Path:
    return make_voc(pictures=8, size=SIZE)


@pytest.fixture
def runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuns:
    fake = FakeRuns(GroundTruth(root))
    monkeypatch.setattr(training.pipeline, "run", fake.run)
    return fake


def config(**changes: Any) -> TeachingConfig:
    values: dict[str, Any] = {"points": (0, 1, 2), "orders": ("random", "undecided"), "max_clicks": 1}
    return TeachingConfig(**(values | changes))


def test_every_order_is_a_queue_and_the_rest_is_nobodys() -> None:
    ids = [f"p{number}" for number in range(8)]
    doubt = {"score": {name: float(name == "p5") for name in ids}}
    plan = plan_corrections(ids, doubt, config(orders=("random", "score")), seed=3)
    assert plan.queues["score"] == ("p5", "p0")
    assert sorted({*plan.queues["random"], *plan.queues["score"], *plan.rest}) == ids
    assert not {*plan.queues["random"], *plan.queues["score"]} & set(plan.rest)
    again = plan_corrections(ids, doubt, config(orders=("random", "score")), seed=3)
    assert again == plan
    assert plan_corrections(ids, doubt, config(orders=("random", "score")), seed=4) != plan


def test_maps_near_the_threshold_or_weak_are_doubtful() -> None:
    sure = doubts(np.array([[[0.0, 1.0]]], np.float32), 0.5)
    unsure = doubts(np.array([[[0.45, 0.6]]], np.float32), 0.5)
    assert set(sure) == set(SIGNALS)
    assert all(unsure[name] > sure[name] for name in SIGNALS)
    assert set(doubts(np.zeros((0, 1, 2), np.float32), 0.5).values()) == {0.0}


def test_each_point_trains_with_the_first_masks_of_its_queue(root, runs, tmp_path) -> None:
    result = run_teaching(TRAINING, root, "train", tmp_path / "loop", config(), workers=1)
    before, *points = runs.accepted
    assert before == ()
    assert [len(one) for one in points] == [1, 2, 1, 2]
    assert set(points[0]) < set(points[1])
    assert result["rest"][0] >= 4
    for order in ("random", "undecided"):
        curve = result["curves"][order]
        assert [point["corrected"] for point in curve] == [0, 1, 2]
        assert curve[0]["mean"] < curve[2]["mean"]
        assert curve[0] == result["curves"]["random"][0]
        assert curve[0]["before"] is None
    stored = json.loads((tmp_path / "loop" / "loop.json").read_text())
    assert stored == json.loads(json.dumps(result))
    table = (tmp_path / "loop" / "loop.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("| random |") for line in table) == 3
    ElementTree.fromstring((tmp_path / "loop" / "loop.svg").read_text(encoding="utf-8"))


def test_all_points_are_measured_on_the_same_untouched_pictures(root, runs, tmp_path) -> None:
    result = run_teaching(TRAINING, root, "train", tmp_path / "loop", config(), workers=1)
    corrected = {path.stem for path in (tmp_path / "loop" / "seed0" / "corrected").glob("*.png")}
    assert {name for accepted in runs.accepted for name in accepted} == corrected
    assert result["rest"] == [8 - len(corrected)]


def test_a_mask_that_clicks_do_not_save_is_painted_and_costs_more(root, runs, tmp_path) -> None:
    directory = runs.run(RECIPE, root, "train", tmp_path / "run", teaching.STAGES)
    images = open_dataset(root, "train").images[:4:3]
    found = correct_pictures(
        images, GroundTruth(root), directory, tmp_path / "c", Acceptance(1.0, 1), workers=1
    )
    right, wrong = found["p0"], found["p3"]
    assert (right.clicks, right.is_painted, right.seconds, right.before) == (0, False, 0.0, 1.0)
    assert wrong.is_painted or wrong.clicks == 1
    assert wrong.seconds > 0
    assert wrong.after == 1.0
    np.testing.assert_array_equal(read_mask(tmp_path / "c" / "p3.png"), GroundTruth(root).mask("p3"))


def test_corrections_are_made_once_and_anew_under_other_rules(root, runs, tmp_path) -> None:
    directory = runs.run(RECIPE, root, "train", tmp_path / "run", teaching.STAGES)
    images, folder = open_dataset(root, "train").images[:1], tmp_path / "c"

    def correct(target: float) -> None:
        correct_pictures(images, GroundTruth(root), directory, folder, Acceptance(target, 1), workers=1)

    correct(0.5)
    mark = np.full(SIZE, 2, np.uint8)
    write_mask(folder / "p0.png", mark)
    correct(0.5)
    np.testing.assert_array_equal(read_mask(folder / "p0.png"), mark)
    correct(0.6)
    assert (read_mask(folder / "p0.png") != mark).any()


def test_the_dataset_of_a_point_leaves_older_acceptances_behind(root, tmp_path) -> None:
    write_mask(root / "accepted" / "p1.png", np.zeros(SIZE, np.uint8))
    write_mask(tmp_path / "c" / "p4.png", np.ones(SIZE, np.uint8))
    dataset = open_dataset(root, "train")
    for accepted in (("p4",), (), ("p4",)):
        write_taught_dataset(dataset, GroundTruth(root), tmp_path / "data", tmp_path / "c", accepted)
        made = open_dataset(tmp_path / "data", SPLIT)
        assert tuple(image.id for image in made.accepted) == accepted
    assert made.class_names == dataset.class_names
    assert [(image.id, image.tags) for image in made.images] == [
        (image.id, image.tags) for image in dataset.images
    ]
    assert GroundTruth(tmp_path / "data").has("p0")


def test_a_loop_of_real_runs_is_not_run_twice(make_voc, tmp_path) -> None:
    root = make_voc(pictures=4, size=(64, 64))
    arguments = (root, "tiny", tmp_path / "loop")
    keywords: dict[str, Any] = {
        "points": (0, 1),
        "orders": ("random",),
        "max_clicks": 1,
        "device": "cpu",
        "overrides": ("classify.epochs=1", "affinity.enabled=false"),
    }
    first = commands.simulate_loop(*arguments, **keywords)
    events = sorted((tmp_path / "loop").rglob("events.jsonl"))
    assert [path.parent.parent.name for path in events] == ["before", "random-1"]
    seen: list[str] = []
    again = commands.simulate_loop(
        *arguments, **keywords, listeners=(lambda event: seen.append(event["kind"]),)
    )
    assert again == first
    assert "stage_skipped" in seen
    assert "stage_started" not in seen
    assert commands.teaching_table(again).count("| random |") == 2


def test_the_table_says_how_many_corrections_the_better_order_saves() -> None:
    def curve(*figures: float) -> list[dict[str, Any]]:
        return [
            {
                "corrected": count,
                "mean": figure,
                "spread": 0.0,
                "before": None,
                "after": None,
                "clicks": 0,
                "painted": 0,
                "hours": 0,
            }
            for count, figure in zip((0, 50, 100), figures, strict=True)
        ]

    result = {
        "recipe": "tiny",
        "split": "train",
        "rest": [30],
        "seeds": [0],
        "target": 0.85,
        "max_clicks": 10,
        "signals": [{"score": 0.25}],
        "curves": {"random": curve(50.0, 52.0, 54.0), "score": curve(50.0, 54.0, 55.0)},
    }
    text = teaching_table(result)
    assert "Order score reaches the 54.00 of 100 corrections in random order after 50, 50% of them" in text
    assert "| random | 100 | 54.00 ± 0.00 | +4.00 |" in text
    result["curves"]["score"] = curve(50.0, 51.0, 52.0)
    assert "Order score never reaches the 54.00" in teaching_table(result)
    assert corrections_to(curve(50.0, 51.0, 52.0), 49.0) == 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": (0,)}, "at least one point above 0"),
        ({"points": (5, 2)}, "ascending"),
        ({"orders": ("entropi",)}, "'entropi' cannot be used; choose each once from random, undecided"),
        ({"seeds": ()}, "at least one seed"),
        ({"target": 0.0}, "above 0"),
    ],
)
def test_wrong_use_is_explained(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainerUsageError, match=message):
        config(**changes)


def test_what_cannot_be_measured_is_said_before_anything_is_trained(root, runs, tmp_path) -> None:
    with pytest.raises(TrainerUsageError, match="Only 8 pictures have tags and ground truth"):
        run_teaching(TRAINING, root, "train", tmp_path, config(points=(4,)))
    deaf = load_recipe("tiny", ("use_accepted=false",))
    with pytest.raises(TrainerUsageError, match="does not use accepted masks"):
        run_teaching(Training(deaf), root, "train", tmp_path, config())
    assert not runs.accepted


def test_the_command_line_passes_on_what_was_asked(monkeypatch: pytest.MonkeyPatch, tmp_path, capsys) -> None:
    asked: list[Any] = []

    def fake(
        training: Training, root: Path, split: str, out: Path, config: TeachingConfig, **_keywords: Any
    ) -> dict:
        asked.append((training.recipe.name, root, split, out, config))
        return {"points": list(config.points)}

    monkeypatch.setattr(teaching, "run_teaching", fake)
    monkeypatch.setattr(commands, "teaching_table", lambda _result: "a table")
    arguments = ["--dataset-root", tmp_path, "--out", tmp_path / "loop", "--recipe", "tiny", "--json"]
    options = ["--points", "0,10", "--orders", "entropy, random", "--seeds", "1,2", "--max-clicks", 4]
    words = ["trainer", "simulate-loop", *map(str, [*arguments, *options])]
    monkeypatch.setattr("sys.argv", words)
    assert cli.main() == 0
    wanted = TeachingConfig((0, 10), ("entropy", "random"), (1, 2), 0.85, 4)
    assert asked == [("tiny", tmp_path, "train", tmp_path / "loop", wanted)]
    assert json.loads(capsys.readouterr().out) == {"points": [0, 10]}
    monkeypatch.setattr("sys.argv", [*words, "--points", "few"])
    assert cli.main() == 2
    assert "--points 0,25,50" in capsys.readouterr().err

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainer.data.dataset import TaggedDataset
from trainer.errors import TrainerUsageError
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.studies import ablation, training
from trainer.studies.ablation import ablation_table, run_ablation
from trainer.studies.training import Training

TRAINING = Training(load_recipe("tiny"))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Runs that train nothing: what was asked of the pipeline, with a figure made of seed and terms."""
    asked: list[dict[str, Any]] = []

    def run(recipe: Any, _root: Path, split: str, path: Path, stages: Any, **_keywords: Any) -> RunDir:
        loss = recipe.classify.loss
        asked.append(
            {"seed": recipe.seed, "terms": (loss.tile_classification, loss.reconstruction), "stages": stages}
        )
        figure = 0.4 + 0.02 * recipe.seed + 0.1 * loss.reconstruction
        row = {"name": "cam", "honest": {"miou": figure}, "oracle": {"miou": figure + 0.05}}
        directory = RunDir(path)
        directory.path.mkdir(parents=True)
        directory.metrics_path.write_text(json.dumps({"rows": [row] if split == "train" else []}))
        return directory

    monkeypatch.setattr(training.pipeline, "run", run)
    monkeypatch.setattr(ablation, "open_dataset", lambda _root, split: TaggedDataset(Path(), split, (), ()))
    return asked


def test_every_row_of_table_1_is_run_with_every_seed(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run_ablation(TRAINING, "data", "train", tmp_path, (0, 1))
    assert [(run["terms"], run["seed"]) for run in runs] == [
        (terms, seed)
        for terms in ((False, False), (True, False), (False, True), (True, True))
        for seed in (0, 1)
    ]
    assert {run["stages"] for run in runs} == {("classify", "cams", "evaluate")}
    assert [row["paper"] for row in result["rows"]] == [47.82, 47.70, 49.21, 51.53]


def test_means_and_spread_are_over_the_seeds(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run_ablation(TRAINING, "data", "train", tmp_path, (0, 1))
    baseline = result["rows"][0]["honest"]
    assert baseline["values"] == [40.0, 42.0]
    assert baseline["mean"] == 41.0
    assert baseline["spread"] == pytest.approx(2**0.5, abs=1e-3)
    assert "| L_cls | 41.00 ± 1.41 | 46.00 ± 1.41 | 47.82 |" in ablation_table(result)


def test_table_plot_and_numbers_are_stored(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run_ablation(TRAINING, "data", "train", tmp_path, (3,))
    assert json.loads((tmp_path / "ablation.json").read_text(encoding="utf-8")) == result
    assert result["rows"][0]["honest"]["spread"] == 0.0
    assert "data and backbone differ" in (tmp_path / "ablation.md").read_text(encoding="utf-8")
    assert ElementTree.parse(tmp_path / "ablation.svg").getroot().tag.endswith("svg")


def test_without_ground_truth_there_is_nothing_to_compare(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="no ground-truth masks for split val"):
        run_ablation(TRAINING, "data", "val", tmp_path, (0,))


def test_no_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="--seeds 0,1"):
        run_ablation(TRAINING, "data", "train", tmp_path, ())


@pytest.mark.slow
def test_an_ablation_of_real_runs_goes_on_where_it_stopped(
    make_voc: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "VARIANTS", ablation.VARIANTS[::3])
    recipe = load_recipe("tiny", ["classify.epochs=0", "cams.max_side=32"])
    heard: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        heard.append(event["kind"])

    root = make_voc(pictures=4)
    tiny = Training(recipe, "cpu", listeners=(listen,))
    first = run_ablation(tiny, root, "train", tmp_path / "out", (0,))
    assert heard.count("stage_started") == 2 * 3
    heard.clear()
    again = run_ablation(tiny, root, "train", tmp_path / "out", (0,))
    assert "stage_started" not in heard
    assert again == first

"""The systems of Table 3 are run with the same recipe, share what they can, and stand in one table."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trainer.contract import STAGES
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.errors import TrainerUsageError
from trainer.recipes import load_recipe
from trainer.run.directory import RunDir
from trainer.studies import methods, training
from trainer.studies.methods import SYSTEMS, methods_table, run_comparison, systems_named
from trainer.studies.training import Training

TRAINING = Training(load_recipe("tiny"))


def dataset(split: str) -> TaggedDataset:
    """One picture with two tags."""
    return TaggedDataset(Path(), split, ("cat", "cup"), [TaggedImage("a", Path("a.png"), (1, 2))])


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Runs that train nothing: what was asked of the pipeline, with figures made of seed and methods."""
    asked: list[dict[str, Any]] = []

    def run(
        recipe: Any, _root: Path, split: str, path: Path, _stages: Any, *, reuse: Sequence[Path], **_more: Any
    ) -> RunDir:
        chosen = (recipe.classify.method, recipe.affinity.method, recipe.seed)
        asked.append({"chosen": chosen, "reuse": [one.name for one in reuse], "rest": recipe.segment})
        miou = 0.4 + 0.02 * recipe.seed + 0.1 * (recipe.affinity.method == "psa")
        names = ("cam", "walk", "pseudo", "segmentation")
        rows = [{"name": name, "honest": {"miou": miou}, "oracle": {"miou": 0.5}} for name in names]
        directory = RunDir(path)
        directory.path.mkdir(parents=True)
        directory.metrics_path.write_text(json.dumps({"rows": rows if split == "train" else []}))
        directory.events_path.write_text(json.dumps({"kind": "step", "memory_mb": 700 + recipe.seed}) + "\n")
        return directory

    monkeypatch.setattr(training.pipeline, "run", run)
    monkeypatch.setattr(RunDir, "record", lambda _run, _stage: SimpleNamespace(summary={"seconds": 1.5}))
    monkeypatch.setattr(methods, "open_dataset", lambda _root, split: dataset(split))
    return asked


def test_systems_run_with_every_seed_and_may_take_over_stages_of_those_before(
    runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    systems = systems_named(["plain", "affinitynet", "seam"])
    run_comparison(TRAINING, "data", "train", tmp_path, systems, (0, 1))
    assert [run["chosen"] for run in runs[:3]] == [
        ("plain", "irn", 0),
        ("plain", "psa", 0),
        ("seam", "irn", 0),
    ]
    assert [run["chosen"][2] for run in runs] == [0, 0, 0, 1, 1, 1]
    assert runs[1]["reuse"] == ["plain-seed0"]
    assert runs[3]["reuse"] == []
    assert {run["rest"] for run in map(_frozen, runs)} == {_frozen(runs[0])["rest"]}


def _frozen(run: dict[str, Any]) -> dict[str, Any]:
    return {**run, "rest": run["rest"].model_dump_json()}


def test_the_table_has_honest_and_oracle_figures_and_memory(
    runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    result = run_comparison(TRAINING, "data", "train", tmp_path, systems_named(["affinitynet"]), (0, 1))
    row = result["rows"][0]
    assert row["honest"]["segmentation"]["values"] == [50.0, 52.0]
    assert row["oracle_cam"]["mean"] == 50.0
    assert row["seconds"]["mean"] == 1.5 * len(STAGES)
    assert row["memory_mb"] == 701
    table = methods_table(result)
    assert "| AffinityNet | 51.00 ± 1.41 | 50.00 ± 0.00 |" in table
    assert "61.7 (Wide-ResNet-38)" in table
    assert json.loads((tmp_path / "methods.json").read_text(encoding="utf-8")) == result
    assert ElementTree.parse(tmp_path / "methods.svg").getroot().tag.endswith("svg")


def test_a_system_that_lacks_saliency_maps_is_printed_as_a_deviation(
    runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    plain, dsrg = (
        methods_table(run_comparison(TRAINING, "data", "train", tmp_path, systems_named([name]), (0,)))
        for name in ("plain", "dsrg")
    )
    assert "saliency.source is none: background is where the CAMs are low" not in plain
    assert "saliency.source is none: background is where the CAMs are low" in dsrg


def test_without_ground_truth_there_is_nothing_to_compare(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="no ground truth to measure with"):
        run_comparison(TRAINING, "data", "val", tmp_path, SYSTEMS[:1], (0,))


def test_a_system_that_cannot_be_trained_is_refused_before_any_other_runs(
    runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(TrainerUsageError, match="a picture that has this tag alone"):
        run_comparison(TRAINING, "data", "train", tmp_path, systems_named(["plain", "icd"]), (0,))
    assert runs == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["plain", "pasta"], "no method named 'pasta'; give --methods some of plain, affinitynet"),
        ([], "at least one method"),
        (["plain", "plain"], "each once"),
    ],
)
def test_unknown_methods_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(TrainerUsageError, match=message):
        systems_named(names)


def test_no_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="--seeds 0,1"):
        run_comparison(TRAINING, "data", "train", tmp_path, SYSTEMS[:1], ())


@pytest.mark.slow
def test_real_runs_share_the_classifier_and_go_on_where_they_stopped(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = load_recipe(
        "tiny",
        [
            "classify.epochs=0",
            "affinity.epochs=0",
            "segment.epochs=0",
            "cams.max_side=32",
            "pixels.enabled=false",
        ],
    )
    heard: list[tuple[str, str]] = []

    def listen(event: dict[str, Any]) -> None:
        if event["kind"] in {"stage_started", "stage_skipped"}:
            heard.append((event["kind"], event["stage"]))

    root = make_voc(pictures=4)
    tiny = Training(recipe, "cpu", listeners=(listen,))
    systems = systems_named(["plain", "affinitynet"])
    first = run_comparison(tiny, root, "train", tmp_path / "out", systems, (0,))
    assert heard.count(("stage_started", "classify")) == 1
    assert heard.count(("stage_started", "cams")) == 1
    assert heard.count(("stage_started", "affinity")) == 2
    plain, affinitynet = first["rows"]
    assert affinitynet["honest"]["cam"] == plain["honest"]["cam"]
    heard.clear()
    again = run_comparison(tiny, root, "train", tmp_path / "out", systems, (0,))
    assert "stage_started" not in {kind for kind, _ in heard}
    assert again == first

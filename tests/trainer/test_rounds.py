"""Runs of two rounds: what is repeated, what is measured, and that killing one changes nothing."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests import warm
from tests.trainer.conftest import draw_voc
from trainer import pipeline
from trainer.contract import in_round, split_round, stages_of
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.errors import TrainerUsageError
from trainer.machine.stop import RunStopped, StopSignal
from trainer.models.segmentation import KIND
from trainer.recipes import load_recipe
from trainer.reports.report import write_report
from trainer.run.checkpoints import read_header
from trainer.run.directory import RunDir
from trainer.run.events import Event
from trainer.stage_graph import StageGraph

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = (
    "classify.epochs=0",
    "pixels.enabled=false",
    "affinity.epochs=0",
    "affinity.crf_iterations=1",
    "relabel.scales=[1.0]",
    "relabel.flip=false",
    "segment.crf_iterations=1",
)
FIRST = ("classify", "cams", "affinity", "pixels", "refine", "segment")
SECOND = ("relabel-2", "segment-2")


def run(root: Path, path: Path, *overrides: str, **keywords: Any) -> list[Event]:
    heard: list[Event] = []
    listeners = (heard.append, *keywords.pop("listeners", ()))
    recipe = load_recipe("tiny", [*QUICK, *overrides])
    pipeline.run(recipe, root, "train", path, device="cpu", listeners=listeners, **keywords)
    return heard


def stages_in(events: list[Event], kind: str) -> tuple[str, ...]:
    return tuple(event["stage"] for event in events if event["kind"] == kind)


def outcome(path: Path) -> tuple[str, list[list[list[int]]]]:
    """Weights and pseudo-labels of round 2."""
    directory = RunDir(path)
    weights = str(read_header(directory.model_path("segment-2"), KIND)["sha256"])
    return weights, [read_mask(directory.pseudo_path(f"p{number}", 2)).tolist() for number in range(4)]


def draw(root: Path) -> Path:
    draw_voc(root, pictures=4)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("p0\n", encoding="utf-8")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return draw(tmp_path / "voc")


@dataclass(frozen=True)
class TwoRounds:
    """An uninterrupted run of two rounds; its directory as it was after the first one is there to copy."""

    root: Path
    first_round: Path
    whole: Path
    settings: tuple[str, ...] = ("rounds=2", "segment.epochs=5")


@pytest.fixture(scope="module")
def two_rounds(tmp_path_factory: pytest.TempPathFactory) -> TwoRounds:
    folder = tmp_path_factory.mktemp("two_rounds")
    made = TwoRounds(draw(folder / "voc"), folder / "first", folder / "whole")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run(made.root, made.first_round, "segment.epochs=5")
    shutil.copytree(made.first_round, made.whole)
    run(made.root, made.whole, *made.settings)
    torch.set_num_threads(threads)
    return made


@pytest.fixture
def keys(root: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    def keys_of(*overrides: str) -> dict[str, str]:
        recipe = load_recipe("tiny", [*QUICK, *overrides])
        graph = StageGraph(recipe, open_dataset(root, "train"), RunDir(tmp_path / "nowhere"))
        return {name: graph.key(name) for name in recipe.stages if name != "evaluate"}

    return keys_of


def test_each_round_after_the_first_adds_its_stages_before_the_evaluation() -> None:
    assert stages_of(1) == (*FIRST, "evaluate")
    assert stages_of(3) == (*FIRST, *SECOND, "relabel-3", "segment-3", "evaluate")
    assert [split_round(in_round("segment", number)) for number in (1, 2, 12)] == [
        ("segment", 1),
        ("segment", 2),
        ("segment", 12),
    ]


def test_a_second_round_changes_no_key_of_the_first(keys: Callable[..., dict[str, str]]) -> None:
    one, two = keys(), keys("rounds=2")
    assert {name: two[name] for name in one} == one
    assert set(two) - set(one) == set(SECOND)


def test_a_setting_of_later_rounds_changes_only_their_keys(keys: Callable[..., dict[str, str]]) -> None:
    before, after = keys("rounds=2"), keys("rounds=2", "relabel.background_threshold=0.4")
    assert tuple(name for name in before if before[name] != after[name]) == SECOND


def test_a_setting_of_the_walk_changes_the_keys_of_both_rounds(keys: Callable[..., dict[str, str]]) -> None:
    before, after = keys("rounds=2"), keys("rounds=2", "refine.beta=4")
    assert {name for name in before if before[name] != after[name]} == {"refine", "segment", *SECOND}


def test_a_finished_run_goes_on_with_a_second_round_and_back(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    run(root, path)
    assert RunDir(path).manifest().last_round == 1
    more = run(root, path, "rounds=2")
    assert stages_in(more, "stage_skipped") == FIRST
    assert stages_in(more, "stage_started") == (*SECOND, "evaluate")
    assert RunDir(path).manifest().last_round == 2

    metrics = json.loads(RunDir(path).metrics_path.read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in metrics["rows"]}
    assert list(rows) == ["cam", "walk", "pseudo", "segmentation", "pseudo-2", "segmentation-2"]
    assert (rows["pseudo-2"]["split"], rows["pseudo-2"]["pictures"]) == ("train", 4)
    assert rows["pseudo-2"]["title"].startswith("Round 2: network held to the tags + random walk")
    assert rows["segmentation-2"]["title"] == "Round 2: segmentation network"
    html = write_report(path).read_text(encoding="utf-8")
    for text in ("Round 2: segmentation network", "Losses of segment-2", "pseudo-label of round 2"):
        assert text in html

    # A threshold of round 2 repeats round 2 alone.
    changed = run(root, path, "rounds=2", "relabel.background_threshold=0.4")
    assert stages_in(changed, "stage_started") == (*SECOND, "evaluate")
    back = run(root, path)
    assert stages_in(back, "stage_started") == ("evaluate",), "figures of round 2 are not part of one round"
    assert RunDir(path).manifest().last_round == 1


def test_labels_of_a_round_whose_network_was_trained_again_do_not_count(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    run(root, path, "rounds=2", "segment.epochs=0")
    run(root, path, "rounds=2", "segment.epochs=0", "refine.beta=4", stages=("refine",))
    assert RunDir(path).manifest().last_round == 1


def test_an_accepted_mask_is_measured_in_no_round(root: Path, tmp_path: Path) -> None:
    write_mask(root / "accepted" / "p1.png", np.full((40, 60), 2, np.uint8))
    run(root, tmp_path / "run", "rounds=2", "segment.epochs=0", "segment.use_crf=false")
    metrics = json.loads(RunDir(tmp_path / "run").metrics_path.read_text(encoding="utf-8"))
    assert {row["name"]: row["pictures"] for row in metrics["rows"]}["pseudo-2"] == 3


def test_stages_of_a_round_that_the_recipe_does_not_have_are_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match=r"'segment-2' is not known.*the recipe has rounds = 1"):
        run(root, tmp_path / "run", stages=("segment-2",))


def test_rounds_without_a_segmentation_network_are_refused() -> None:
    with pytest.raises(TrainerUsageError, match=r"rounds = 2 needs the segmentation network"):
        load_recipe("tiny", ("rounds=2", "segment.enabled=false"))


def test_a_run_that_was_stopped_in_the_second_round_ends_as_if_it_had_not_been(
    two_rounds: TwoRounds, tmp_path: Path
) -> None:
    root, settings = two_rounds.root, two_rounds.settings
    cut, stop = shutil.copytree(two_rounds.first_round, tmp_path / "cut"), StopSignal()

    def ask(event: Event) -> None:
        if event["kind"] == "step" and event["stage"] == "segment-2" and event["step"] == 2:
            stop.set()

    with pytest.raises(RunStopped):
        run(root, cut, *settings, listeners=(ask,), stop=stop)
    events = run(root, cut, *settings)
    assert stages_in(events, "stage_skipped") == (*FIRST, "relabel-2")
    assert [event["step"] for event in events if event["kind"] == "resumed" and "step" in event] == [3]
    assert outcome(cut) == outcome(two_rounds.whole)


KILLED_RUN = """
import os, signal, sys, torch
torch.set_num_threads(1)
from trainer import pipeline
from trainer.recipes import load_recipe
from trainer.stages import image_loop

image_loop.EVENT_EVERY_S = 0

def kill(event):
    if at == "labels":
        found = event["kind"] == "progress" and event["stage"] == "relabel-2" and event["done"] == 2
    else:
        found = event["kind"] == "step" and event["stage"] == "segment-2" and event["step"] == 3
    if found:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    root, path, at, *settings = sys.argv[1:]
    pipeline.run(load_recipe("tiny", settings), root, "train", path, device="cpu", listeners=(kill,))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("at", ["labels", "training"])
def test_kill_9_in_the_second_round_then_resume_ends_as_an_uninterrupted_run(
    two_rounds: TwoRounds, tmp_path: Path, at: str
) -> None:
    root, settings = two_rounds.root, two_rounds.settings
    cut = shutil.copytree(two_rounds.first_round, tmp_path / "cut")
    program = tmp_path / "killed.py"
    program.write_text(KILLED_RUN, encoding="utf-8")
    assert warm.start([program, root, cut, at, *QUICK, *settings]).wait() == -signal.SIGKILL
    assert not RunDir(cut).model_path("segment-2").exists()
    events = run(root, cut, *settings)
    assert stages_in(events, "stage_skipped")[:6] == FIRST
    assert [event["kind"] for event in events].count("resumed") >= 1
    assert outcome(cut) == outcome(two_rounds.whole)

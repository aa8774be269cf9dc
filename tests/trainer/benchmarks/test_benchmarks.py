"""Benchmarks compare equal work. How long it takes is no test's business."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from trainer import cli
from trainer.benchmarks import cam, crf, evaluate, random_walk, runner, train_step
from trainer.benchmarks.comparison import Comparison, interleaved_seconds
from trainer.benchmarks.reference import brute_force_sweep
from trainer.errors import TrainerUsageError
from trainer.masks.crf import crf_available


def test_the_random_walk_equals_the_dense_one_and_says_what_was_scaled():
    (row, *_) = random_walk.compare(grid=(12, 14), repeats=1)
    assert row.error < 1e-4
    assert "whole grid" in row.notes[0]
    assert "MiB" in row.notes[1]


def test_a_dense_walk_on_a_smaller_grid_is_scaled(monkeypatch):
    monkeypatch.setattr(random_walk, "SMALL_GRID", (6, 7))
    (row, *_) = random_walk.compare(grid=(12, 14), repeats=1)
    assert "6 x 7 cells" in row.notes[0]
    assert row.error < 1e-4


def test_the_threshold_sweep_is_exact():
    (row,) = evaluate.compare(size=(24, 32), repeats=1)
    assert row.error == 0


def test_brute_force_counts_what_can_be_counted_by_eye():
    truth = np.array([[0, 1, 255]], np.uint8)
    maps = np.array([[[0.1, 0.9, 0.9]]], np.float32)
    low, high = brute_force_sweep(truth, maps, (1,), (0.05, 0.5), 2)
    np.testing.assert_array_equal(low, [[0, 1], [0, 2], [1, 1]])
    np.testing.assert_array_equal(high, [[1, 1], [1, 1], [1, 1]])


@pytest.mark.slow
@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
def test_both_ways_through_the_crf_give_the_same_labels():
    assert [row.agreement for row in crf.compare(size=(24, 32), repeats=1)] == [1.0, 1.0]


def test_cams_are_identical(monkeypatch, exact_cpu):
    monkeypatch.setattr(cam, "choose_device", lambda: exact_cpu)
    (row, *_) = cam.compare(backbones=("lite0",), size=(64, 128), repeats=1)
    assert row.error < 1e-4
    assert row.agreement > 0.99


def test_the_first_training_step_has_the_same_loss(monkeypatch, exact_cpu):
    monkeypatch.setattr(train_step, "choose_device", lambda: exact_cpu)
    row, *_bfloat16 = train_step.compare(backbones=("lite0",), batch_size=2, crop=64, repeats=1)
    assert row.error < 1e-4


def test_functions_are_timed_in_turns_after_a_first_call():
    calls = []
    interleaved_seconds(lambda: calls.append("a"), lambda: calls.append("b"), repeats=2)
    assert calls == ["a", "b", "a", "b", "a", "b"]


def test_the_report_names_ratio_target_and_difference():
    text = Comparison(
        "walk", "2 x 2", 20.0, 0.01, 1000.0, error=1e-5, agreement=0.5, notes=("Mind.",)
    ).as_text()
    assert "2,000.00 times as fast (target 1000)" in text
    assert "reference 20.0 s, ours 10.0 ms" in text
    assert "1e-05" in text
    assert "50.00%" in text
    assert "Mind." in text


def test_the_command_prints_json(monkeypatch):
    monkeypatch.setitem(runner.BENCHMARKS, "evaluate", lambda: [Comparison("sweep", "tiny", 2.0, 1.0)])
    result = CliRunner().invoke(cli.app, ["bench", "evaluate", "--json"])
    printed = json.loads(result.output)
    assert printed["rows"][0]["ratio"] == 2.0
    assert printed["machine"]["cores"] >= 1


def test_an_unknown_benchmark_is_answered_with_the_known_ones():
    with pytest.raises(TrainerUsageError, match="random-walk, crf, cam, train-step, evaluate or all"):
        runner.run_benchmarks("nothing")

"""The commands as functions, and `python -m trainer` around them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from trainer import cli as command_line
from trainer import commands
from trainer.data.dataset import DatasetError
from trainer.errors import TrainerUsageError
from trainer.recipes import recipe_names
from trainer.run.progress import ProgressDisplay


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["trainer", *(str(argument) for argument in arguments)])
    return command_line.main()


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """A folder with ground truth `a`, a prediction of it, and lists."""
    for folder, rows in (("gt", [[0, 1]]), ("out", [[1, 1]])):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.array(rows, dtype=np.uint8)).save(tmp_path / folder / "a.png")
    (tmp_path / "list.txt").write_text("a.jpg\n", encoding="utf-8")
    (tmp_path / "classes.txt").write_text("cat\ndog\n", encoding="utf-8")
    return tmp_path


def test_train_runs_a_recipe_and_tells_what_came_out(make_voc: Callable[..., Path], tmp_path: Path) -> None:
    result = commands.train(
        make_voc(pictures=4),
        "train",
        "tiny",
        tmp_path / "run",
        stages=("classify", "cams", "evaluate"),
        overrides=("classify.epochs=0", "cams.max_side=32"),
        device="cpu",
    )
    assert result["stages"]["cams"]["status"] == "done"
    assert result["metrics"][0]["name"] == "cam"
    assert json.loads(json.dumps(result)) == result


def test_evaluate_scores_a_folder_of_masks(masks: Path) -> None:
    result = commands.evaluate(
        masks / "out", masks / "gt", masks / "list.txt", classes_file=masks / "classes.txt"
    )
    assert result["per_class"] == {"background": 0.0, "cat": 0.5, "dog": None}
    assert (result["pictures"], result["miou"]) == (1, 0.25)
    as_zero = commands.evaluate(
        masks / "out", masks / "gt", masks / "list.txt", classes_file=masks / "classes.txt", absent="zero"
    )
    assert as_zero["miou"] == pytest.approx(0.5 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("listed", "said"), [("", "is empty"), ("a\nb\n", "names b, of which .* has no mask")]
)
def test_evaluate_needs_ground_truth_of_all_that_is_listed(masks: Path, listed: str, said: str) -> None:
    (masks / "list.txt").write_text(listed, encoding="utf-8")
    with pytest.raises(DatasetError, match=said):
        commands.evaluate(masks / "out", masks / "gt", masks / "list.txt")


def test_recipes_are_listed_and_shown() -> None:
    assert {row["name"] for row in commands.recipes()} == set(recipe_names())
    assert "# All stages in seconds" in commands.show_recipe("tiny")
    with pytest.raises(TrainerUsageError):
        commands.show_recipe("none")


def test_the_command_line_prints_what_the_functions_give(
    masks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("evaluate", masks / "out", "--gt", masks / "gt", "--list", masks / "list.txt")
    assert call(monkeypatch, *arguments, "--classes", masks / "classes.txt", "--json") == 0
    assert json.loads(capsys.readouterr().out)["miou"] == 0.25
    assert call(monkeypatch, *arguments, "--classes", masks / "classes.txt") == 0
    assert "mean IoU of 1 pictures: 25.00" in capsys.readouterr().out
    assert call(monkeypatch, "recipes") == 0
    assert "cpu-lite0" in capsys.readouterr().out
    assert call(monkeypatch, "recipes", "show", "tiny") == 0
    assert 'name = "tiny"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("train", "--dataset-root", "nowhere", "--run-dir", "r", "--recipe", "tiny"),
            10,
            "nowhere is not a dataset",
        ),
        (("train", "--dataset-root", "nowhere", "--run-dir", "r", "--recipe", "tony"), 2, "choose one of"),
        (
            ("train", "--dataset-root", "x", "--run-dir", "r", "--device", "tpu"),
            2,
            "Device 'tpu' is not known",
        ),
        (("ablate", "--dataset-root", "x", "--out", "o", "--seeds", "a"), 2, "--seeds 0,1"),
        (("report", "nowhere"), 9, "nowhere is not a run directory"),
        (("train",), 2, "Missing option"),
    ],
)
def test_errors_are_sentences_and_exit_codes(
    arguments: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, *arguments) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert not list(tmp_path.iterdir()), "nothing was started"


def shown(*events: dict[str, Any], terminal: bool = False) -> str:
    output = io.StringIO()
    with ProgressDisplay(Console(file=output, force_terminal=terminal, width=100)) as display:
        for event in events:
            display(event)
    return output.getvalue()


STEP = {"kind": "step", "stage": "classify", "step": 3, "steps": 9, "losses": {"loss": 0.25, "cls": None}}


def test_a_file_gets_a_line_for_what_stays_and_none_for_what_moves() -> None:
    text = shown(
        {"kind": "stage_started", "stage": "classify", "goes_on": True},
        STEP,
        {"kind": "alarm", "stage": "classify", "message": "The maps collapsed."},
        {
            "kind": "metrics",
            "miou": {"cam": {"honest": 0.25, "oracle": 0.5}, "pseudo": {"honest": 0.5, "oracle": None}},
        },
        {"kind": "stage_finished", "stage": "classify", "seconds": 2.0},
    )
    assert text.splitlines() == [
        "classify: continues where it stopped",
        "The maps collapsed.",
        "cam: mean IoU honest 25.00, oracle 50.00",
        "pseudo: mean IoU honest 50.00",
        "classify: done in 2.0 s",
    ]


def test_a_terminal_gets_bars_with_the_losses() -> None:
    text = shown(
        STEP,
        {"kind": "progress", "stage": "cams", "done": 1, "total": 4, "images_per_s": 2.5},
        terminal=True,
    )
    assert "loss 0.2500" in text
    assert "2.5 pictures/s" in text

"""`run` and its neighbours on the command line, up to the point where a worker takes over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from puzzlecam_app.cli import main


@pytest.fixture(autouse=True)
def pets(tmp_path: Path) -> None:
    """The dataset `pets`, with a cat and a dog."""
    pictures = tmp_path / "pets"
    pictures.mkdir()
    for name in ("cat.png", "dog.png"):
        Image.fromarray(np.full((12, 16, 3), len(name), np.uint8) + (name == "dog.png")).save(pictures / name)
    (pictures / "tags.csv").write_text("image,tags\ncat.png,cat\ndog.png,dog\n", encoding="utf-8")
    assert main(["dataset", "import", str(pictures), "--name", "pets"]) == 0


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_run_is_queued_listed_shown_stopped_and_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    started = answer(
        capsys, "run", "start", "pets", "--recipe", "tiny", "--set", "classify.epochs=1", "--device", "cpu"
    )
    assert (started["id"], started["status"], started["learns_from"]) == (1, "queued", "Tags of 2 pictures.")
    assert (started["recipe"]["classify"]["epochs"], started["device"]) == (1, "cpu")
    assert [one["id"] for one in answer(capsys, "run", "list", "--status", "queued")] == [1]
    assert answer(capsys, "run", "show", "1")["progress"]["stages"][0]["status"] == "waiting"
    assert answer(capsys, "run", "logs", "1")["lines"] == []
    assert answer(capsys, "run", "stop", "1")["status"] == "cancelled"
    assert answer(capsys, "run", "resume", "1")["status"] == "queued"


def test_the_queue_is_reordered(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        answer(capsys, "run", "start", "pets", "--recipe", "tiny")
    assert answer(capsys, "run", "reorder", "2", "1") == {"queue": [2, 1]}


def test_runs_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    for epochs in (1, 2):
        answer(capsys, "run", "start", "pets", "--recipe", "tiny", "--set", f"classify.epochs={epochs}")
    result = answer(capsys, "run", "compare", "1", "2")
    assert result["settings"] == [{"setting": "classify.epochs", "values": [1, 2]}]
    assert main(["run", "compare", "1", "2"]) == 0
    assert "classify.epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", "show", "7"], 1, "There is no run 7"),
        (["run", "start", "cats"], 1, "There is no dataset 'cats'"),
        (["run", "start", "pets", "--recipe", "dream"], 2, "Recipe 'dream' is not known"),
        (["run", "start", "pets", "--set", "classify.epochs=-1"], 2, "classify.epochs"),
        (["run", "start", "pets", "--split", "val"], 1, "no split 'val'"),
        (["run", "start", "pets", "--device", "tpu"], 2, "not a device"),
        (["run", "list", "--status", "lost"], 2, "choose one of queued"),
        (["run", "prune"], 2, "no runs are selected"),
        (["worker", "--device", "tpu"], 2, "--worker-device"),
    ],
)
def test_mistakes_are_explained(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert sentence in capsys.readouterr().err


def test_an_ended_run_is_deleted_and_a_waiting_one_is_not(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, "run", "start", "pets", "--recipe", "tiny")
    assert main(["run", "delete", "1"]) == 1
    assert "Stop it first" in capsys.readouterr().err
    answer(capsys, "run", "stop", "1")
    assert answer(capsys, "run", "delete", "1") == {"deleted": 1}
    assert answer(capsys, "run", "list") == []
    assert list((workspace / "runs").iterdir()) == []

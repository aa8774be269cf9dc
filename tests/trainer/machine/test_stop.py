"""Stopping gently: what was done is stored, and going on ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests import warm
from tests.trainer.conftest import draw_voc
from trainer import pipeline
from trainer.cams.trained import KIND
from trainer.machine.stop import RunStopped, StopSignal, stop_on_signals
from trainer.recipes import load_recipe, recipe_toml
from trainer.run.checkpoints import read_header
from trainer.run.directory import RunDir
from trainer.run.events import Event, read_events
from trainer.training.state import KIND as STATE_KIND

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = (
    "classify.view.crop=32",
    "classify.view.min_side=24",
    "classify.view.max_side=40",
    "cams.max_side=48",
)


def run(root: Path, path: Path, *stages: str, stop_at: Callable[[Event], bool] = lambda _: False) -> None:
    stop = StopSignal()

    def listen(event: Event) -> None:
        if stop_at(event):
            stop.set()

    pipeline.run(
        load_recipe("tiny", SMALL), root, "train", path, stages, device="cpu", listeners=(listen,), stop=stop
    )


def kinds(path: Path) -> list[str]:
    return [event["kind"] for event in read_events(RunDir(path).events_path)]


def classifier_hash(path: Path) -> str:
    return str(read_header(RunDir(path).model_path("classify"), KIND)["sha256"])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A dataset, and the hash of the classifier that a training without a stop makes of it."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    root, threads = draw_voc(folder / "voc", pictures=8), torch.get_num_threads()
    torch.set_num_threads(1)
    run(root, folder / "whole", "classify")
    torch.set_num_threads(threads)
    return root, classifier_hash(folder / "whole")


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_training_stopped_after_any_step_goes_on_to_the_same_weights(
    uninterrupted: tuple[Path, str], tmp_path: Path, step: int
) -> None:
    root, whole = uninterrupted
    with pytest.raises(RunStopped, match="Give the same command again to continue"):
        run(
            root,
            tmp_path / "cut",
            "classify",
            stop_at=lambda event: event["kind"] == "step" and event["step"] == step,
        )
    assert kinds(tmp_path / "cut")[-1] == "run_stopped"
    run(root, tmp_path / "cut", "classify")

    resumed = [e["step"] for e in read_events(RunDir(tmp_path / "cut").events_path) if e["kind"] == "resumed"]
    # The wish is seen at the latest one step after it was made.
    assert step <= resumed[0] <= step + 1
    assert classifier_hash(tmp_path / "cut") == whole
    assert kinds(tmp_path / "cut").count("epoch") == 2


def test_a_stage_over_pictures_stops_after_the_picture_in_hand(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, path = make_voc(), tmp_path / "run"
    run(root, path, "classify")
    with pytest.raises(RunStopped):
        run(
            root,
            path,
            "cams",
            stop_at=lambda event: event["kind"] == "stage_started" and event["stage"] == "cams",
        )
    assert len(list((path / "cams").iterdir())) == 1
    run(root, path, "cams")
    assert len(list((path / "cams").iterdir())) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM between processes")
def test_sigterm_ends_the_command_with_its_own_exit_code(
    tmp_path: Path,
) -> None:
    code = (
        "import os, signal, sys\n"
        "from trainer import cli, commands\n"
        "def train(*_, stop, **__):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    stop.check()\n"
        "commands.train = train\n"
        "sys.argv = ['trainer', 'train', '--dataset-root', '.', '--run-dir', '.']\n"
        "sys.exit(cli.main())\n"
    )
    ended = warm.run(["-c", code], folder=tmp_path)
    assert (ended.returncode, "Give the same command again" in ended.stderr) == (3, True), ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_a_signal_to_the_whole_group_stops_the_run_although_its_workers_end(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, path = make_voc(pictures=8), tmp_path / "run"
    settings = (*SMALL, "classify.epochs=200", "classify.workers=1", "classify.log_every_steps=1")
    command = ["-m", "trainer", "train", "--dataset-root", root, "--run-dir", path]
    command += ["--recipe", "tiny", "--stages", "classify", "--device", "cpu"]
    command += [part for setting in settings for part in ("--set", setting)]
    with (tmp_path / "errors").open("w") as written:
        process = warm.start(command, stderr=written, start_new_session=True)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if (path / "events.jsonl").is_file() and "step" in kinds(path):
                break
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
    errors = (tmp_path / "errors").read_text()
    assert (process.returncode, "Traceback" in errors) == (3, False), errors
    assert kinds(path)[-1] == "run_stopped"
    assert read_header(RunDir(path).checkpoint_path("classify"), STATE_KIND)["step"] > 0


def test_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stop:
        assert not stop.is_set
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("name", ["tiny", "cpu-lite0", "paper-resnest269"])
def test_a_recipe_written_as_toml_reads_back_equal(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name, ['description="a \\"quoted\\" ü"', "classify.ema_decay=0.99"])
    (tmp_path / "recipe.toml").write_text(recipe_toml(recipe), encoding="utf-8")
    assert load_recipe(tmp_path / "recipe.toml") == recipe

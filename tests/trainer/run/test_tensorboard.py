"""Curves as TensorBoard event files: written while a run trains, read by TensorBoard itself."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.format_oracles import ask
from trainer import pipeline
from trainer.contract import EventKind
from trainer.recipes import load_recipe
from trainer.run import tensorboard
from trainer.run.directory import RunDir
from trainer.run.events import Event, read_events

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = ["view.crop=32", "view.min_side=24", "view.max_side=40", "epochs=2", "log_every_steps=1"]
POINTS = """
log = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0}).Reload()
print(json.dumps({tag: [[one.step, one.value] for one in log.Scalars(tag)] for tag in log.Tags()["scalars"]}))
"""


class KilledError(Exception):
    """Stands for the end of a process that is killed."""


def points(file: Path) -> Iterator[tuple[str, int]]:
    """Tag and step of each point in an event file, by the layout of its records."""
    from tensorboardX.proto.event_pb2 import Event as Point

    content, start = file.read_bytes(), 0
    while start < len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        point = Point.FromString(content[start + 12 : start + 12 + length])
        yield from ((one.tag, point.step) for one in point.summary.value)
        start += 16 + length


def train(root: Path, path: Path, *overrides: str, listener: Callable[[Event], None] | None = None) -> None:
    recipe = load_recipe("tiny", [*(f"classify.{one}" for one in SMALL), *overrides])
    listeners = () if listener is None else (listener,)
    pipeline.run(recipe, root, "train", path, ["classify"], device="cpu", listeners=listeners)


def test_a_resumed_training_has_each_step_once_and_tensorboard_reads_them(
    make_voc: Callable[..., Path], tmp_path: Path
) -> None:
    root, run = make_voc(pictures=8), tmp_path / "run"
    folder = RunDir(run).tensorboard_path / "classify"

    def kill(event: Event) -> None:
        if event["kind"] == EventKind.STEP and event["step"] == 3:
            (file,) = folder.iterdir()
            assert max(step for _, step in points(file)) == 3, "the step is not in the file yet"
            raise KilledError

    with pytest.raises(KilledError):
        train(root, run, "tensorboard=true", "classify.checkpoint_every_steps=2", listener=kill)
    train(root, run, "tensorboard=true")

    log = list(read_events(RunDir(run).events_path))
    steps: dict[int, Event] = {event["step"]: event for event in log if event["kind"] == EventKind.STEP}
    assert sum(event["kind"] == EventKind.STEP for event in log) > len(steps), "no step was repeated"
    (file,) = folder.iterdir()
    written = list(points(file))
    assert len(set(written)) == len(written)

    imports = (
        "import json\nfrom tensorboard.backend.event_processing.event_accumulator import EventAccumulator"
    )
    found: dict[str, list[list[Any]]] = ask("tensorboard", imports, POINTS, folder)
    assert [step for step, _ in found["losses/loss"]] == list(range(1, max(steps) + 1))
    for step, value in found["losses/loss"]:
        assert value == pytest.approx(steps[step]["losses"]["loss"], rel=1e-5)
    assert [step for step, _ in found["epoch_losses/loss"]] == [1, 2]
    assert {"learning_rate", "images_per_s", "memory_mb"} <= set(found)

    heard: list[Event] = []
    train(root, run, listener=heard.append)
    assert EventKind.STAGE_SKIPPED in [event["kind"] for event in heard], "the setting changes no result"


def test_a_training_that_starts_anew_keeps_nothing_of_the_one_before() -> None:
    started = {"kind": "stage_started", "stage": "classify", "goes_on": False}
    step = {"kind": "step", "stage": "classify", "steps": 4, "epochs": 2, "losses": {}}
    epoch = {"kind": "epoch", "stage": "classify", "losses": {}}
    events = [
        *(started, step | {"step": 1}, step | {"step": 2}, epoch | {"epoch": 1}, step | {"step": 3}),
        *(started, step | {"step": 1, "losses": {"loss": 1.0}}, {"kind": "step", "stage": "other"}),
    ]
    assert [event["losses"] for event in tensorboard.until(events, "classify", 9)] == [{"loss": 1.0}]
    kept = tensorboard.until(events[:5], "classify", 2)
    assert [(event["kind"], event["step"]) for event in kept] == [("step", 1), ("step", 2), ("epoch", 2)]
    assert len(tensorboard.until(events[:5], "classify", 1)) == 1, "the epoch had not ended at step 1"


def test_without_the_package_a_run_says_what_to_install_before_it_begins(
    make_voc: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard, "PACKAGE", "no_such_package")
    with pytest.raises(tensorboard.TensorBoardError, match="pip install no_such_package"):
        train(make_voc(), tmp_path / "run", "tensorboard=true")
    assert not (tmp_path / "run").exists()

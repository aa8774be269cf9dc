"""The curves of a run as TensorBoard event files, written while it trains; needs the extra `tensorboard`.

Each training of a run has a folder of its own, which TensorBoard shows as one of its runs:
``tensorboard/<stage>/events.out.tfevents...``. Tags are ``losses/<name>``, ``learning_rate``,
``images_per_s`` and ``memory_mb`` by optimiser step, and ``epoch_losses/<name>`` by epoch.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from trainer.contract import EventKind, FailureCode
from trainer.errors import TrainerError
from trainer.run.directory import RunDir
from trainer.run.events import Event, read_events

PACKAGE: Final = "tensorboardX"
_BY_STEP: Final = ("learning_rate", "images_per_s", "memory_mb")


class TensorBoardError(TrainerError):
    """Event files are wanted, but the package that writes them is not installed."""

    code = FailureCode.PACKAGE_MISSING


def check_tensorboard() -> None:
    """Raise TensorBoardError if the extra is not installed; nothing is imported."""
    if importlib.util.find_spec(PACKAGE) is None:
        raise TensorBoardError(
            f"tensorboard = true needs the package {PACKAGE}, which is not installed: pip install {PACKAGE}, "
            "or leave the setting out."
        )


class TensorBoardCurves:
    """A listener of `trainer.run.events.EventLog` that writes the curves of its run directory.

    When a training is resumed, its file is written anew from the log: without the steps that the interrupted
    attempt did after its last checkpoint, which are repeated now. So no step is there twice, and none is
    missing if the setting was off before.
    """

    def __init__(self, directory: RunDir) -> None:
        """Raises:
        TensorBoardError: the extra is not installed.
        """
        check_tensorboard()
        self._directory = directory
        self._files: dict[str, _EventFile] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    def __call__(self, event: Event) -> None:
        """Write what is a point of a curve; the file has it when this returns."""
        kind, stage = event["kind"], str(event.get("stage"))
        if kind == EventKind.RESUMED:
            log = read_events(self._directory.events_path)
            self._begin(stage, until(log, stage, event["step"]))
        elif kind in (EventKind.STEP, EventKind.EPOCH):
            if stage not in self._files:
                self._begin(stage, ())
            self._files[stage].write(event)

    def _begin(self, stage: str, earlier: Iterable[Event]) -> None:
        folder = self._directory.tensorboard_path / stage
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._files[stage] = file = _EventFile(folder)
        for event in earlier:
            file.write(event)


class _EventFile:
    """One file of events; each is on disk at once, without a thread that would have to be ended."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        self._writer = EventsWriter(str(folder / "events"))

    def write(self, event: Event) -> None:
        from tensorboardX.proto.event_pb2 import Event as Point
        from tensorboardX.summary import scalar

        is_step = event["kind"] == EventKind.STEP
        for tag, value in _scalars(event):
            self._writer.write_event(
                Point(
                    wall_time=datetime.fromisoformat(event["time"]).timestamp(),
                    step=event["step" if is_step else "epoch"],
                    summary=scalar(tag, value),
                )
            )
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def until(events: Iterable[Event], stage: str, done: int) -> list[Event]:
    """The steps and epochs of a training up to step `done`, each once: the latest attempt counts."""
    kept: dict[tuple[str, int], Event] = {}
    steps_per_epoch = 0
    for event in events:
        if event.get("stage") != stage:
            continue
        kind = event["kind"]
        if kind == EventKind.STAGE_STARTED and not event.get("goes_on"):
            kept.clear()
        elif kind == EventKind.STEP:
            steps_per_epoch = event["steps"] // event["epochs"]
            kept.pop(key := (kind, event["step"]), None)
            kept[key] = event
        elif kind == EventKind.EPOCH:
            kept.pop(key := (kind, event["epoch"]), None)
            kept[key] = event | {"step": event["epoch"] * steps_per_epoch}
    return [event for event in kept.values() if event["step"] <= done]


def _scalars(event: Event) -> Iterator[tuple[str, float]]:
    """Tags and numbers of an event; what is not a number is left out."""
    is_step = event["kind"] == EventKind.STEP
    group = "losses" if is_step else "epoch_losses"
    values: dict[str, Any] = {f"{group}/{name}": value for name, value in event["losses"].items()}
    if is_step:
        values |= {name: event.get(name) for name in _BY_STEP}
    yield from ((tag, value) for tag, value in values.items() if value is not None)

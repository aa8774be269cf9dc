"""The log of a training: losses term by term, rates, speed, memory, and alarms."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil
import torch

from trainer.contract import EpochFields, EventKind, StepFields
from trainer.run.events import EventLog


@dataclass(frozen=True)
class Alarm:
    """A problem that makes a training useless.

    Attributes:
        name: "nan", "collapse", "vanished_class".
        message: one sentence for people.
        details: JSON values, e.g. names of classes.
    """

    name: str
    message: str
    details: dict[str, Any]


class TrainingLog:
    """Writes the events of one training."""

    def __init__(
        self, events: EventLog, stage: str, epochs: int, steps: int, done: int, batch_size: int
    ) -> None:
        """Start the log; with `done` above 0 it says that the training was resumed.

        Args:
            events: the run's log.
            stage: name of the stage.
            epochs, steps: of the whole training.
            done: steps of earlier attempts; they do not count for the speed.
            batch_size: pictures per step.
        """
        self._events = events
        self._stage = stage
        self._epochs = epochs
        self._steps = steps
        self._first = done
        self._batch_size = batch_size
        self._started = time.monotonic()
        if done:
            events.write(EventKind.RESUMED, stage=stage, step=done, steps=steps)

    def step(self, epoch: int, done: int, losses: Mapping[str, float], learning_rate: float) -> None:
        """Log the optimiser step that makes `done` steps, in `epoch` from 1."""
        seconds_per_step = (time.monotonic() - self._started) / max(1, done - self._first)
        fields = StepFields(
            epoch=epoch,
            epochs=self._epochs,
            step=done,
            steps=self._steps,
            losses=dict(losses),
            learning_rate=learning_rate,
            images_per_s=round(self._batch_size / max(seconds_per_step, 1e-9), 2),
            eta_s=round(seconds_per_step * (self._steps - done), 1),
            memory_mb=memory_mb(),
        )
        self._events.write(EventKind.STEP, stage=self._stage, **fields)

    def epoch(self, epoch: int, losses: Mapping[str, float], alarms: Iterable[Alarm]) -> None:
        """Log the mean losses of an epoch, and its alarms."""
        fields = EpochFields(epoch=epoch, epochs=self._epochs, losses=dict(losses))
        self._events.write(EventKind.EPOCH, stage=self._stage, **fields)
        for alarm in alarms:
            self.alarm(alarm)

    def alarm(self, alarm: Alarm) -> None:
        """Log an alarm."""
        self._events.write(
            EventKind.ALARM, stage=self._stage, name=alarm.name, message=alarm.message, **alarm.details
        )


def memory_mb() -> int:
    """Memory in MiB: on a GPU the most that was allocated so far, else what the process holds now."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**20)
    resident: int = psutil.Process().memory_info().rss
    return round(resident / 2**20)

"""The progress of a run, stage by stage, from its events in the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, cast

from sqlalchemy.orm import Session

from db.run_events import WORKER, last_event, list_events
from db.run_models import Run, RunEvent
from trainer.contract import (
    EpochFields,
    EventKind,
    MessageFields,
    ProgressFields,
    RunStartedFields,
    StageFinishedFields,
    StageSkippedFields,
    StepFields,
    not_done,
    stages_of,
)

_FREQUENT: Final = (EventKind.STEP, EventKind.PROGRESS)
_FEW: Final = (WORKER, *(kind for kind in EventKind if kind not in _FREQUENT))
_MESSAGES: Final = (WORKER, EventKind.ALARM, EventKind.WARNING, EventKind.RUN_FAILED)

StageStatus = Literal["waiting", "running", "stopped", "done", "skipped"]


@dataclass(frozen=True)
class StageProgress:
    """How far a stage is.

    Attributes:
        done, total: steps of a training or pictures; both are 0 before anything is known.
        not_done: why the stage was skipped, or what it did not do although it ran: a sentence.
    """

    name: str
    status: StageStatus = "waiting"
    unit: Literal["steps", "pictures"] = "steps"
    done: int = 0
    total: int = 0
    epoch: int | None = None
    epochs: int | None = None
    eta_s: float | None = None
    images_per_s: float | None = None
    seconds: float | None = None
    not_done: str | None = None


@dataclass(frozen=True)
class RunProgress:
    """What the page and the command line show of a run.

    Attributes:
        stages: all stages in order.
        device: the trainer's sentence about it; None before it has started.
        memory_mb: memory at the last step.
        messages: sentences from worker and trainer, oldest first: {"time", "kind", "message"}.
        last_sequence: number of the newest event that was read.
    """

    stages: tuple[StageProgress, ...]
    device: str | None
    memory_mb: int | None
    messages: tuple[dict[str, Any], ...]
    last_sequence: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @property
    def current(self) -> StageProgress | None:
        """The stage that is running."""
        return next((stage for stage in self.stages if stage.status == "running"), None)


def run_progress(session: Session, run: Run) -> RunProgress:
    """Progress of a run, from all of its rare events and the newest of the frequent ones."""
    events = list_events(session, run.id, kinds=_FEW)
    rounds = int(run.recipe.get("rounds", 1))
    for stage in stages_of(rounds):
        newest = last_event(session, run.id, _FREQUENT, stage=stage)
        if newest is not None:
            events.append(newest)
    events.sort(key=lambda event: event.sequence)
    is_active = run.status in ("claimed", "running", "stopping")
    return summarize(events, is_active=is_active, rounds=rounds)


def summarize(events: list[RunEvent], *, is_active: bool, rounds: int = 1) -> RunProgress:
    """Progress of a run with so many rounds, from events in order; later ones override earlier ones."""
    stages = {name: StageProgress(name) for name in stages_of(rounds)}
    device: str | None = None
    memory_mb: int | None = None
    messages = []
    for event in events:
        if event.kind == EventKind.RUN_STARTED:
            device = cast(RunStartedFields, event.data).get("device")
        elif (message := _message(event)) is not None:
            messages.append({"time": event.time.isoformat(), "kind": event.kind, "message": message})
        if event.stage in stages:
            stages[event.stage] = _advanced(stages[event.stage], event)
        if event.kind == EventKind.STEP:
            memory_mb = cast(StepFields, event.data).get("memory_mb", memory_mb)
    if not is_active:
        for name, stage in stages.items():
            if stage.status == "running":
                stages[name] = replace(stage, status="stopped", eta_s=None)
    last = events[-1].sequence if events else 0
    return RunProgress(tuple(stages.values()), device, memory_mb, tuple(messages), last)


def _message(event: RunEvent) -> str | None:
    """The sentence of an event that is shown to people; None for other events."""
    if event.kind in _MESSAGES:
        return cast(MessageFields, event.data).get("message", "")
    if event.kind == EventKind.STAGE_SKIPPED:
        source = cast(StageSkippedFields, event.data).get("taken_from")
        if source is not None:
            return (
                f"The outputs of stage {event.stage} were taken over from run {Path(source).parent.name}, "
                f"which has the same pictures, settings and seed."
            )
    return None


def _ended(stage: StageProgress, event: RunEvent) -> StageProgress:
    reasons = not_done(event.data)
    status: StageStatus = "skipped" if "skipped" in reasons else "done"
    sentences = " ".join((reasons.get("skipped", ""), reasons.get("left_out", ""))).strip()
    return replace(stage, status=status, eta_s=None, not_done=sentences or None)


def _advanced(stage: StageProgress, event: RunEvent) -> StageProgress:
    if event.kind == EventKind.STAGE_STARTED:
        return replace(stage, status="running", eta_s=None, not_done=None)
    if event.kind == EventKind.STAGE_SKIPPED:
        return _ended(stage, event)
    if event.kind == EventKind.STAGE_FINISHED:
        seconds = cast(StageFinishedFields, event.data).get("seconds")
        return replace(_ended(stage, event), done=stage.total, seconds=seconds)
    if event.kind == EventKind.EPOCH:
        epoch = cast(EpochFields, event.data)
        return replace(stage, epoch=epoch.get("epoch"), epochs=epoch.get("epochs"))
    if event.kind == EventKind.STEP:
        step = cast(StepFields, event.data)
        return replace(
            stage,
            unit="steps",
            done=step["step"],
            total=step["steps"],
            epoch=step.get("epoch"),
            epochs=step.get("epochs"),
            eta_s=step.get("eta_s") if stage.status == "running" else None,
            images_per_s=step.get("images_per_s"),
        )
    if event.kind == EventKind.PROGRESS:
        pictures = cast(ProgressFields, event.data)
        return replace(
            stage,
            unit="pictures",
            done=pictures["done"],
            total=pictures["total"],
            eta_s=pictures.get("eta_s") if stage.status == "running" else None,
            images_per_s=pictures.get("images_per_s"),
        )
    return stage

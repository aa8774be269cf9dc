"""How far a run is, stage by stage, from its events in the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from db.models import Run, RunEvent
from db.run_events import last_event, list_events

STAGES: Final = ("classify", "cams", "affinity", "pixels", "refine", "segment", "evaluate")
"""The trainer's stages in order; here so that nothing heavy has to be imported to name them."""

_FEW: Final = (
    "run_started",
    "run_finished",
    "run_failed",
    "run_stopped",
    "stage_started",
    "stage_skipped",
    "stage_finished",
    "epoch",
    "alarm",
    "warning",
    "images_skipped",
    "metrics",
    "worker",
)
_MESSAGES: Final = ("worker", "alarm", "warning", "run_failed")

StageStatus = Literal["waiting", "running", "stopped", "done"]


@dataclass(frozen=True)
class StageProgress:
    """`done` of `total` are steps of a training or pictures; both 0 before anything is known."""

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


@dataclass(frozen=True)
class RunProgress:
    """What the page and the command line show of a run.

    Attributes:
        stages: all stages in order.
        device: the trainer's sentence about it, None before it has started.
        memory_mb: what it held at the last step.
        messages: sentences of worker and trainer, oldest first: {"time", "kind", "message"}.
        last_sequence: number of the newest event that was looked at.
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
        """The stage that is under way."""
        return next((stage for stage in self.stages if stage.status == "running"), None)


def run_progress(session: Session, run: Run) -> RunProgress:
    """Look at a run's events: all of the rare kinds, the newest of the frequent ones."""
    events = list_events(session, run.id, kinds=_FEW)
    for stage in STAGES:
        newest = last_event(session, run.id, ("step", "progress"), stage=stage)
        if newest is not None:
            events.append(newest)
    events.sort(key=lambda event: event.sequence)
    return summarize(events, is_active=run.status in ("claimed", "running", "stopping"))


def summarize(events: list[RunEvent], *, is_active: bool) -> RunProgress:
    """Go through events in order; what comes later wins."""
    stages = {name: StageProgress(name) for name in STAGES}
    device: str | None = None
    memory_mb: int | None = None
    messages = []
    for event in events:
        data = event.data
        if event.kind == "run_started":
            device = data.get("device")
        elif event.kind in _MESSAGES:
            messages.append(
                {"time": event.time.isoformat(), "kind": event.kind, "message": data.get("message", "")}
            )
        elif "taken_from" in data:
            number = Path(data["taken_from"]).parent.name
            messages.append(
                {
                    "time": event.time.isoformat(),
                    "kind": event.kind,
                    "message": f"Stage {event.stage} was taken over from run {number}: the same pictures, "
                    f"settings and seed.",
                }
            )
        if event.stage in stages:
            stages[event.stage] = _advanced(stages[event.stage], event)
            memory_mb = data.get("memory_mb", memory_mb)
    if not is_active:
        for name, stage in stages.items():
            if stage.status == "running":
                stages[name] = replace(stage, status="stopped", eta_s=None)
    last = events[-1].sequence if events else 0
    return RunProgress(tuple(stages.values()), device, memory_mb, tuple(messages), last)


def _advanced(stage: StageProgress, event: RunEvent) -> StageProgress:
    data = event.data
    if event.kind == "stage_started":
        return replace(stage, status="running", eta_s=None)
    if event.kind == "stage_skipped":
        return replace(stage, status="done", eta_s=None)
    if event.kind == "stage_finished":
        return replace(stage, status="done", eta_s=None, done=stage.total, seconds=data.get("seconds"))
    if event.kind == "epoch":
        return replace(stage, epoch=data.get("epoch"), epochs=data.get("epochs"))
    if event.kind == "step":
        return replace(
            stage,
            unit="steps",
            done=data["step"],
            total=data["steps"],
            epoch=data.get("epoch"),
            epochs=data.get("epochs"),
            eta_s=data.get("eta_s") if stage.status == "running" else None,
            images_per_s=data.get("images_per_s"),
        )
    if event.kind == "progress":
        return replace(
            stage,
            unit="pictures",
            done=data["done"],
            total=data["total"],
            eta_s=data.get("eta_s") if stage.status == "running" else None,
            images_per_s=data.get("images_per_s"),
        )
    return stage

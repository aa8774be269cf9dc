"""What a run shows in the terminal: progress bars, or plain lines where the output goes to a file."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from trainer.contract import EVENTS_FILE, EventKind
from trainer.run.events import Event


class ProgressDisplay:
    """A listener of `trainer.run.events.EventLog`. Use it as a context manager around the run."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        kind, stage = event["kind"], event.get("stage", "")
        if kind == EventKind.STEP:
            self._advance(stage, event["step"], event["steps"], _losses(event["losses"]))
        elif kind == EventKind.PROGRESS:
            rate = f"{event['images_per_s']} pictures/s" if "images_per_s" in event else ""
            self._advance(stage, event["done"], event["total"], rate)
        elif (line := _line(event)) is not None:
            style = {EventKind.ALARM: "bold yellow", EventKind.RUN_FAILED: "bold red"}.get(kind)
            self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)

    def _advance(self, stage: str, done: int, total: int, detail: str) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, detail="")
        self._bars.update(self._tasks[stage], completed=done, total=total, detail=detail)


def _losses(losses: dict[str, float | None]) -> str:
    return "  ".join(
        f"{name} {'-' if value is None else format(value, '.4f')}" for name, value in losses.items()
    )


def _line(event: dict[str, Any]) -> str | None:
    """The line of an event that stays on the screen; None for events that only move a bar."""
    stage = event.get("stage", "")
    match event["kind"]:
        case EventKind.RUN_STARTED:
            return f"Recipe {event['recipe']}: {', '.join(event['stages'])}. {event['device']}"
        case EventKind.STAGE_STARTED:
            return f"{stage}: {'continues where it stopped' if event['goes_on'] else 'starts'}"
        case EventKind.STAGE_SKIPPED | EventKind.STAGE_FINISHED if "skipped" in event:
            return f"{stage}: skipped. {event['skipped']}"
        case EventKind.STAGE_SKIPPED:
            origin = f"taken over from {event['taken_from']}" if "taken_from" in event else "already done"
            return f"{stage}: {origin}, with these settings"
        case EventKind.EPOCH:
            return f"{stage}: epoch {event['epoch']} of {event['epochs']}  {_losses(event['losses'])}"
        case EventKind.STAGE_FINISHED:
            if "left_out" in event:
                return f"{stage}: partly done in {event['seconds']} s. {event['left_out']}"
            return f"{stage}: done in {event['seconds']} s{_phases(event.get('profile', {}))}"
        case EventKind.IMAGES_SKIPPED:
            return f"{event['count']} pictures cannot be read and are left out; {EVENTS_FILE} says why."
        case EventKind.METRICS:
            return "\n".join(_figures(event["miou"])) or "There is no ground truth, so nothing was measured."
        case EventKind.ALARM | EventKind.WARNING | EventKind.RUN_FAILED:
            return str(event["message"])
        case EventKind.RUN_STOPPED:
            return "Stopped as asked; finished work is kept."
        case EventKind.RUN_FINISHED:
            return f"Finished in {event['seconds']} s"
    return None


def _phases(seconds: dict[str, float]) -> str:
    """The time of each phase, added up over threads and processes, so that the sum may exceed the stage's."""
    return "".join(f"\n  {name:<8} {value:9.2f} s" for name, value in seconds.items())


def _figures(miou: dict[str, dict[str, float | None]]) -> list[str]:
    lines = []
    for name, figures in miou.items():
        parts = [f"{kind} {100 * value:.2f}" for kind, value in figures.items() if value is not None]
        lines.append(f"{name}: mean IoU {', '.join(parts)}")
    return lines

"""Loss curves of a run as columns of numbers, thinned out so that a page can draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from db.run_models import RunEvent
from trainer.contract import EventKind, StepFields

MAX_POINTS = 600


def curves(events: Sequence[RunEvent]) -> dict[str, dict[str, Any]]:
    """Curves by stage: {"steps": [...], "total", "losses": {name: [...]}, "learning_rate": [...]}.

    A resumed training repeats steps: for each of them the latest event is used, and later steps of the
    interrupted attempt are dropped. More than `MAX_POINTS` steps are thinned out evenly; missing numbers are
    None.

    Args:
        events: of a run, in order; only step events are used.
    """
    return {stage: _columns(steps) for stage, steps in _steps(events).items()}


def curve_table(events: Sequence[RunEvent]) -> tuple[list[str], list[list[str | int | float | None]]]:
    """All steps of all stages: the names of the columns, and a row for each step.

    Columns are stage, step, learning_rate, and the losses of all stages by name; what a stage does not have
    is None. Steps are as in `curves`, but not thinned out.
    """
    by_stage = _steps(events)
    losses = list(
        dict.fromkeys(name for steps in by_stage.values() for one in steps for name in one["losses"])
    )
    rows: list[list[str | int | float | None]] = [
        [stage, one["step"], one.get("learning_rate"), *(one["losses"].get(name) for name in losses)]
        for stage, steps in by_stage.items()
        for one in steps
    ]
    return ["stage", "step", "learning_rate", *losses], rows


def _steps(events: Sequence[RunEvent]) -> dict[str, list[StepFields]]:
    """The steps of each stage, each once."""
    by_stage: dict[str, dict[int, StepFields]] = {}
    for event in events:
        if event.stage is None or event.kind != EventKind.STEP:
            continue
        steps = by_stage.setdefault(event.stage, {})
        fields = cast(StepFields, event.data)
        step = fields["step"]
        if steps and step <= next(reversed(steps)):
            for later in [one for one in steps if one >= step]:
                del steps[later]
        steps[step] = fields
    return {stage: list(steps.values()) for stage, steps in by_stage.items()}


def _columns(steps: list[StepFields]) -> dict[str, Any]:
    total = steps[-1]["steps"]
    if len(steps) > MAX_POINTS:
        chosen = {round(number * (len(steps) - 1) / (MAX_POINTS - 1)) for number in range(MAX_POINTS)}
        steps = [step for number, step in enumerate(steps) if number in chosen]
    names = dict.fromkeys(name for step in steps for name in step["losses"])
    return {
        "steps": [step["step"] for step in steps],
        "total": total,
        "losses": {name: [step["losses"].get(name) for step in steps] for name in names},
        "learning_rate": [step.get("learning_rate") for step in steps],
    }

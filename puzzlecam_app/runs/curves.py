"""Loss curves of a run as columns of numbers, thinned so that a page can draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.models import RunEvent

MAX_POINTS = 600


def curves(events: Sequence[RunEvent]) -> dict[str, dict[str, Any]]:
    """Step events of a run, in order -> by stage {"steps": [...], "total", "losses": {name: [...]}}.

    A training that was resumed repeats steps: each counts as it was done last, and what lies beyond the last
    step is forgotten. More than `MAX_POINTS` steps are thinned evenly; missing numbers are None.
    """
    by_stage: dict[str, dict[int, dict[str, Any]]] = {}
    for event in events:
        if event.stage is None or event.kind != "step":
            continue
        steps = by_stage.setdefault(event.stage, {})
        step = event.data["step"]
        if steps and step <= next(reversed(steps)):
            for later in [one for one in steps if one >= step]:
                del steps[later]
        steps[step] = event.data
    return {stage: _columns(list(steps.values())) for stage, steps in by_stage.items()}


def _columns(steps: list[dict[str, Any]]) -> dict[str, Any]:
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

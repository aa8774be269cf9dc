"""Estimates time and memory of a run from an earlier run with the same settings, or from timed steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, cast

from sqlalchemy.orm import Session

import trainer
from db.run_events import list_events
from db.run_models import Run
from db.runs import list_runs
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.comparing import full_recipe
from trainer.config import Recipe
from trainer.contract import EventKind, StageFinishedFields, StepFields
from trainer.recipes import recipe_toml

_PATIENCE_S = 600
_POLL_S = 0.1
_MACHINE = {"name", "description", "version", "seed"}


def from_history(session: Session, recipe: Recipe, pictures: int) -> dict[str, Any] | None:
    """Scale the times of the newest finished run with the same settings; None if there is none.

    Returns:
        {"total_s", "seconds" by stage, "memory_mb", "basis": a sentence}.
    """
    wanted = recipe.model_dump(mode="json", exclude=_MACHINE)
    for run in list_runs(session, status="done"):
        had = {name: value for name, value in full_recipe(run).items() if name not in _MACHINE}
        count = run.supervision.get("pictures", 0)
        if had != wanted or not count:
            continue
        seconds = _stage_seconds(session, run)
        if seconds:
            scaled = {name: round(value * pictures / count, 1) for name, value in seconds.items()}
            return {
                "seconds": scaled,
                "total_s": round(sum(scaled.values()), 1),
                "memory_mb": _most_memory(session, run),
                "basis": f"Run {run.id} took this long for {count} pictures with the same settings.",
            }
    return None


class Measuring:
    """Times steps for one form at a time: a newer question ends the measuring process of the older one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._newest = threading.Event()

    def __call__(self, recipe: Recipe, pictures: int, device: str | None) -> dict[str, Any]:
        """As `by_measuring`; raises UserError too if a newer call took the place of this one."""
        mine = threading.Event()
        with self._lock:
            self._newest.set()
            self._newest = mine
        with self._turn:  # the older process has ended when this is free
            return by_measuring(recipe, pictures, device, cancelled=mine)

    def close(self) -> None:
        """End the measuring process, if there is one."""
        with self._lock:
            self._newest.set()


def by_measuring(
    recipe: Recipe, pictures: int, device: str | None, *, cancelled: threading.Event
) -> dict[str, Any]:
    """Time a few steps in a separate process; returns the same as `from_history`.

    When `cancelled` is set, the process is ended.

    Raises:
        UserError: the steps failed, usually because memory ran out.
    """
    environment = dict(os.environ)
    home = str(Path(trainer.__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environment.get("PYTHONPATH"))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(recipe_toml(recipe), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "trainer.estimate", str(path), str(pictures)]
        try:
            output = _output([*command, *([device] if device else [])], environment, cancelled)
            values: dict[str, Any] = json.loads(output)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            lines = str(getattr(error, "stderr", "") or error).strip().splitlines()
            raise UserError(
                f"timing a few steps failed ({lines[-1] if lines else error})",
                remedy="Lower the batch size or the crop, or start without an estimate",
            ) from error
    values["basis"] = "A few steps were timed on this machine; the estimate is right within a factor of two."
    values["basis"] += f" {values.pop('device')}"
    return values


def _output(command: list[str], environment: dict[str, str], cancelled: threading.Event) -> str:
    """What the command prints; it is killed when it is cancelled or takes too long."""
    until = time.monotonic() + _PATIENCE_S
    if not cancelled.is_set():
        with subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                while not cancelled.is_set():
                    try:
                        output, errors = process.communicate(timeout=_POLL_S)
                    except subprocess.TimeoutExpired:
                        if time.monotonic() > until:
                            raise
                        continue
                    if process.returncode:
                        raise subprocess.CalledProcessError(process.returncode, command, output, errors)
                    return output
            finally:
                process.kill()
    raise UserError("a newer estimate took its place", remedy="Change a setting to estimate again")


def _stage_seconds(session: Session, run: Run) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for event in list_events(session, run.id, kinds=[EventKind.STAGE_FINISHED]):
        if event.stage is not None:
            seconds[event.stage] = float(cast(StageFinishedFields, event.data).get("seconds", 0.0))
    # An interrupted stage reports the time of its last attempt only, so the sum would be too small.
    return {} if list_events(session, run.id, kinds=[EventKind.RESUMED], limit=1) else seconds


def _most_memory(session: Session, run: Run) -> int | None:
    steps = list_events(session, run.id, kinds=[EventKind.STEP])
    return max((cast(StepFields, step.data).get("memory_mb", 0) for step in steps), default=None)

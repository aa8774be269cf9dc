"""A stage that trains a network, run by processes of a cluster that share the training."""

from __future__ import annotations

import functools
from typing import Any

from trainer.cluster.connection import Cluster
from trainer.cluster.link import Link
from trainer.cluster.processes import run_in_processes
from trainer.config import Recipe
from trainer.contract import EventKind, split_round
from trainer.run.events import Event, EventLog
from trainer.run.stage_call import StageCall
from trainer.run.stage_context import StageContext
from trainer.stage_graph import stage_module
from trainer.stages.stage import StageResult


def trains(recipe: Recipe, name: str) -> bool:
    """Whether a stage trains a network with this recipe."""
    own = getattr(recipe, split_round(name)[0])
    return stage_module(name).STARTS_FROM_BACKBONE and getattr(own, "enabled", True)


def run_remotely(context: StageContext, name: str, cluster: Cluster) -> StageResult:
    """Run a stage in `cluster.processes` processes; their events are written to the log here.

    Raises:
        ProcessLostError: nodes or processes were lost three times before the stage got further.
        TrainerError: see `trainer.stages.stage.Stage.run`.
    """

    furthest: dict[str, int] = {}

    def log(event: Event) -> bool:
        fields = {field: value for field, value in event.items() if field not in ("time", "kind")}
        context.events.write(EventKind(event["kind"]), **fields)
        counted = {EventKind.STEP: "step", EventKind.PROGRESS: "done"}.get(event["kind"])
        if counted is None or event[counted] <= furthest.get(counted, 0):
            return False
        furthest[counted] = event[counted]
        return True

    def say(sentence: str) -> None:
        context.events.write(EventKind.WARNING, stage=name, message=sentence)

    call = StageCall.of(context, cluster.device)
    result: StageResult = run_in_processes(
        cluster, functools.partial(_run, call, name), stop=context.stop, on_event=log, say=say
    )
    return result


def _run(call: StageCall, name: str, link: Link) -> Any:
    """Runs in every process."""
    context = call.context(stop=link.stop)
    if context.processes.is_main:
        context = call.context(events=EventLog(None, (link.tell,)), stop=link.stop)
    return stage_module(name).run(context)

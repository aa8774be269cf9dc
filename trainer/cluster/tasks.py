"""Parts of a study that run at once on a cluster, each in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from trainer.cluster.connection import Cluster, imported_ray
from trainer.cluster.outcome import Outcome, ProcessLostError

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_LOSSES: Final = 3


def run_tasks(
    cluster: Cluster,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    advance: Callable[[int, int], None],
) -> list[Result]:
    """Apply a function to every item, as many at once as the cluster has room for; returns them in order.

    An item whose process or node was lost is begun again on another, so the function must go on from what it
    has stored.

    Args:
        cluster: a connection to it is open; each item gets a GPU if `cluster.uses_gpu`, and its share of the
            processor cores.
        function: pickled.
        items: pickled.
        advance: called with the numbers of items done and in total.

    Raises:
        ProcessLostError: an item's process was lost four times.
        Exception: whatever the function raised; items in work are ended, and go on from there another time.
    """
    ray = imported_ray()
    has = ray.cluster_resources()
    at_once = has.get("GPU", 1) if cluster.uses_gpu else len(items)
    # No task may ask for more cores than a node has.
    largest = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=1)
    cores = max(1, int(min(has.get("CPU", 1) // max(1, at_once), largest)))
    remote = ray.remote(_outcome).options(
        num_cpus=cores, num_gpus=1 if cluster.uses_gpu else 0, max_retries=_MOST_LOSSES
    )
    waiting = {remote.remote(function, item): number for number, item in enumerate(items)}
    found: dict[int, Any] = {}
    try:
        while waiting:
            done, _ = ray.wait(list(waiting), num_returns=1)
            number = waiting.pop(done[0])
            found[number] = ray.get(done[0]).get()
            advance(len(found), len(items))
    except ray.exceptions.RayError as error:
        raise ProcessLostError(
            f"Processes of the Ray cluster ended {_MOST_LOSSES + 1} times while they worked on one part of "
            "the study, most likely because memory ran out. Look after the cluster, then try again."
        ) from error
    finally:
        for reference in waiting:
            with contextlib.suppress(Exception):
                ray.cancel(reference, force=True)
    return [found[number] for number in range(len(items))]


def _outcome(function: Callable[[Any], Any], item: Any) -> Outcome:
    """Runs in a process of the cluster."""
    return Outcome.of(function, item)

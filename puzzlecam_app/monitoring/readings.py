"""The state of a studio at the moment when `/metrics` is read."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterable, Iterator

from db.errors import StorageError
from db.runs import count_by_status
from puzzlecam_app import __version__
from puzzlecam_app.lanes import LaneState
from puzzlecam_app.monitoring.metrics import Reading, Values
from puzzlecam_app.services import Services


def readings_of(services: Services, lanes: Iterable[LaneState]) -> Iterator[Reading]:
    """Yield what is counted now; asks the database, so it must not run on the event loop."""
    yield Reading("puzzlecam_info", "Version of the studio.", {(__version__,): 1.0}, ("version",))
    yield from _health(services)
    yield from _queue(services)
    yield from _lanes(lanes)
    yield from _disk(services)
    yield from _database(services)
    loaded = float(services.predictor.is_loaded)
    yield Reading("puzzlecam_model_loaded", "Whether the studio's own model is in memory.", {(): loaded})


def _health(services: Services) -> Iterator[Reading]:
    states: Values = {(check.name,): float(check.state == "ok") for check in services.health.results()}
    yield Reading("puzzlecam_health", "1 where a check of /api/health is well, else 0.", states, ("check",))


def _queue(services: Services) -> Iterator[Reading]:
    state = services.proposals.queue.state()
    waiting: Values = {(priority.name.lower(),): float(count) for priority, count in state.waiting.items()}
    yield Reading("puzzlecam_work_waiting", "Heavy work that waits for its turn.", waiting, ("priority",))
    yield Reading("puzzlecam_work_running", "Heavy work that is being done.", {(): float(state.is_running)})
    yield Reading(
        "puzzlecam_work_oldest_wait_seconds",
        "How long the first in line has waited.",
        {(): state.oldest_wait_s},
    )


def _lanes(lanes: Iterable[LaneState]) -> Iterator[Reading]:
    found = list(lanes)
    busy: Values = {(lane.name,): float(lane.busy) for lane in found}
    waiting: Values = {(lane.name,): float(lane.waiting) for lane in found}
    yield Reading("puzzlecam_lane_busy_threads", "Threads of a lane that work.", busy, ("lane",))
    yield Reading("puzzlecam_lane_waiting", "Requests that wait for a thread of a lane.", waiting, ("lane",))


def _disk(services: Services) -> Iterator[Reading]:
    with contextlib.suppress(OSError):
        usage = shutil.disk_usage(services.settings.workspace)
        yield Reading("puzzlecam_disk_free_bytes", "Free on the workspace's disk.", {(): float(usage.free)})
        yield Reading("puzzlecam_disk_size_bytes", "Size of the workspace's disk.", {(): float(usage.total)})


def _database(services: Services) -> Iterator[Reading]:
    began = time.perf_counter()
    runs: dict[tuple[str, ...], float] = {}
    is_up = 0.0
    with contextlib.suppress(StorageError), services.database.read() as session:
        runs = {(status,): float(count) for status, count in count_by_status(session).items()}
        is_up = 1.0
    seconds = time.perf_counter() - began
    yield Reading("puzzlecam_database_up", "Whether the database answers.", {(): is_up})
    yield Reading("puzzlecam_database_seconds", "Seconds that counting the runs took.", {(): seconds})
    if is_up:
        yield Reading("puzzlecam_runs", "Training runs, by status.", runs, ("status",))

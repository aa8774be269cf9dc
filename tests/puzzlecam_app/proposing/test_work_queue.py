"""The background thread: order, sharing, failure, end."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from puzzlecam_app.proposing.work_queue import Priority, WorkQueue


@pytest.fixture
def queue() -> Iterator[WorkQueue]:
    queue = WorkQueue("test")
    yield queue
    queue.close()


@pytest.fixture
def blocked(queue: WorkQueue) -> Iterator[threading.Event]:
    """The queue is busy until the event is set."""
    go, started = threading.Event(), threading.Event()

    def wait() -> None:
        started.set()
        go.wait(10)

    queue.submit("blocker", wait, Priority.NOW)
    started.wait(10)
    yield go
    go.set()


def test_the_most_urgent_runs_first(queue: WorkQueue, blocked: threading.Event) -> None:
    done: list[str] = []
    futures = [
        queue.submit(name, lambda name=name: done.append(name), priority)
        for name, priority in [("idle", Priority.IDLE), ("soon", Priority.SOON), ("now", Priority.NOW)]
    ]
    blocked.set()
    for future in futures:
        future.result(10)
    assert done == ["now", "soon", "idle"]


def test_within_a_priority_the_latest_job_runs_first(queue: WorkQueue, blocked: threading.Event) -> None:
    done: list[int] = []
    futures = [queue.submit(n, lambda n=n: done.append(n), Priority.NOW) for n in range(3)]
    blocked.set()
    for future in futures:
        future.result(10)
    assert done == [2, 1, 0]


def test_a_job_submitted_twice_runs_once_at_the_more_urgent_priority(
    queue: WorkQueue, blocked: threading.Event
) -> None:
    done: list[str] = []
    late = queue.submit("a", lambda: done.append("a"), Priority.IDLE)
    other = queue.submit("b", lambda: done.append("b"), Priority.SOON)
    assert queue.submit("a", lambda: done.append("twice"), Priority.NOW) is late
    blocked.set()
    other.result(10)
    assert done == ["a", "b"]


def test_a_failure_reaches_the_caller_and_the_queue_goes_on(queue: WorkQueue) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        queue.submit("a", fail, Priority.NOW).result(10)
    assert queue.submit("a", lambda: 7, Priority.NOW).result(10) == 7


def test_forgotten_jobs_are_dropped_but_urgent_ones_stay(queue: WorkQueue, blocked: threading.Event) -> None:
    wish = queue.submit("wish", lambda: 1, Priority.SOON)
    urgent = queue.submit("urgent", lambda: 2, Priority.SOON)
    queue.submit("urgent", lambda: 2, Priority.NOW)
    patient = queue.submit("patient", lambda: 3, Priority.RENEWAL)
    queue.forget(Priority.SOON)
    blocked.set()
    assert urgent.result(10) == 2
    assert patient.result(10) == 3
    with pytest.raises(CancelledError):
        wish.result(10)


def test_a_closed_queue_takes_no_work() -> None:
    queue = WorkQueue("test")
    queue.close()
    with pytest.raises(RuntimeError):
        queue.submit("a", lambda: 1, Priority.NOW)


def test_every_owner_has_one_place_and_their_latest_job_takes_it(
    queue: WorkQueue, blocked: threading.Event
) -> None:
    done: list[str] = []
    futures = [
        queue.submit(name, lambda name=name: done.append(name), Priority.NOW, owner)
        for name, owner in [
            ("ann1", "ann"),
            ("ben1", "ben"),
            ("ann2", "ann"),
            ("cem1", "cem"),
            ("ann3", "ann"),
        ]
    ]
    places = [queue.place(name) for name in ("ann3", "ben1", "cem1")]
    assert [place and place.ahead for place in places] == [1, 2, 4]
    blocked.set()
    for future in futures:
        future.result(10)
    assert done == ["ann3", "ben1", "ann1", "cem1", "ann2"]
    assert queue.place("ann3") is None


def test_a_prefetched_job_moves_to_the_place_of_who_opens_it(
    queue: WorkQueue, blocked: threading.Event
) -> None:
    done: list[str] = []
    work = [
        queue.submit(name, lambda name=name: done.append(name), priority, owner)
        for name, priority, owner in [
            ("soon", Priority.SOON, None),
            ("ann", Priority.NOW, "ann"),
            ("soon", Priority.NOW, "ben"),
            ("later", Priority.NOW, "cem"),
        ]
    ]
    state = queue.state()
    assert state.waiting[Priority.NOW] == 3
    assert state.is_running
    blocked.set()
    for future in work:
        future.result(10)
    assert done == ["ann", "soon", "later"]


def test_the_end_of_a_job_is_told_with_its_times(queue: WorkQueue) -> None:
    ended: list[tuple[Priority, float, float]] = []
    queue.ended = lambda *told: ended.append(told)
    queue.submit("a", lambda: 1, Priority.SOON).result(10)
    queue.submit("at the end", lambda: 2, 9).result(10)  # type: ignore[arg-type]
    (priority, waited_s, took_s), last = ended
    assert last[0] is Priority.RENEWAL
    assert priority is Priority.SOON
    assert waited_s >= 0
    assert took_s >= 0

"""Runs in the queue: claimed once, kept by a lease, taken over, handed back, ended; moved and removed."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from db.engine import Database
from db.errors import InvalidInputError, NotFoundError
from db.models import utc_now
from db.run_events import append_events, last_event, list_events, say
from db.run_models import Run
from db.run_queue import (
    Ending,
    claim,
    finish,
    hand_back,
    lease_is_over,
    note_attempt,
    note_trainer,
    renew,
    take_over,
)
from db.runs import (
    RunSpec,
    RunStateError,
    ask_to_stop,
    create_run,
    get_run,
    list_runs,
    note_pruned,
    remove_run,
    reorder,
    resume,
)

LEASE = timedelta(seconds=30)
OVER = timedelta(seconds=-1)


@pytest.fixture
def run_ids(database: Database, dataset_id: int) -> list[int]:
    """Three queued runs."""
    with database.write() as session:
        return [_create(session, dataset_id, name) for name in ("one", "two", "three")]


def _create(session: Any, dataset_id: int, name: str, **fields: Any) -> int:
    spec = RunSpec(name, {"name": "tiny"}, "train", {}, **fields)
    return create_run(session, dataset_id, spec, author=None).id


def _claim(
    database: Database,
    worker: str = "w",
    slot: str = "cpu",
    device: str | None = None,
    lease: timedelta = LEASE,
) -> int | None:
    with database.write() as session:
        return claim(session, worker=worker, slot=slot, device=device, lease=lease)


def _take_over(
    database: Database, worker: str, *dead: str, slot: str = "cpu", elsewhere: tuple[int, ...] = ()
) -> int | None:
    with database.write() as session:
        return take_over(
            session,
            worker=worker,
            slot=slot,
            is_dead=dead.__contains__,
            is_here=lambda run_id: run_id not in elsewhere,
            lease=LEASE,
        )


def _run(database: Database, run_id: int) -> Run:
    with database.read() as session:
        return get_run(session, run_id)


def _queue(database: Database) -> list[int]:
    with database.read() as session:
        return [run.id for run in list_runs(session, status="queued")]


def test_the_first_of_the_queue_is_claimed(database: Database, run_ids: list[int]) -> None:
    assert _claim(database) == run_ids[0]
    run = _run(database, run_ids[0])
    assert (run.status, run.worker, run.slot, run.attempts) == ("claimed", "w", "cpu", 1)
    assert not lease_is_over(run)


def test_one_run_at_a_time_in_a_slot(database: Database, run_ids: list[int]) -> None:
    assert _claim(database, "w1") == run_ids[0]
    assert _claim(database, "w2") is None
    assert _claim(database, "w3", slot="cuda:1") == run_ids[1]


def test_two_workers_at_once_claim_one_run_once(database: Database, run_ids: list[int]) -> None:
    start, claimed = threading.Barrier(4), []

    def work(name: str, slot: str) -> None:
        start.wait()
        claimed.append(_claim(database, name, slot=slot))

    # Two in the same slot and two in slots of their own.
    slots = [("a", "cpu"), ("b", "cpu"), ("c", "cuda:0"), ("d", "cuda:1")]
    threads = [threading.Thread(target=work, args=one) for one in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [run_id for run_id in claimed if run_id is not None]
    assert len(got) == len(set(got)), "no run twice"
    with database.read() as session:
        active = list_runs(session, status="claimed")
    assert len({run.slot for run in active}) == len(active) == len(got)


def test_a_worker_with_a_device_leaves_runs_that_ask_for_another(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        wanted = _create(session, dataset_id, "gpu", device="cuda:1")
        free = _create(session, dataset_id, "any")
    assert _claim(database, device="cpu") == free
    assert _claim(database, "w2", slot="cuda:1", device="cuda:1") == wanted


def test_a_lease_is_renewed_by_its_holder_only(database: Database, run_ids: list[int]) -> None:
    _claim(database, lease=OVER)
    assert lease_is_over(_run(database, run_ids[0]))
    with database.write() as session:
        assert not renew(session, run_ids[0], worker="other", lease=LEASE)
        assert renew(session, run_ids[0], worker="w", lease=LEASE)
    assert not lease_is_over(_run(database, run_ids[0]))


def test_a_run_is_taken_over_when_its_worker_is_dead_or_silent(
    database: Database, run_ids: list[int]
) -> None:
    _claim(database, "first")
    assert _take_over(database, "second") is None, "the holder lives as far as anybody knows"
    assert _take_over(database, "second", "first") == run_ids[0]
    with database.write() as session:
        assert not renew(session, run_ids[0], worker="first", lease=LEASE)
        assert not finish(session, run_ids[0], Ending("failed"), worker="first")
        assert renew(session, run_ids[0], worker="second", lease=OVER)
    assert _take_over(database, "third") == run_ids[0]


def test_a_run_is_taken_over_into_another_slot_but_not_beside_a_run_there(
    database: Database, run_ids: list[int]
) -> None:
    first, second, _ = run_ids
    _claim(database, "old", slot="auto")
    assert _claim(database, "busy", slot="cuda:0") == second
    assert _take_over(database, "new", "old", slot="cuda:0") is None
    assert _take_over(database, "new", "old", slot="cpu", elsewhere=(first,)) is None
    assert _take_over(database, "new", "old", slot="cpu") == first
    assert _run(database, first).slot == "cpu"


def test_a_crash_counts_as_an_attempt_and_a_hand_back_does_not(
    database: Database, run_ids: list[int]
) -> None:
    first, second, _ = run_ids
    _claim(database)
    with database.write() as session:
        note_trainer(session, first, worker="w", pid=7, started=1.5)
    assert (_run(database, first).status, _run(database, first).trainer_pid) == ("running", 7)
    with database.write() as session:
        assert note_attempt(session, first, worker="w", number=2)
    assert _run(database, first).attempts == 2
    with database.write() as session:
        assert hand_back(session, first, worker="w", attempts=1)
    run = _run(database, first)
    assert (run.status, run.attempts, run.worker, run.trainer_pid) == ("queued", 1, None, None)
    assert _queue(database)[:2] == [first, second], "it comes first"


def test_stopping_a_queued_run_cancels_it_and_an_active_one_asks_its_worker(
    database: Database, run_ids: list[int]
) -> None:
    _claim(database)
    with database.write() as session:
        assert ask_to_stop(session, run_ids[1]).status == "cancelled"
        asked = ask_to_stop(session, run_ids[0])
        assert (asked.status, asked.stop_is_firm) == ("stopping", False)
        assert ask_to_stop(session, run_ids[0]).stop_is_firm, "asked twice"
        with pytest.raises(RunStateError, match=r"has ended \(cancelled\)"):
            ask_to_stop(session, run_ids[1])


def test_a_run_that_is_to_stop_is_cancelled_when_its_worker_ends(
    database: Database, run_ids: list[int]
) -> None:
    _claim(database)
    with database.write() as session:
        ask_to_stop(session, run_ids[0])
        note_trainer(session, run_ids[0], worker="w", pid=7, started=1.5)
        assert hand_back(session, run_ids[0], worker="w", attempts=0)
    assert _run(database, run_ids[0]).status == "cancelled"


def test_an_ended_run_frees_its_slot_and_can_be_resumed(database: Database, run_ids: list[int]) -> None:
    first = run_ids[0]
    _claim(database)
    with database.write() as session:
        finish(session, first, Ending("failed", "The disk is full.", log_tail="..."), worker="w")
    assert _run(database, first).problem == "The disk is full."
    with database.write() as session:
        again = resume(session, first)
        assert (again.status, again.attempts, again.problem) == ("queued", 0, None)
        with pytest.raises(RunStateError, match="is queued"):
            resume(session, first)
    assert _queue(database)[-1] == first, "it comes last"
    assert _claim(database) == run_ids[1]


def test_the_queue_can_be_reordered(database: Database, run_ids: list[int]) -> None:
    first, second, third = run_ids
    with database.write() as session:
        reorder(session, [third, first])
    assert _queue(database) == [third, first, second]
    _claim(database)
    with database.write() as session:
        reorder(session, [second, third])  # the third has left the queue
    assert _queue(database) == [second, first]
    with database.write() as session, pytest.raises(InvalidInputError, match="only once"):
        reorder(session, [second, second])


def test_only_ended_runs_are_removed_or_pruned(database: Database, run_ids: list[int]) -> None:
    with database.write() as session:
        for refuse in (remove_run, note_pruned):
            with pytest.raises(RunStateError, match="queued"):
                refuse(session, run_ids[0])
        ask_to_stop(session, run_ids[0])
        note_pruned(session, run_ids[0])
        with pytest.raises(RunStateError, match="pruned"):
            resume(session, run_ids[0])
        remove_run(session, run_ids[0])
        with pytest.raises(NotFoundError):
            get_run(session, run_ids[0])
        assert [run.id for run in list_runs(session)] == run_ids[1:]


def test_events_are_mirrored_once(database: Database, run_ids: list[int]) -> None:
    run_id = run_ids[0]
    _claim(database)
    events = [
        {"time": "2026-01-02T03:04:05.678+00:00", "kind": "step", "stage": "classify", "losses": {"loss": 1}},
        {"kind": "run_finished", "seconds": 3},
    ]
    with database.write() as session:
        assert append_events(session, run_id, events, worker="w", read_from=0, read_to=120)
        assert not append_events(session, run_id, events, worker="w", read_from=0, read_to=120)
        assert not append_events(session, run_id, events, worker="other", read_from=120, read_to=130)
        say(session, run_id, "The trainer has started.")
    with database.read() as session:
        first, second, third = list_events(session, run_id)
        assert (first.stage, first.data, first.time.microsecond) == (
            "classify",
            {"losses": {"loss": 1}},
            678000,
        )
        assert (second.sequence, third.kind) == (2, "worker")
        assert abs(second.time - utc_now()) < timedelta(minutes=1)
        assert [one.sequence for one in list_events(session, run_id, after=1, kinds=["worker"])] == [3]
        found = last_event(session, run_id, ["step", "run_finished"])
        assert found is not None
        assert found.kind == "run_finished"


def test_a_name_and_a_status_must_be_possible(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        with pytest.raises(InvalidInputError, match="1 to 128"):
            _create(session, dataset_id, " ")
        with pytest.raises(InvalidInputError, match="queued, claimed"):
            list_runs(session, status="lost")

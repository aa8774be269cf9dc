from __future__ import annotations

from pathlib import Path

from trainer.contract import EventKind
from trainer.run.events import Event, EventLog, read_events


def test_events_come_back_in_order_with_their_time(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.write(EventKind.STEP, stage="classify", step=1, losses={"loss": 0.5})
    log.write(EventKind.EPOCH, stage="classify", epoch=1)
    first, second = read_events(tmp_path / "events.jsonl")
    assert (first["kind"], first["losses"], second["kind"]) == ("step", {"loss": 0.5}, "epoch")
    assert first["time"].endswith("+00:00")


def test_a_line_that_a_crash_cut_off_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).write(EventKind.STEP, step=1)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "st')
    EventLog(path).write(EventKind.STEP, step=2)
    assert [event["step"] for event in read_events(path)] == [1, 2]


def test_numbers_that_json_does_not_know_become_null(tmp_path: Path) -> None:
    EventLog(tmp_path / "events.jsonl").write(
        EventKind.STEP, losses={"loss": float("nan"), "other": [float("inf")]}
    )
    (event,) = read_events(tmp_path / "events.jsonl")
    assert event["losses"] == {"loss": None, "other": [None]}


def test_listeners_hear_what_is_not_written_to_a_file() -> None:
    heard: list[Event] = []
    EventLog(None, (heard.append,)).write(EventKind.RUN_FINISHED, seconds=1.0)
    assert [event["kind"] for event in heard] == ["run_finished"]


def test_a_run_without_events_has_none(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "events.jsonl")) == []

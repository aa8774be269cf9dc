"""A worker sees runs through: finished, failed, stopped, killed in every way, and never left running."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.datasets import get_dataset, remove_dataset
from db.runs import ask_to_stop, resume
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.dataset_folder import missing_pictures
from puzzlecam_app.runs.worker import is_dead_worker, worker_name
from tests.puzzlecam_app.runs.helpers import Runs, is_alive, wait_until
from trainer.recipes import load_recipe
from trainer.run.directory import DatasetRecord

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
Behave = Callable[[str], None]


def _ask_to_stop(runs: Runs, run_id: int) -> None:
    with runs.database.write() as session:
        ask_to_stop(session, run_id)


def _wait_for_end(pid: int) -> None:
    wait_until(lambda: not is_alive(pid))


def test_a_run_is_done_and_its_events_and_figures_are_in_the_database(runs: Runs) -> None:
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts, run.worker, run.metrics) == (
        "done",
        1,
        None,
        {"rows": [], "classes": []},
    )
    assert runs.kinds(run_id) == ["run_started", "stage_started", "step", "stage_finished", "run_finished"]
    assert run.started_at is not None
    assert run.ended_at is not None


def test_the_queue_is_worked_off_in_its_order(runs: Runs) -> None:
    ids = [runs.start(name=name) for name in ("one", "two")]
    with runs.worker():
        for run_id in ids:
            runs.wait_for(run_id, "done")
    first, second = (runs.run(run_id) for run_id in ids)
    assert first.ended_at is not None
    assert second.started_at is not None
    assert first.ended_at <= second.started_at


def test_a_run_is_told_of_the_earlier_runs_of_its_dataset(runs: Runs) -> None:
    first, second, third = (runs.start(name=name) for name in ("one", "two", "three"))
    for run_id in (first, second):
        begun = DatasetRecord(root="/data", split="all", fingerprint="abc", class_names=("cat",), pictures=1)
        runs.folder(run_id).train.path.mkdir()
        runs.folder(run_id).train.open(load_recipe("tiny"), begun)
    with runs.worker():
        runs.wait_for(third, "done", "failed")
    told = [f"--reuse={runs.folder(run_id).train.path}" for run_id in (second, first)]
    assert runs.folder(third).log_tail().split()[2:] == told
    assert runs.folder(first).log_tail().split()[2:] == told[:1]


def test_a_run_is_told_what_tags_mean_if_somebody_has_said_so(runs: Runs, tmp_path: Path) -> None:
    aliases = tmp_path / "aliases.toml"
    runs.options = dataclasses.replace(runs.options, aliases=aliases)
    without = runs.start()
    with runs.worker():
        runs.wait_for(without, "done", "failed")
    aliases.write_text('cab = ["taxi"]\n', encoding="utf-8")
    with_them = runs.start()
    with runs.worker():
        runs.wait_for(with_them, "done", "failed")
    assert "--aliases" not in runs.folder(without).log_tail()
    assert f"--aliases={aliases}" in runs.folder(with_them).log_tail()


def test_a_failure_that_would_come_again_is_told_at_once(runs: Runs, behave: Behave) -> None:
    behave("diverge")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert (run.problem, run.attempts) == ("Training of classify diverged.", 1)
    assert run.log_tail is not None
    assert run.log_tail.splitlines() == ["attempt 1", "Training of classify diverged."]


def test_a_failure_before_the_first_event_is_read_from_what_was_printed(runs: Runs, behave: Behave) -> None:
    behave("weights")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert run.problem == "Weights resnest50.pth do not exist; name another file."


def test_an_old_failure_is_not_taken_for_that_of_a_new_attempt(runs: Runs, behave: Behave) -> None:
    run_id = runs.start()
    behave("diverge")
    with runs.worker():
        runs.wait_for(run_id, "failed")
        behave("weights")
        with runs.database.write() as session:
            resume(session, run_id)
        wait_until(lambda: runs.run(run_id).problem is not None)
    assert "Weights" in str(runs.run(run_id).problem)


def test_a_killed_trainer_is_started_again(runs: Runs, behave: Behave) -> None:
    behave("die-once")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)
    assert "continues from its last checkpoint" in runs.messages(run_id)


def test_a_trainer_that_is_killed_each_time_is_given_up_with_a_reason(runs: Runs, behave: Behave) -> None:
    behave("die")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed")
    assert run.attempts == 3
    assert "memory ran out" in str(run.problem) or "ran out of memory" in str(run.problem)
    assert "tried 3 times without getting further" in str(run.problem)
    assert "batch size" in str(run.remedy)
    assert run.log_tail == "attempt 4", "the first attempt got further than none"


def test_a_trainer_that_gets_further_each_time_is_started_as_often_as_needed(
    runs: Runs, behave: Behave
) -> None:
    behave("die-until-6")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)


def test_a_failure_that_has_no_advice_of_its_own_still_says_what_to_do(
    runs: Runs, behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UserError("the recipe cannot be read")

    monkeypatch.setattr("puzzlecam_app.runs.supervisor.read_snapshot", refuse)
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert run.remedy == "Correct this, then resume the run"


def test_stopping_lets_the_trainer_store_its_state_and_resuming_goes_on(runs: Runs, behave: Behave) -> None:
    behave("hang")
    run_id = runs.start()
    with runs.worker():
        pid = runs.wait_for_step(run_id).trainer_pid
        _ask_to_stop(runs, run_id)
        run = runs.wait_for(run_id, "cancelled", "failed")
        assert run.status == "cancelled"
        assert runs.kinds(run_id)[-1] == "run_stopped"
        assert pid is not None
        assert not is_alive(pid)
        with runs.database.write() as session:
            resume(session, run_id)
        runs.wait_for_step(run_id, 2)
        runs.let_go(run_id)
        assert runs.wait_for(run_id, "done", "failed").status == "done"


@pytest.mark.parametrize("is_firm", [True, False])
def test_a_trainer_that_does_not_listen_is_ended_firmly(runs: Runs, behave: Behave, is_firm: bool) -> None:
    behave("hang stubborn spawn")
    grace = 60 if is_firm else 0.1
    runs.options = dataclasses.replace(runs.options, grace_s=grace)
    run_id = runs.start()
    with runs.worker():
        pid = runs.wait_for_step(run_id).trainer_pid
        child = int((runs.folder(run_id).path / "child").read_text())
        _ask_to_stop(runs, run_id)
        if is_firm:
            _ask_to_stop(runs, run_id)
        runs.wait_for(run_id, "cancelled")
    assert pid is not None
    assert not is_alive(pid)
    assert not is_alive(child)


def test_processes_that_a_killed_trainer_left_are_ended(runs: Runs, behave: Behave) -> None:
    behave("die spawn")
    run_id = runs.start()
    runs.options = dataclasses.replace(runs.options, max_attempts=1)
    with runs.worker():
        runs.wait_for(run_id, "failed")
        child = int((runs.folder(run_id).path / "child").read_text())
        wait_until(lambda: not is_alive(child))


def test_a_worker_that_ends_hands_its_run_back(runs: Runs, behave: Behave) -> None:
    behave("hang-once")
    run_id = runs.start()
    with runs.worker():
        pid = runs.wait_for_step(run_id).trainer_pid
    run = runs.run(run_id)
    assert (run.status, run.attempts, run.worker) == ("queued", 0, None)
    assert pid is not None
    assert not is_alive(pid)
    with runs.worker():
        assert runs.wait_for(run_id, "done").attempts == 1


def test_a_killed_workers_trainer_goes_on_and_is_found_again(runs: Runs, behave: Behave) -> None:
    behave("hang")
    run_id = runs.start()
    with runs.worker_process() as process:
        pid = runs.wait_for_step(run_id).trainer_pid
        process.kill()
        process.wait()
    assert pid is not None
    assert is_alive(pid)
    assert runs.run(run_id).status == "running"
    with runs.worker():
        wait_until(lambda: "Reattached to a trainer" in runs.messages(run_id))
        assert runs.run(run_id).trainer_pid == pid
        runs.let_go(run_id)
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)
    assert runs.kinds(run_id).count("run_finished") == 1


def test_a_found_trainer_can_be_stopped(runs: Runs, behave: Behave) -> None:
    behave("hang")
    run_id = runs.start()
    with runs.worker_process() as process:
        runs.wait_for_step(run_id)
        process.kill()
        process.wait()
    with runs.worker():
        _ask_to_stop(runs, run_id)
        assert runs.wait_for(run_id, "cancelled", "failed").status == "cancelled"


def test_a_trainer_that_finished_without_a_worker_has_finished(runs: Runs, behave: Behave) -> None:
    behave("hang")
    run_id = runs.start()
    with runs.worker_process() as process:
        pid = runs.wait_for_step(run_id).trainer_pid
        process.kill()
        process.wait()
    runs.let_go(run_id)
    assert pid is not None
    wait_until(lambda: not is_alive(pid))
    with runs.worker():
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)


def test_worker_and_trainer_killed_as_by_a_reboot_go_on_however_often(runs: Runs, behave: Behave) -> None:
    behave("hang")
    runs.options = dataclasses.replace(runs.options, max_attempts=1)
    run_id = runs.start()
    known: set[int | None] = {None}
    for _ in range(3):
        with runs.worker_process() as process:
            wait_until(lambda: runs.run(run_id).trainer_pid not in known)
            pid = runs.run(run_id).trainer_pid
            known.add(pid)
            process.kill()
            process.wait()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _wait_for_end(pid)
    runs.let_go(run_id)
    with runs.worker():
        run = runs.wait_for(run_id, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)


def test_a_trainer_whose_pid_was_never_written_down_is_found_by_its_run_directory(
    runs: Runs, behave: Behave
) -> None:
    behave("hang")
    run_id = runs.start()
    with runs.worker_process() as process:
        pid = runs.wait_for_step(run_id).trainer_pid
        process.kill()
        process.wait()
    with runs.database.write() as session:
        from db.run_models import Run

        run = session.get_one(Run, run_id)
        run.trainer_pid = run.trainer_started = None
        run.status = "claimed"
    with runs.worker():
        wait_until(lambda: runs.run(run_id).trainer_pid == pid)
        runs.let_go(run_id)
        assert runs.wait_for(run_id, "done", "failed").status == "done"


def test_two_workers_of_one_device_take_turns(runs: Runs, behave: Behave) -> None:
    behave("hang")
    first, second = runs.start(), runs.start()
    with runs.worker_process(), runs.worker():
        wait_until(lambda: "running" in (runs.run(first).status, runs.run(second).status))
        runs.wait_for_step(first)
        assert runs.run(second).status == "queued"
        runs.let_go(first)
        runs.wait_for_step(second)
        runs.let_go(second)
        runs.wait_for(second, "done")


def test_a_removed_dataset_fails_a_waiting_run_with_a_reason(runs: Runs) -> None:
    run_id = runs.start()
    with runs.database.write() as session:
        remove_dataset(session, 1)
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert run.problem == "The dataset was removed from the studio."


def test_pictures_that_are_gone_fail_a_run_with_a_reason(runs: Runs, tmp_path: Path) -> None:
    run_id = runs.start()
    shutil.rmtree(tmp_path / "pictures")
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert "2 pictures are no longer there, such as" in str(run.problem)
    assert "Put the folder of the dataset back" in str(run.remedy)


def test_a_waiting_run_finds_the_pictures_of_a_relocated_dataset(runs: Runs, tmp_path: Path) -> None:
    run_id = runs.start()
    moved = (tmp_path / "pictures").rename(tmp_path / "moved")
    with runs.database.write() as session:
        get_dataset(session, 1).root = str(moved)
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert run.problem is None
    assert missing_pictures(runs.folder(run_id).dataset) == []


def test_a_full_disk_fails_a_run_before_it_starts(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("puzzlecam_app.runs.supervisor.is_disk_full", lambda _: True)
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert (run.problem, "prune" in str(run.remedy)) == ("The disk is full.", True)


def test_files_that_are_gone_fail_a_run_with_a_reason(runs: Runs) -> None:
    run_id = runs.start()
    shutil.rmtree(runs.folder(run_id).path)
    with runs.worker():
        run = runs.wait_for(run_id, "failed", "done")
    assert "not on this machine" in str(run.problem)


def test_only_a_worker_that_has_ended_is_known_to_be_dead() -> None:
    name = worker_name()
    host, pid, started = name.rsplit("/", 2)
    assert not is_dead_worker(name)
    assert is_dead_worker(f"{host}/{pid}/{float(started) - 100}"), "another process had this pid before"
    assert not is_dead_worker(f"elsewhere/{pid}/1.0"), "of other machines nothing is known"
    assert not is_dead_worker("nonsense")

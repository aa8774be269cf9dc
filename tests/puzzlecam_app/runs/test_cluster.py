"""Runs as jobs of a Ray cluster of two nodes: they finish, stop, and outlive their worker and their node."""

from __future__ import annotations

import dataclasses
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db.runs import ask_to_stop
from puzzlecam_app.errors import UserError
from puzzlecam_app.runs import cluster as clusters
from puzzlecam_app.runs.attempt import Attempt
from puzzlecam_app.runs.cluster import Cluster, ClusterJob, new_job_name
from tests.puzzlecam_app.runs.helpers import HERE, Runs, wait_until
from tests.ray_nodes import RayNodes

PROGRAM = """
import os, runpy, sys
os.environ["FAKE_TRAINER"], program = sys.argv[1:3]
sys.argv = sys.argv[2:]
runpy.run_path(program, run_name="__main__")
"""


class FakeCluster(Cluster):
    """Answers with what it is told."""

    def __init__(self) -> None:
        super().__init__("http://nowhere:8265")
        self.answer: Any = None
        self.stopped: list[str] = []

    def details(self, name: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def stop(self, name: str) -> None:
        self.stopped.append(name)


def _details(status: str, **fields: object) -> SimpleNamespace:
    known = {"driver_exit_code": None, "driver_agent_http_address": None, "error_type": None, "message": None}
    return SimpleNamespace(status=SimpleNamespace(value=status), **{**known, **fields})


def _job(cluster: FakeCluster) -> tuple[ClusterJob, list[float]]:
    now = [0.0]
    return ClusterJob(cluster, "job", clock=lambda: now[0]), now


def test_a_job_says_where_it_waits_and_runs_and_how_it_ended() -> None:
    cluster = FakeCluster()
    job, now = _job(cluster)
    cluster.answer = _details("PENDING")
    assert job.is_alive()
    assert job.news() == "The run waits until a node of the Ray cluster has room."
    assert job.news() is None
    cluster.answer = _details("RUNNING", driver_agent_http_address="http://10.0.0.7:52365")
    now[0] += 1
    assert job.is_alive()
    assert job.news() == "The trainer runs on the node 10.0.0.7 of the Ray cluster."
    cluster.answer = _details("FAILED", driver_exit_code=4)
    assert job.is_alive()  # it is asked once a second
    now[0] += 1
    assert not job.is_alive()
    assert (job.exit_code, job.problem) == (4, None)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_details("FAILED", error_type="JOB_SUPERVISOR_ACTOR_DIED", message="x"), "the trainer ran is gone."),
        (_details("FAILED", message="No such file.\nmore"), "could not run the trainer: No such file."),
        (None, "was restarted and does not know the run any more."),
    ],
)
def test_a_job_says_why_the_cluster_lost_it(answer: object, problem: str) -> None:
    cluster = FakeCluster()
    job, _ = _job(cluster)
    cluster.answer = answer
    assert not job.is_alive()
    assert job.exit_code is None
    assert job.problem is not None
    assert job.problem.endswith(problem)


def test_a_cluster_that_does_not_answer_is_given_up_after_two_minutes() -> None:
    cluster = FakeCluster()
    job, now = _job(cluster)
    cluster.answer = ConnectionError("refused")
    assert job.is_alive()
    now[0] += 119
    assert job.is_alive()
    now[0] += 2
    assert not job.is_alive()
    assert job.problem == "The Ray cluster http://nowhere:8265 has not answered for 120 s."


def test_a_run_fails_with_a_sentence_if_the_cluster_cannot_be_reached(runs: Runs) -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        runs.options = dataclasses.replace(runs.options, cluster=f"http://127.0.0.1:{free.getsockname()[1]}")
    run_id = runs.start()
    with runs.worker():
        run = runs.wait_for(run_id, "failed")
    assert run.problem is not None
    assert "does not take the run" in run.problem
    assert "unset PUZZLECAM_CLUSTER" in run.problem


def test_without_ray_a_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray.job_submission", None)
    with pytest.raises(UserError, match="install the extra 'cluster'"):
        Cluster("auto").submit(new_job_name(1), ["-c", "pass"], tmp_path / "log", uses_gpu=False)


def _use(runs: Runs, address: str, behaviour: str) -> None:
    program = ("-c", PROGRAM, behaviour, str(HERE / "fake_trainer.py"))
    runs.options = dataclasses.replace(runs.options, cluster=address, program=program)


def _job_name(runs: Runs, run_id: int) -> str:
    name = Attempt.read(runs.folder(run_id)).job
    assert name is not None
    return name


def _wait_for_step(runs: Runs, run_id: int, step: int = 1) -> None:
    wait_until(lambda: f'"step": {step}' in _events(runs, run_id))


def _events(runs: Runs, run_id: int) -> str:
    path = runs.folder(run_id).train.events_path
    return path.read_text() if path.is_file() else ""


def test_runs_go_through_a_cluster(runs: Runs, ray_nodes: RayNodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.puzzlecam_app.runs.helpers.PATIENCE_S", 120)
    address = ray_nodes.jobs

    # A run is done.
    _use(runs, address, "finish")
    done = runs.start()
    with runs.worker():
        run = runs.wait_for(done, "done", "failed")
    assert (run.status, run.attempts, run.problem) == ("done", 1, None)
    assert "of the Ray cluster." in runs.messages(done)
    assert "attempt 1" in runs.folder(done).log_tail()
    assert "--cluster" not in runs.folder(done).log_tail()

    # Several processes share one: its trainer starts them in the cluster of its node.
    runs.options = dataclasses.replace(runs.options, cluster_processes=2)
    shared = runs.start()
    with runs.worker():
        assert runs.wait_for(shared, "done", "failed").status == "done"
    assert "--cluster=auto --processes=2" in runs.folder(shared).log_tail()
    runs.options = dataclasses.replace(runs.options, cluster_processes=1)

    # Somebody stops one: it stores its state first.
    _use(runs, address, "hang")
    stopped = runs.start()
    with runs.worker():
        _wait_for_step(runs, stopped)
        wait_until(lambda: runs.run(stopped).status == "running")
        with runs.database.write() as session:
            ask_to_stop(session, stopped)
        assert runs.wait_for(stopped, "cancelled", "failed").status == "cancelled"
    assert runs.kinds(stopped)[-1] == "run_stopped"

    # The studio ends, and the run goes on; the next worker finds it.
    left = runs.start()
    with runs.worker():
        _wait_for_step(runs, left)
        wait_until(lambda: runs.run(left).status == "running")
    assert runs.run(left).status == "running"
    name = _job_name(runs, left)
    runs.let_go(left)
    monkeypatch.setattr("puzzlecam_app.runs.worker.worker_name", lambda: "another")
    monkeypatch.setattr("puzzlecam_app.runs.worker.is_dead_worker", lambda holder: holder != "another")
    with runs.worker():
        run = runs.wait_for(left, "done", "failed")
    assert (run.status, run.attempts) == ("done", 1)
    assert "Reattached" in runs.messages(left)

    # Its node is killed: it starts again on the other one.
    _use(runs, address, "hang-once")
    moved = runs.start()
    with runs.worker():
        _wait_for_step(runs, moved)
        first = _job_name(runs, moved)
        assert first != name
        details = Cluster(address).details(first)
        assert details is not None
        ray_nodes.lose(details.driver_node_id)
        run = runs.wait_for(moved, "done", "failed")
    assert (run.status, run.problem) == ("done", None)
    assert "The node of the Ray cluster on which the trainer ran is gone." in runs.messages(moved)
    assert clusters.Cluster(address).details(first) is not None

"""Trainers as jobs of a Ray cluster, through Ray's job server: submitted, found again, watched and stopped.

Every node has the studio installed where this program is, and sees the workspace under the same path.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import trainer
from puzzlecam_app.errors import UserError

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

_LOOK_EVERY_S: Final = 1.0
_AWAY_S: Final = 120.0
"""A cluster that has not answered for so long is given up; its job goes on if the cluster does."""
_KILL_WAIT_S: Final = 30.0


class ClusterJob:
    """A trainer that runs or ran as a job; it has the methods of `trainer_process.TrainerProcess`.

    Attributes:
        name: of the job; unique in the cluster.
        exit_code: of the trainer; None while it runs, and where the cluster does not know it.
        problem: why the cluster has ended the job, or cannot say what became of it; a sentence.
    """

    def __init__(self, cluster: Cluster, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.exit_code: int | None = None
        self.problem: str | None = None
        self._cluster = cluster
        self._clock = clock
        self._looked: float | None = None
        self._answered = clock()
        self._is_alive = True
        self._place: str | None = None
        self._told: str | None = None

    def is_alive(self) -> bool:
        """Whether the job waits or runs; the cluster is asked once a second."""
        now = self._clock()
        if not self._is_alive or (self._looked is not None and now - self._looked < _LOOK_EVERY_S):
            return self._is_alive
        self._looked = now
        try:
            details = self._cluster.details(self.name)
        except OSError:
            if now - self._answered > _AWAY_S:
                self._is_alive = False
                self.problem = (
                    f"The Ray cluster {self._cluster.address} has not answered for {_AWAY_S:.0f} s."
                )
            return self._is_alive
        self._answered = now
        if details is None:
            self._is_alive = False
            self.problem = "The Ray cluster was restarted and does not know the run any more."
        else:
            self._read(details)
        return self._is_alive

    def news(self) -> str | None:
        """A sentence about where the trainer is, when that has changed since the last call."""
        if self._place == self._told:
            return None
        self._told = self._place
        return self._place

    def ask_to_end(self) -> None:
        """Ask the trainer to store its state and end; Ray kills it after RAY_JOB_STOP_WAIT_TIME_S."""
        self._cluster.stop(self.name)

    def kill(self) -> None:
        """End the job, and wait for it as long as the cluster answers, but not longer than 30 s."""
        until = self._clock() + _KILL_WAIT_S
        if self._is_alive:
            self._cluster.stop(self.name)
        while self._is_alive and self._clock() < until:
            time.sleep(0.2)
            self._looked = None
            self.is_alive()

    def _read(self, details: JobDetails) -> None:
        status = details.status.value
        host = urlsplit(details.driver_agent_http_address or "").hostname
        if status == "PENDING":
            self._place = "The run waits until a node of the Ray cluster has room."
        elif host is not None:
            self._place = f"The trainer runs on the node {host} of the Ray cluster."
        if status in ("PENDING", "RUNNING"):
            return
        self._is_alive = False
        self.exit_code = details.driver_exit_code
        if status == "FAILED" and self.exit_code is None:
            gone = details.error_type == "JOB_SUPERVISOR_ACTOR_DIED"
            said = (details.message or "").partition("\n")[0].rstrip(".")
            self.problem = (
                "The node of the Ray cluster on which the trainer ran is gone."
                if gone
                else f"The Ray cluster could not run the trainer: {said or 'it does not say why'}."
            )


class Cluster:
    """The job server of a Ray cluster.

    Args:
        address: `http://HOST:8265`, `ray://HOST:10001`, or `auto` for the cluster of this machine.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client: JobSubmissionClient | None = None

    def submit(
        self,
        name: str,
        arguments: Sequence[str | Path],
        log: Path,
        *,
        uses_gpu: bool,
        takes_room: bool = True,
    ) -> ClusterJob:
        """Submit Python with arguments such as `-m trainer` as a job. Its output is appended to `log`.

        Args:
            name: of the job, from `new_job_name`.
            arguments: of Python.
            log: file that all nodes see.
            uses_gpu: whether Ray must give it a GPU; without one, the trainer sees none.
            takes_room: whether it computes by itself; if not, it runs on the head, and what it starts in the
                cluster gets the processor cores and GPUs.

        Raises:
            UserError: Ray is not installed here, or the cluster does not take the job.
        """
        home = str(Path(trainer.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        command = shlex.join(
            ["env", f"PYTHONPATH={path}", "PYTHONUNBUFFERED=1", sys.executable, "-P", *map(str, arguments)]
        )
        entrypoint = f"cd {shlex.quote(str(log.parent))} && exec {command} >> {shlex.quote(str(log))} 2>&1"
        try:
            self._connected().submit_job(
                entrypoint=entrypoint,
                submission_id=name,
                entrypoint_num_cpus=1 if takes_room else 0,
                entrypoint_num_gpus=1 if uses_gpu and takes_room else 0,
            )
        except (OSError, RuntimeError) as error:
            self._client = None
            raise UserError(
                f"The Ray cluster {self.address} does not take the run ({_first_line(error)}). Start the "
                "cluster, or unset PUZZLECAM_CLUSTER to train on this machine."
            ) from error
        return ClusterJob(self, name)

    def find(self, name: str) -> ClusterJob:
        """A job that was submitted before; `ClusterJob.is_alive` says whether the cluster knows it."""
        return ClusterJob(self, name)

    def details(self, name: str) -> JobDetails | None:
        """What the cluster knows of a job; None if it does not know it.

        Raises:
            OSError: the cluster does not answer.
        """
        try:
            return self._connected().get_job_info(name)
        except RuntimeError as error:
            if "404" in str(error):
                return None
            self._client = None
            raise ConnectionError(_first_line(error)) from error
        except UserError as error:
            raise ConnectionError(str(error)) from error

    def stop(self, name: str) -> None:
        """Stop a job; nothing happens if it has ended or the cluster does not answer."""
        with contextlib.suppress(OSError, RuntimeError, UserError):
            self._connected().stop_job(name)

    def _connected(self) -> JobSubmissionClient:
        if self._client is None:
            try:
                from ray.job_submission import JobSubmissionClient
            except ImportError as error:
                raise UserError(
                    "PUZZLECAM_CLUSTER is set, but Ray is not installed; install the extra 'cluster'."
                ) from error
            self._client = JobSubmissionClient(self.address)
        return self._client


def new_job_name(run_id: int) -> str:
    """A name that no other job has: two studios may share a cluster."""
    return f"puzzlecam-run-{run_id}-{secrets.token_hex(6)}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200].rstrip(".") if lines else type(error).__name__

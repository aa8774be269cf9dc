"""One function in several processes that share a training, through Ray Train's `TorchTrainer`."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable
from typing import Any, Final, cast

from trainer.cluster.connection import Cluster, imported_ray
from trainer.cluster.link import Link, Switchboard, Work
from trainer.cluster.outcome import Outcome, ProcessLostError
from trainer.contract import FailureCode
from trainer.errors import TrainerError, failure_code
from trainer.machine.stop import StopSignal

_MOST_LOSSES: Final = 3
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_LOOKS: Final = 60
"""If nothing happens for so long after a start, people are told that the work may wait for room."""


def run_in_processes(
    cluster: Cluster,
    work: Work,
    *,
    stop: StopSignal,
    on_event: Callable[[dict[str, Any]], bool],
    say: Callable[[str], None],
) -> Any:
    """Run a function in `cluster.processes` processes with a process group of PyTorch.

    If a process or its node is lost, all start again, so the work must go on from what it has stored.

    Args:
        cluster: a connection to it is open.
        work: what every process runs.
        stop: set it to ask all processes to end.
        on_event: called here with every event that the main process tells; returns whether the work has got
            further than ever.
        say: called with sentences for people: that the work waits for room, that a process was lost.

    Returns:
        What the function returned in the main process, that of rank 0.

    Raises:
        TrainerError: raised by the function in any process.
        ProcessLostError: processes were lost three times before the work got further.
    """
    watch = _Watch(stop, on_event, say)
    while (outcome := _attempted(cluster, work, watch)) is None:
        pass
    return outcome.get()


class _Watch:
    """What the process that waits does about news, also over several attempts."""

    def __init__(
        self, stop: StopSignal, on_event: Callable[[dict[str, Any]], bool], say: Callable[[str], None]
    ) -> None:
        self.stop = stop
        self._on_event = on_event
        self._say = say
        self._losses = 0
        self._quiet = 0
        self._has_begun = False

    def asked_to_stop(self) -> bool:
        """Whether the processes are to be asked to end.

        Raises:
            RunStopped: they are, but have not begun, so that there is nothing to store.
        """
        if self.stop.is_set and not self._has_begun:
            self.stop.check()
        return self.stop.is_set

    def quiet(self) -> None:
        """Nothing has happened for a second."""
        self._quiet += 1
        if self._quiet == _PATIENCE_LOOKS and not self._has_begun:
            self._say("The training waits until the Ray cluster has room for all its processes.")

    def hear(self, item: dict[str, Any] | str) -> None:
        """Take an event, or the reason why a process was lost."""
        if isinstance(item, str):
            self.lost(item)
            return
        self._has_begun = True
        if self._on_event(item):
            self._losses = 0

    def lost(self, reason: str) -> None:
        """A process was lost; if that happens again and again, give up."""
        self._losses += 1
        self._quiet, self._has_begun = 0, False
        if self._losses == _MOST_LOSSES:
            raise ProcessLostError(
                f"Processes of the Ray cluster ended {_MOST_LOSSES} times before they got further "
                f"({reason}). Look after the cluster, then resume the run."
            )
        self.stop.check()
        self._say(f"A process of the Ray cluster was lost ({reason}); all go on from the last checkpoint.")


def _attempted(cluster: Cluster, work: Work, watch: _Watch) -> Outcome | None:
    """Work until the end; None if the process was lost that starts the others."""
    ray = imported_ray()
    switchboard = ray.remote(num_cpus=0)(Switchboard).remote()
    fit = ray.remote(num_cpus=0, max_retries=0)(_fit).remote(
        work, switchboard, cluster.processes, cluster.uses_gpu
    )
    news = switchboard.news.remote()
    is_asked = False
    try:
        while True:
            done, _ = ray.wait([news, fit], num_returns=1, timeout=_LOOK_EVERY_S)
            if watch.asked_to_stop() and not is_asked:
                is_asked = True
                switchboard.ask_to_stop.remote()
            if not done:
                watch.quiet()
                continue
            if fit in done:
                ray.get(fit)  # an error, if the process was lost
            heard = ray.get(news)
            for item in heard.items:
                watch.hear(item)
            # After an error the others may wait for the process that had it; they are ended.
            if heard.outcome is not None and (fit in done or heard.outcome.error is not None):
                return cast(Outcome, heard.outcome)
            news = switchboard.news.remote()
            if heard.outcome is not None:
                ray.get(fit)
                return cast(Outcome, heard.outcome)
    except ray.exceptions.RayError as error:
        watch.lost(_last_line(error))
        return None
    finally:
        with contextlib.suppress(Exception):
            ray.cancel(fit, force=True)
        ray.kill(switchboard)


def _fit(work: Work, switchboard: Any, processes: int, uses_gpu: bool) -> None:
    """Runs in the cluster, so that any kind of connection will do."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig, UserCallback
    from ray.train.torch import TorchTrainer

    class Losses(UserCallback):
        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:  # noqa: ARG002
            if worker_exceptions:
                reason = _last_line(next(iter(worker_exceptions.values())))
                imported_ray().get(switchboard.tell.remote(reason))

    callbacks: list[Any] = [Losses()]
    logging.getLogger("ray.train").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="puzzlecam-ray-") as folder:
        TorchTrainer(
            _run,
            train_loop_config={"work": work, "switchboard": switchboard},
            scaling_config=ScalingConfig(num_workers=processes, use_gpu=uses_gpu),
            run_config=RunConfig(
                # Ray's own records are of no use here; what a training keeps is in its run directory.
                storage_path=folder,
                name="records",
                # Whoever waits counts, and gives up.
                failure_config=FailureConfig(max_failures=-1),
                callbacks=callbacks,
            ),
        ).fit()


def _run(config: dict[str, Any]) -> None:
    """Runs in every process."""
    from ray.train import get_context

    link = Link(config["switchboard"])
    outcome = Outcome.of(config["work"], link)
    if outcome.error is None:
        if get_context().get_world_rank() == 0:
            link.end(outcome)
        return
    if _is_final(outcome.error):
        link.end(outcome)
    raise outcome.error


def _is_final(error: Exception) -> bool:
    """Whether the work would fail again. Any other error may be that of a process that lost its partner."""
    return isinstance(error, TrainerError) or failure_code(error) != FailureCode.UNEXPECTED


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else type(error).__name__

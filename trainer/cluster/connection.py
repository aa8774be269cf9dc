"""Which Ray cluster shares the work, and the connection to it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.errors import TrainerUsageError

_HOME: Final = str(Path(__file__).resolve().parents[2])
_FOLDER: Final = "PUZZLECAM_CLUSTER_FOLDER"


@dataclass(frozen=True)
class Cluster:
    """Processes of a Ray cluster that share trainings and pictures; `open_cluster` makes it.

    Every node has the program in the same Python environment under the same path, and sees the run directory
    and the pictures under the same path.

    Attributes:
        processes: how many share a training, and the pictures of a stage; at least 1.
        uses_gpu: whether each of them gets a GPU, otherwise a processor core.
    """

    processes: int = 1
    uses_gpu: bool = False

    @property
    def device(self) -> str:
        """The device of each process, as `trainer.machine.device.choose_device` names it."""
        return "cuda" if self.uses_gpu else "cpu"

    @property
    def reason(self) -> str:
        """One sentence for people, like that of a `DeviceChoice`."""
        each = "a GPU" if self.uses_gpu else "a processor core"
        if self.processes == 1:
            return f"Running on a Ray cluster in a process with {each}."
        return f"Running on a Ray cluster in {self.processes} processes with {each} each."


@contextlib.contextmanager
def open_cluster(address: str, processes: int | None = 1, device: str | None = None) -> Iterator[Cluster]:
    """Connect to a cluster; a connection that is open already is used and stays open.

    Args:
        address: `auto` for the cluster of this machine, `ray://HOST:10001`, or `HOST:6379`.
        processes: see `Cluster`; None takes all GPUs, or all processor cores.
        device: "cuda" gives each process a GPU, "cpu" none; None gives GPUs if the cluster has any.

    Raises:
        TrainerUsageError: Ray is not installed, the cluster does not answer, or an argument cannot be used.
    """
    if processes is not None and processes < 1:
        raise TrainerUsageError("Work on a cluster needs at least one process; use --processes 2.")
    if address.startswith("http"):
        raise TrainerUsageError(
            f"{address} is the job server of a Ray cluster; name the cluster as ray://HOST:10001, as "
            "HOST:6379, or as auto on one of its machines."
        )
    if device not in (None, "cpu", "cuda"):
        raise TrainerUsageError(f"On a cluster, Ray chooses the GPU; use --device cuda, not {device}.")
    # Ray puts a handler of its own in the place of ours, which lets a run store its state.
    handler = signal.getsignal(signal.SIGTERM)
    ray = imported_ray()
    is_ours = not ray.is_initialized()
    try:
        if is_ours:
            _connect(ray, address)
        _restore(handler)
        has = ray.cluster_resources()
        uses_gpu = has.get("GPU", 0) >= 1 if device is None else device == "cuda"
        everything = max(1, int(has.get("GPU" if uses_gpu else "CPU", 1)))
        yield Cluster(processes or everything, uses_gpu)
    finally:
        if is_ours:
            ray.shutdown()
        _restore(handler)


def _connect(ray: Any, address: str) -> None:
    path = os.pathsep.join(filter(None, (_HOME, os.environ.get("PYTHONPATH"))))
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={"env_vars": {"PYTHONPATH": path, _FOLDER: str(Path.cwd())}},
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        said = str(error).strip().partition("\n")[0][:200].rstrip(".")
        raise TrainerUsageError(
            f"The Ray cluster {address} cannot be reached ({said}). Start it (ray start --head), or "
            "leave out --cluster to work on this machine alone."
        ) from error


def enter_folder() -> None:
    """Work in the folder of the command, so that relative paths mean the same; for processes of a cluster."""
    with contextlib.suppress(OSError, KeyError):
        os.chdir(os.environ[_FOLDER])


def imported_ray() -> Any:
    """The package Ray.

    Raises:
        TrainerUsageError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise TrainerUsageError(
            "Work on a cluster needs Ray, which is not installed; install the extra 'cluster'."
        ) from error
    return ray


def _restore(handler: Any) -> None:
    with contextlib.suppress(ValueError):  # only the main thread may set handlers
        signal.signal(signal.SIGTERM, handler)

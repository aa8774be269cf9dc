"""How a trainer ended and why, in words that help.

The remedy is chosen by the code of the failure (`trainer.contract.FailureCode`), which stands in the event
"run_failed" and, where no event could be written, in the exit code. Messages are only shown to people.
"""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from trainer.contract import EXIT_GOOD, EXIT_STOPPED, EventKind, FailureCode

LEAST_FREE_BYTES = 100 * 2**20

_MEMORY_REMEDY = (
    "Raise classify.accumulate (and that of the other stages), lower the batch size or the crop, or close "
    "other programs; then resume"
)
_LOG_REMEDY = "Look at the log below"


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        kind: "crashed" may be tried again; "restarted" too, and does not count as an attempt; "failed" would
            fail the same way.
        problem: what went wrong; None for "done".
        remedy: what to do about it; None only where nothing is wrong.
    """

    kind: Literal["done", "stopped", "crashed", "restarted", "failed"]
    problem: str | None = None
    remedy: str | None = None


DISK_FULL: Final = Outcome(
    "failed", "The disk is full.", "Free space (the Runs page can prune old runs), then resume the run"
)

_BY_CODE: Final[Mapping[FailureCode, Outcome]] = {
    FailureCode.UNEXPECTED: Outcome(
        "failed", remedy="Look at the log below, and report it if you cannot tell why"
    ),
    FailureCode.DISK_FULL: DISK_FULL,
    FailureCode.OUT_OF_MEMORY: Outcome("failed", "Memory ran out.", _MEMORY_REMEDY),
    # The next attempt may have more memory.
    FailureCode.WORKER_ENDED: Outcome("crashed", remedy=_MEMORY_REMEDY),
    FailureCode.ANOTHER_DATASET: Outcome(
        "failed",
        "Pictures of the dataset changed or went missing since the run was started.",
        "Put them back as they were and resume, or start a new run",
    ),
    FailureCode.RUN_DIRECTORY_IN_USE: Outcome(
        "failed", "Another process is working in the folder of the run.", "Wait until it ends, then resume"
    ),
    FailureCode.INTERRUPTED: Outcome("crashed", "The trainer was interrupted.", "Resume the run"),
    FailureCode.BAD_SETTINGS: Outcome("failed", remedy="Clone the run and change the setting"),
    FailureCode.BAD_RUN_DIRECTORY: Outcome(
        "failed", remedy="Restore the files of the run from a backup, or clone the run"
    ),
    FailureCode.BAD_DATASET: Outcome("failed", remedy="Correct the dataset, then start a new run"),
    FailureCode.WEIGHTS_MISSING: Outcome(
        "failed", remedy="Provide the weights and resume, or clone the run with another backbone"
    ),
    FailureCode.DAMAGED_FILE: Outcome(
        "failed", remedy="Delete the file that is named and resume; its stage then starts from the beginning"
    ),
    FailureCode.DIVERGED: Outcome("failed", remedy="Clone the run and lower the learning rate of the stage"),
    FailureCode.PACKAGE_MISSING: Outcome("failed", remedy="Install the package that is named, then resume"),
}
"""Outcomes by code; where `problem` is missing, the trainer's sentence is shown."""


@dataclass(frozen=True)
class End:
    """What is known about a trainer that has ended.

    Attributes:
        exit_code: negative for a signal; None if nobody saw it.
        last: the last event of this attempt that ends a run, if there is one.
        log: the last lines that this attempt printed.
        has_kernel_killed: whether the system ended processes meanwhile because memory ran out.
        is_disk_full: whether there is hardly any room left.
        problem: why a cluster ended the trainer, a sentence; None if it did not.
    """

    exit_code: int | None
    last: Mapping[str, Any] | None
    log: str
    has_kernel_killed: bool = False
    is_disk_full: bool = False
    problem: str | None = None


def judge(end: End) -> Outcome:
    """What became of the attempt."""
    kind = end.last["kind"] if end.last else None
    if kind == EventKind.RUN_FINISHED and end.exit_code in (EXIT_GOOD, None):
        return Outcome("done")
    if kind == EventKind.RUN_STOPPED or end.exit_code == EXIT_STOPPED:
        return Outcome("stopped", "The trainer was asked to end from outside the studio.", "Resume the run")
    if kind == EventKind.RUN_FAILED or (end.exit_code is not None and end.exit_code > 0):
        return _failure(end)
    return _crash(end)


def _failure(end: End) -> Outcome:
    code = _code(end)
    if end.is_disk_full and code in (None, FailureCode.UNEXPECTED):
        return DISK_FULL
    advice = Outcome("failed", remedy=_LOG_REMEDY) if code is None else _BY_CODE[code]
    problem = advice.problem or _sentence(end, code)
    if problem:
        return replace(advice, problem=problem)
    return replace(advice, problem="The trainer ended without saying why.", remedy=_LOG_REMEDY)


def _code(end: End) -> FailureCode | None:
    """Why the trainer failed; None if it did not say, as older versions."""
    if end.last is not None and end.last["kind"] == EventKind.RUN_FAILED:
        return FailureCode.of_text(end.last.get("code"))
    return None if end.exit_code is None else FailureCode.of_exit_code(end.exit_code)


def _sentence(end: End, code: FailureCode | None) -> str:
    """What the trainer said last, for people; "" if it said nothing."""
    if end.last is None or end.last["kind"] != EventKind.RUN_FAILED:
        return _last_line(end.log)
    message = str(end.last.get("message", ""))
    if code is FailureCode.UNEXPECTED:
        return f"The trainer failed with an error that it did not expect ({end.last.get('error')}): {message}"
    return message or _last_line(end.log)


def _crash(end: End) -> Outcome:
    killed = end.exit_code is not None and -end.exit_code == getattr(signal, "SIGKILL", 9)
    if end.has_kernel_killed and (killed or end.exit_code is None):
        return Outcome("crashed", "The system ended the trainer because memory ran out.", _MEMORY_REMEDY)
    if end.is_disk_full:
        return DISK_FULL
    if end.problem is not None:
        return Outcome("crashed", end.problem, "Look after the cluster, then resume the run")
    if killed:
        return Outcome(
            "crashed",
            "The trainer was killed from outside, most likely because memory ran out.",
            _MEMORY_REMEDY,
        )
    if end.exit_code is None:
        return Outcome(
            "restarted",
            "The trainer is gone: the machine or the programs on it were restarted.",
            "Resume the run",
        )
    name = _signal_name(-end.exit_code) if end.exit_code < 0 else f"exit code {end.exit_code}"
    return Outcome("crashed", f"The trainer ended without a message ({name}).", _LOG_REMEDY)


def is_disk_full(folder: Path) -> bool:
    """Whether hardly any room is left where `folder` lies."""
    try:
        return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
    except OSError:
        return False


def memory_kills() -> int:
    """How many processes the kernel has ended for lack of memory so far; 0 where it does not say."""
    total = 0
    for path in (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events")):
        try:
            total += sum(int(count) for count in re.findall(r"^oom_kill (\d+)$", path.read_text(), re.M))
        except OSError:
            continue
    return total


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

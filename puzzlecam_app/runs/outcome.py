"""How a trainer ended, and why, in words that help: judged from its exit, its log and its events."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

LEAST_FREE_BYTES = 100 * 2**20
_STOPPED_EXIT_CODE = 3

_MEMORY_REMEDY = (
    "Raise classify.accumulate (and that of the other stages), lower the batch size or the crop, or close "
    "other programs; then resume"
)
_DISK_REMEDY = "Free space (the Runs page can prune old runs) and resume; the run goes on where it stopped"


@dataclass(frozen=True)
class Outcome:
    """`crashed` may be tried again; `failed` would fail the same way. `problem` is there for both."""

    kind: Literal["done", "stopped", "crashed", "failed"]
    problem: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class End:
    """What is known of a trainer that has ended.

    Attributes:
        exit_code: negative for a signal; None when nobody saw it.
        last: the last event of this attempt that ends a run, if there is one.
        log: last lines it printed in this attempt.
        has_kernel_killed: whether the system ended processes for lack of memory meanwhile.
        is_disk_full: whether there is hardly any room left.
    """

    exit_code: int | None
    last: Mapping[str, Any] | None
    log: str
    has_kernel_killed: bool = False
    is_disk_full: bool = False


def judge(end: End) -> Outcome:
    """What became of the attempt."""
    kind = end.last["kind"] if end.last else None
    if kind == "run_finished" and end.exit_code in (0, None):
        return Outcome("done")
    if kind == "run_stopped" or end.exit_code == _STOPPED_EXIT_CODE:
        return Outcome("stopped", "The trainer was asked to end from outside the studio.", "Resume the run")
    if kind == "run_failed" or (end.exit_code is not None and end.exit_code > 0):
        return _failure(end)
    return _crash(end)


def _failure(end: End) -> Outcome:
    message = str(end.last["message"]) if end.last and end.last["kind"] == "run_failed" else ""
    error = str(end.last.get("error", "")) if end.last else ""
    if {"OutOfMemoryError", "MemoryError"} & {error, _exception_of(end.log)}:
        return Outcome("failed", "Memory ran out.", _MEMORY_REMEDY)
    if error == "WorkerEndedError":
        # A helper process was killed from outside: the next attempt may have more room.
        return Outcome("crashed", message, _MEMORY_REMEDY)
    if error == "KeyboardInterrupt":
        return Outcome("crashed", "The trainer was interrupted.", "Resume the run")
    if end.is_disk_full or _is_about_full_disk(_last_line(end.log)):
        return Outcome("failed", "The disk is full.", _DISK_REMEDY)
    unexpected = _exception_of(end.log)
    if unexpected:
        why = f"The trainer met something it did not expect ({unexpected}): {message or _last_line(end.log)}"
        return Outcome("failed", why, "Look at the log below, and report it if you cannot tell why")
    problem = message or _last_line(end.log) or "The trainer ended without saying why."
    remedy = "Look at the log below" if not (message or _last_line(end.log)) else None
    if "belongs to another dataset" in problem:
        problem = "Pictures of the dataset changed or went missing since the run was started."
        remedy = "Put them back as they were and resume, or start a new run"
    return Outcome("failed", problem, remedy)


def _crash(end: End) -> Outcome:
    killed = end.exit_code is not None and -end.exit_code == getattr(signal, "SIGKILL", 9)
    if end.has_kernel_killed and (killed or end.exit_code is None):
        return Outcome("crashed", "The system ran out of memory and ended the trainer.", _MEMORY_REMEDY)
    if end.is_disk_full:
        return Outcome("failed", "The disk is full.", _DISK_REMEDY)
    if killed:
        return Outcome(
            "crashed",
            "The trainer was killed from outside; most often that means that memory ran out.",
            _MEMORY_REMEDY,
        )
    if end.exit_code is None:
        return Outcome("crashed", "The trainer is gone; the machine or its programs were restarted.")
    name = _signal_name(-end.exit_code) if end.exit_code < 0 else f"exit code {end.exit_code}"
    return Outcome("crashed", f"The trainer ended without a word ({name}).", "Look at the log below")


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


def _exception_of(log: str) -> str:
    """Name of the exception that an unexpected error printed at the end; "" when none did."""
    if "Traceback (most recent call last)" not in log:
        return ""
    name = _last_line(log).partition(":")[0]
    return name.rpartition(".")[2] if re.fullmatch(r"[\w.]+", name) else ""


def _is_about_full_disk(line: str) -> bool:
    return ("disk" in line and "is full" in line) or "No space left on device" in line


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

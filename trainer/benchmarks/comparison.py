"""One row of a benchmark: the reference and our implementation, timed in the same run."""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Comparison:
    """What was compared, and the result.

    Attributes:
        name: short name for tables; it does not change between versions.
        setting: sizes, number format, device.
        reference_s: seconds of the plain implementation.
        ours_s: seconds of our implementation for the same work.
        target_ratio: the target for reference_s / ours_s; None if there is no target.
        error: largest absolute difference of the results, if they are numbers.
        agreement: share of equal pixels in [0, 1], if the results are labels.
        notes: what a reader must know, for example that the reference time was scaled from a smaller size.
    """

    name: str
    setting: str
    reference_s: float
    ours_s: float
    target_ratio: float | None = None
    error: float | None = None
    agreement: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float:
        """Return reference_s / ours_s: how many times as fast as the reference we are."""
        return self.reference_s / self.ours_s

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**dataclasses.asdict(self), "ratio": self.ratio}

    def as_text(self) -> str:
        """Return a few lines for a terminal."""
        target = "" if self.target_ratio is None else f" (target {self.target_ratio:g})"
        lines = [
            f"{self.name}: {self.ratio:,.2f} times as fast{target}",
            f"  {self.setting}",
            f"  reference {_seconds(self.reference_s)}, ours {_seconds(self.ours_s)}",
        ]
        if self.error is not None:
            lines.append(f"  largest difference {self.error:.2g}")
        if self.agreement is not None:
            lines.append(f"  equal on {self.agreement:.2%} of the pixels")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def interleaved_seconds(*functions: Callable[[], object], repeats: int = 5) -> list[float]:
    """Return the best time of each function in seconds. They take turns, so that other load affects all.

    Each function first runs once untimed, to compile code and fill caches.
    """
    for function in functions:
        function()
    best = [float("inf")] * len(functions)
    gc.collect()
    for _ in range(repeats):
        for position, function in enumerate(functions):
            best[position] = min(best[position], seconds_of(function))
    return best


def seconds_of(function: Callable[[], object]) -> float:
    """Return the wall-clock seconds of one call, including work on a GPU."""
    _finish_gpu()
    started = time.perf_counter()
    function()
    _finish_gpu()
    return time.perf_counter() - started


def _finish_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 10 else f"{value * 1000:.1f} ms"

"""All benchmarks, and the facts of the machine that they run on (command `bench`)."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import torch

from trainer.benchmarks import cam, crf, evaluate, random_walk, train_step
from trainer.benchmarks.comparison import Comparison
from trainer.errors import TrainerUsageError
from trainer.machine.device import available_cpu_count, choose_device

BENCHMARKS: dict[str, Callable[[], list[Comparison]]] = {
    "random-walk": random_walk.compare,
    "crf": crf.compare,
    "cam": cam.compare,
    "train-step": train_step.compare,
    "evaluate": evaluate.compare,
}
ALL = "all"


def run_benchmarks(name: str = ALL, *, is_full: bool = False) -> list[Comparison]:
    """Run one benchmark, or all of them.

    Args:
        name: one of `BENCHMARKS`, or "all".
        is_full: run the dense random walk on the whole grid, which takes minutes and gigabytes of memory.

    Raises:
        TrainerUsageError: there is no such benchmark.
    """
    if name not in (ALL, *BENCHMARKS):
        raise TrainerUsageError(
            f"Benchmark {name!r} is not known; choose one of {', '.join(BENCHMARKS)} or {ALL}."
        )
    rows: list[Comparison] = []
    for own, compare in BENCHMARKS.items():
        if name in (ALL, own):
            rows += random_walk.compare(is_full=is_full) if own == "random-walk" else compare()
    return rows


def machine() -> dict[str, Any]:
    """Return the facts of this machine that the times depend on."""
    choice = choose_device()
    gpu = torch.cuda.get_device_name(choice.device) if choice.device.type == "cuda" else None
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": available_cpu_count(),
        "gpu": gpu,
        "torch": torch.__version__,
        "device": choice.reason,
    }


def as_text(facts: dict[str, Any], rows: list[Comparison]) -> str:
    """Return lines for a terminal: the machine, then every comparison."""
    lines = [f"{key}: {value}" for key, value in facts.items() if value is not None]
    return "\n".join([*lines, *("\n" + row.as_text() for row in rows)])

"""The figures that the trainer measured for a run: rows of metrics.json, which are kept with the run."""

from __future__ import annotations

from typing import cast

from db.run_models import Run
from trainer.contract import Measured, Metrics, MetricsRow, split_round


def rows_of(run: Run) -> list[MetricsRow]:
    """The measured outputs of a run; none before it has measured."""
    return cast(Metrics, run.metrics).get("rows", []) if run.metrics else []


def classes_of(run: Run) -> list[str]:
    """Names of the classes in the figures of a run, background first; none before it has measured."""
    return cast(Metrics, run.metrics).get("classes", []) if run.metrics else []


def row_of(run: Run, output: Measured) -> MetricsRow | None:
    """The figures of one output of a run, in the last round that has it; None if it was not measured."""
    rows = [row for row in rows_of(run) if split_round(row["name"])[0] == output]
    return max(rows, key=lambda row: split_round(row["name"])[1], default=None)


def pseudo_mask_miou(run: Run) -> float | None:
    """Honest mean IoU of the pseudo-masks, in [0, 1]; None if they were not measured."""
    row = row_of(run, Measured.PSEUDO)
    return None if row is None else row["honest"]["miou"]

"""Figures over several seeds: mean and spread."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TypedDict


class Figures(TypedDict):
    """A figure by seed, its mean, and the sample standard deviation (0 for one seed)."""

    values: list[float]
    mean: float
    spread: float


def over_seeds(values: Sequence[float]) -> Figures:
    """Mean and spread of at least one value.

    >>> over_seeds([40.0, 42.0])
    {'values': [40.0, 42.0], 'mean': 41.0, 'spread': 1.4142}
    """
    return {
        "values": [round(value, 4) for value in values],
        "mean": round(statistics.fmean(values), 4),
        "spread": round(statistics.stdev(values), 4) if len(values) > 1 else 0.0,
    }

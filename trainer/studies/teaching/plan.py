"""Which pictures are corrected, in which order, and which are never touched and only measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.cams.signals import SIGNALS
from trainer.errors import TrainerUsageError

RANDOM = "random"
ORDERS = (RANDOM, *SIGNALS)


@dataclass(frozen=True)
class TeachingConfig:
    """What the teaching study simulates.

    Attributes:
        points: numbers of corrected pictures, ascending; 0 is the run without corrections.
        orders: "random", or a signal of `trainer.cams.signals.SIGNALS` (most doubtful picture first).
        seeds: seeds of the trainings and the random orders.
        target: mean IoU over a picture's classes from which the annotator accepts a mask.
        max_clicks: number of clicks after which the annotator paints the mask by hand.
    """

    points: tuple[int, ...] = (0, 25, 50, 100, 200)
    orders: tuple[str, ...] = (RANDOM, "undecided")
    seeds: tuple[int, ...] = (0,)
    target: float = 0.85
    max_clicks: int = 10

    def __post_init__(self) -> None:
        if list(self.points) != sorted(set(self.points)) or not self.points or self.points[0] < 0:
            raise TrainerUsageError("Give the points ascending, each once, e.g. --points 0,25,50,100,200.")
        if self.points[-1] == 0:
            raise TrainerUsageError("Give at least one point above 0: nothing is corrected at 0.")
        unknown = [order for order in self.orders if order not in ORDERS]
        if unknown or not self.orders or len(set(self.orders)) != len(self.orders):
            raise TrainerUsageError(
                f"Orders {', '.join(map(repr, self.orders))} cannot be used; choose each once from "
                f"{', '.join(ORDERS)}."
            )
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise TrainerUsageError("Give at least one seed, each once, e.g. --seeds 0,1.")
        if not 0.0 < self.target <= 1.0 or self.max_clicks < 1:
            raise TrainerUsageError("The target is an IoU above 0 and up to 1; clicks are at least 1.")


@dataclass(frozen=True)
class TeachingPlan:
    """Which pictures are corrected, and when.

    Attributes:
        queues: ids of the pictures to correct, by order; the first picture comes first.
        rest: ids that no order touches. They are the same for all points, so that figures can be compared.
    """

    queues: Mapping[str, tuple[str, ...]]
    rest: tuple[str, ...]


def plan_corrections(
    ids: Sequence[str],
    doubts: Mapping[str, Mapping[str, float]],
    config: TeachingConfig,
    seed: int,
) -> TeachingPlan:
    """Order the pictures, and set those aside that are measured.

    Args:
        ids: pictures that can be corrected and measured.
        doubts: doubt of each picture, by signal and id; the highest comes first.
        config: orders and points.
        seed: seed of the random order.

    Raises:
        TrainerUsageError: see `check_enough`.
    """
    check_enough(len(ids), config)
    most = config.points[-1]
    queues = {}
    for order in config.orders:
        if order == RANDOM:
            shuffled = np.random.default_rng(seed).permutation(len(ids))
            queue = [ids[position] for position in shuffled]
        else:
            queue = sorted(ids, key=lambda name: (-doubts[order][name], name))
        queues[order] = tuple(queue[:most])
    touched = {name for queue in queues.values() for name in queue}
    rest = tuple(name for name in ids if name not in touched)
    return TeachingPlan(queues, rest)


def check_enough(count: int, config: TeachingConfig) -> None:
    """Raise TrainerUsageError if the orders could touch all of the `count` pictures."""
    most = config.points[-1] * len(config.orders)
    if most >= count:
        raise TrainerUsageError(
            f"Only {count} pictures have tags and ground truth; {len(config.orders)} orders of "
            f"{config.points[-1]} corrections can touch {most}, and none would be left to measure. "
            f"Give smaller --points."
        )

"""Which pictures are corrected, in which order, and which are never touched and only measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.data.dataset import TaggedImage
from trainer.errors import TrainerUsageError

RANDOM, SCORE = "random", "score"
ORDERS = (SCORE, RANDOM)


@dataclass(frozen=True)
class LiveSimulationConfig:
    """What is simulated.

    Attributes:
        points: numbers of corrected pictures at which the untouched ones are measured, ascending.
        orders: "score" corrects the picture with the most doubt first, as the studio's queue does; "random".
        seeds: of the random order. Nothing else is drawn, so the order "score" is simulated once.
        untouched: number of pictures that nobody corrects; they are the same in every order.
        pictures: number of pictures, evenly spaced over the split; None takes all.
        has_clicks: whether the annotator clicks; otherwise each correction is the ground truth and costs
            nothing.
        has_baseline: whether the same orders are also simulated without learning.
        target: mean IoU over a picture's classes from which the annotator accepts a mask.
        max_clicks: number of clicks after which the annotator paints the mask by hand.
    """

    points: tuple[int, ...] = (0, 1, 2, 5, 10, 25, 50, 100, 200)
    orders: tuple[str, ...] = (SCORE, RANDOM)
    seeds: tuple[int, ...] = (0, 1)
    untouched: int = 150
    pictures: int | None = None
    has_clicks: bool = True
    has_baseline: bool = False
    target: float = 0.85
    max_clicks: int = 10

    def __post_init__(self) -> None:
        if list(self.points) != sorted(set(self.points)) or not self.points or self.points[0] < 0:
            raise TrainerUsageError("Give the points in ascending order, each once: --points 0,10,25.")
        if (
            not set(self.orders) <= set(ORDERS)
            or not self.orders
            or len(set(self.orders)) != len(self.orders)
        ):
            raise TrainerUsageError(
                f"Orders {', '.join(map(repr, self.orders))} cannot be used; choose each once from "
                f"{', '.join(ORDERS)}."
            )
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise TrainerUsageError("Give at least one seed from 0, each once, e.g. --seeds 0,1.")
        if not 0.0 < self.target <= 1.0 or self.max_clicks < 1 or self.untouched < 1:
            raise TrainerUsageError(
                "The target is an IoU above 0 and up to 1; clicks and untouched pictures are at least 1."
            )


@dataclass(frozen=True)
class Parts:
    """The pictures that can be corrected, and those that nobody touches; both in the order of the split."""

    correctable: tuple[TaggedImage, ...]
    untouched: tuple[TaggedImage, ...]


def divided(images: Sequence[TaggedImage], config: LiveSimulationConfig) -> Parts:
    """Set the untouched pictures aside, by a hash of their ids.

    Args:
        images: pictures with tags and ground truth.
        config: how many are used, and how many are untouched.

    Raises:
        TrainerUsageError: too few are left to correct.
    """
    if config.pictures is not None and config.pictures < len(images):
        images = [images[number * len(images) // config.pictures] for number in range(config.pictures)]
    untouched = {image.id for image in by_hash(images)[: config.untouched]}
    parts = Parts(
        tuple(image for image in images if image.id not in untouched),
        tuple(image for image in images if image.id in untouched),
    )
    if len(parts.correctable) < max(config.points[-1], 1):
        raise TrainerUsageError(
            f"Only {len(images)} pictures with tags and ground truth are used. With {config.untouched} of "
            f"them untouched, {config.points[-1]} cannot be corrected. Give smaller --points, a smaller "
            f"--untouched or more --pictures."
        )
    return parts


def by_hash(images: Iterable[TaggedImage]) -> list[TaggedImage]:
    """The pictures in an order that depends on nothing but their ids."""
    return sorted(images, key=lambda image: hashlib.sha256(image.id.encode()).hexdigest())


def shuffled(images: Sequence[TaggedImage], seed: int) -> list[TaggedImage]:
    """The pictures in the random order of a seed."""
    return [images[position] for position in np.random.default_rng(seed).permutation(len(images))]

"""What a person says about a picture: this place is of this class. Clicks, scribbles and boxes as pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

UNSEEDED = 255
"""Also the index of void, which no seed can name."""

_DISC_SHARE = 1 / 250
"""Radius of a click's disc as a share of the longer side: 2 pixels of 500, what a hand can aim at."""


@dataclass(frozen=True)
class Click:
    """One point, in pixels of the picture; `label` is 0 for background, else a class index."""

    y: int
    x: int
    label: int


@dataclass(frozen=True)
class Scribble:
    """A stroke along points (y, x), as wide as a click."""

    points: tuple[tuple[int, int], ...]
    label: int


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; `bottom` and `right` are the first row and column outside.

    A box of a class says that an object of it fills the box from side to side. A box of background says
    that nothing is in it.
    """

    top: int
    left: int
    bottom: int
    right: int
    label: int


Seed = Click | Scribble | Box


def check_seeds(seeds: Sequence[Seed], size: tuple[int, int]) -> None:
    """Raise ValueError unless every seed lies in a picture of (height, width) and names a label."""
    for number, seed in enumerate(seeds, start=1):
        if not 0 <= seed.label < UNSEEDED:
            raise ValueError(f"Seed {number} has the label {seed.label}; labels are 0 (background) to 254.")
        corners = _corners(seed)
        if not corners:
            raise ValueError(f"Seed {number} is a scribble without points.")
        for y, x in corners:
            if not (0 <= y < size[0] and 0 <= x < size[1]):
                raise ValueError(
                    f"Seed {number} lies at row {y}, column {x}, outside the picture of {size[0]} x "
                    f"{size[1]} pixels."
                )
        if isinstance(seed, Box) and (seed.bottom <= seed.top or seed.right <= seed.left):
            raise ValueError(f"Seed {number} is a box without pixels.")


def draw_seeds(seeds: Sequence[Seed], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels whose class the seeds settle: uint8 (H, W), `UNSEEDED` elsewhere; later seeds lie on top.

    A box of a class settles none: its corners are seldom of the object.
    """
    drawn = np.full(size, UNSEEDED, dtype=np.uint8)
    radius = max(2, round(max(size) * _DISC_SHARE))
    for seed in seeds:
        if isinstance(seed, Click):
            cv2.circle(drawn, (seed.x, seed.y), radius, seed.label, thickness=-1)
        elif isinstance(seed, Scribble):
            line = np.array([(x, y) for y, x in seed.points], dtype=np.int32)
            cv2.polylines(drawn, [line], False, seed.label, thickness=2 * radius + 1)
        elif seed.label == 0:
            drawn[seed.top : seed.bottom, seed.left : seed.right] = 0
    return drawn


def seed_points(seed: Click | Scribble) -> list[tuple[int, int]]:
    """Places (y, x) from which the reach of a seed is measured; a scribble has several."""
    return [(seed.y, seed.x)] if isinstance(seed, Click) else list(seed.points)


def _corners(seed: Seed) -> list[tuple[int, int]]:
    if isinstance(seed, Box):
        return [(seed.top, seed.left), (seed.bottom - 1, seed.right - 1)]
    return seed_points(seed)

"""Seeds: places that a person marks with their class, as clicks, scribbles and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

UNSEEDED = 255
"""Pixels without a seed; it is also the index of void, which no seed can have as label."""

_DISC_SHARE = 1 / 250
"""Radius of a click's disc as a share of the longer side: 2 pixels of 500, about as exact as people aim."""


@dataclass(frozen=True)
class Click:
    """One point, in pixels of the picture; `label` is 0 for background, else a class index."""

    y: int
    x: int
    label: int


@dataclass(frozen=True)
class Scribble:
    """A stroke through points (y, x), as wide as the disc of a click."""

    points: tuple[tuple[int, int], ...]
    label: int


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; `bottom` and `right` are the first row and column outside.

    A box of a class says that one object fills it from side to side. A box of background says that it is
    empty.
    """

    top: int
    left: int
    bottom: int
    right: int
    label: int


Seed = Click | Scribble | Box


def check_seeds(seeds: Sequence[Seed], size: tuple[int, int]) -> None:
    """Raise ValueError unless every seed lies inside a picture of (height, width) and has a valid label."""
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
    """Label of every pixel that a seed fixes: uint8 (H, W), `UNSEEDED` elsewhere; later seeds lie on top.

    A box of a class fixes none: its corners seldom belong to the object.
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
    """Points (y, x) of a seed: one of a click, several of a scribble."""
    return [(seed.y, seed.x)] if isinstance(seed, Click) else list(seed.points)


def _corners(seed: Seed) -> list[tuple[int, int]]:
    if isinstance(seed, Box):
        return [(seed.top, seed.left), (seed.bottom - 1, seed.right - 1)]
    return seed_points(seed)

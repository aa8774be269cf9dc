"""Drawn pictures of leaves with blight, a class that no classifier of ImageNet knows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 375, 500
TAG = "leaf blight"
Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_GROUND, _STONE, _LEAF, _VEIN = (118, 104, 88), (114, 86, 60), (64, 128, 52), (40, 40, 30)
_BLIGHT, _HALO = (120, 82, 46), (127, 154, 61)
_ROWS, _COLUMNS = np.mgrid[:HEIGHT, :WIDTH]


def leaf(number: int) -> tuple[Rgb, Mask]:
    """A picture, uint8 (375, 500, 3) RGB, and where its blight is, bool (375, 500).

    Stones beside the leaf have nearly the colour of the blight. The number is the seed.
    """
    drawn = np.random.default_rng(100 + number)
    picture = _coloured(_GROUND, 18 * _noise(drawn, 2) + 14 * _noise(drawn, 12))
    for _ in range(7):
        stone = _blob(drawn, drawn.uniform(0, WIDTH), drawn.uniform(0, HEIGHT), drawn.uniform(14, 34))
        picture[stone] = _coloured(_STONE, 10 * _noise(drawn, 4))[stone]
    inside, along, across = _outline(drawn)
    green = _coloured(_LEAF, 12 * _noise(drawn, 20) + 5 * _noise(drawn, 2))
    veins = (np.abs(across) < 2.2) | (np.abs((along + 0.8 * np.abs(across)) % 36 - 18) < 1.1)
    green[veins] += _VEIN
    picture[inside] = green[inside]
    blight = np.zeros((HEIGHT, WIDTH), bool)
    centres = np.argwhere(cv2.erode(inside.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0)
    for row, column in centres[drawn.integers(len(centres), size=drawn.integers(1, 4))]:
        spot = _blob(drawn, column, row, drawn.uniform(26, 50)) & inside
        around = cv2.dilate(spot.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
        picture[around & inside & ~spot] = _HALO
        picture[spot] = _coloured(_BLIGHT, 16 * _noise(drawn, 5) + 8 * _noise(drawn, 2))[spot]
        blight |= spot
    return cv2.GaussianBlur(picture.clip(0, 255).astype(np.uint8), (3, 3), 0.7), blight


def draw_leaves(folder: Path, count: int) -> None:
    """Write `leaf-01.jpg` to `leaf-<count>.jpg` and their tags into a new folder."""
    folder.mkdir()
    names = [f"leaf-{number:02d}.jpg" for number in range(1, count + 1)]
    for number, name in enumerate(names, 1):
        bgr = leaf(number)[0][..., ::-1]
        cv2.imwrite(str(folder / name), bgr, [cv2.IMWRITE_JPEG_QUALITY, 93])
    rows = ["image,tags", *(f"{name},{TAG}" for name in names)]
    (folder / "tags.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _outline(drawn: np.random.Generator) -> tuple[Mask, NDArray[np.float64], NDArray[np.float64]]:
    """Where the leaf is, and the coordinates of pixels along and across its middle vein."""
    column, row = WIDTH / 2 + drawn.uniform(-40, 40), HEIGHT / 2 + drawn.uniform(-25, 25)
    turn, length, breadth = drawn.uniform(-0.6, 0.6), drawn.uniform(190, 220), drawn.uniform(110, 135)
    along = (_COLUMNS - column) * np.cos(turn) + (_ROWS - row) * np.sin(turn)
    across = (_ROWS - row) * np.cos(turn) - (_COLUMNS - column) * np.sin(turn)
    narrowing = np.cos(1.2 * np.clip(along / length, -1, 1))
    return (along / length) ** 2 + (across / (breadth * narrowing)) ** 2 < 1, along, across


def _blob(drawn: np.random.Generator, column: float, row: float, radius: float) -> Mask:
    angle = np.arctan2(_ROWS - row, _COLUMNS - column)
    waves = [
        0.25 * drawn.normal() / order * np.cos(order * angle + drawn.uniform(0, 6)) for order in range(2, 6)
    ]
    squared = (_COLUMNS - column) ** 2 + (_ROWS - row) ** 2
    return np.asarray(squared < (radius * (1 + np.sum(waves, axis=0))) ** 2)


def _noise(drawn: np.random.Generator, scale_px: int) -> NDArray[np.float32]:
    coarse = drawn.normal(size=(HEIGHT // scale_px + 2, WIDTH // scale_px + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))


def _coloured(colour: tuple[int, int, int], noise: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array(colour, float) + noise[..., None]

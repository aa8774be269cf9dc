"""Outlines through the centres of border pixels, as drawing programs fill them: border pixels included."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.interchange.drawn import BoolArray

Contour = NDArray[np.int64]
"""(N, 2): x, y of pixels."""


def contours(pixels: BoolArray) -> list[Contour]:
    """The outline of each connected part of true pixels; pixels that touch at a corner are connected.

    Filled again, an outline gives its part without holes.
    """
    found, _ = cv2.findContours(
        np.ascontiguousarray(pixels, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [path.reshape(-1, 2).astype(np.int64) for path in found]


def filled(path: Contour, height: int, width: int) -> BoolArray:
    """The pixels of an outline and inside it, bool (height, width)."""
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [path.astype(np.int32).reshape(-1, 1, 2)], 1)
    return canvas.astype(bool)

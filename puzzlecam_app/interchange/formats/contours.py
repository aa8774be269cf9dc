"""Outlines through the centres of border pixels, as drawing programs fill them: border pixels included."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.interchange.drawn import BoolArray

Contour = NDArray[np.int64]
"""(N, 2): x, y of pixels."""


def contours(pixels: BoolArray) -> list[tuple[Contour, list[Contour]]]:
    """The connected parts of true pixels: the outline of each, and those of its holes.

    Pixels that touch at a corner are connected. The outline of a hole goes through the pixels around it; what
    lies strictly inside is not part of the object.
    """
    found, tree = cv2.findContours(
        np.ascontiguousarray(pixels, np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    if tree is None:
        return []
    parts: dict[int, tuple[Contour, list[Contour]]] = {}
    for number, (_, _, _, parent) in enumerate(tree[0].tolist()):
        path = found[number].reshape(-1, 2).astype(np.int64)
        if parent < 0:
            parts[number] = (path, [])
    for number, (_, _, _, parent) in enumerate(tree[0].tolist()):
        if parent >= 0:
            parts[parent][1].append(found[number].reshape(-1, 2).astype(np.int64))
    return list(parts.values())


def filled(path: Contour, height: int, width: int) -> BoolArray:
    """The pixels of an outline and inside it, bool (height, width)."""
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [path.astype(np.int32).reshape(-1, 1, 2)], 1)
    return canvas.astype(bool)

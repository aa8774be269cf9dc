"""The band of void that VOC draws around objects, where people do not agree on the outline."""

from __future__ import annotations

import cv2
import numpy as np

from db.masks import MaskArray
from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID


def with_void_boundary(mask: MaskArray, radius_px: int) -> MaskArray:
    """A copy of `mask` (uint8 HxW) with void where another class is within `radius_px` pixels.

    The band is `radius_px` wide on each side of an outline; 0 changes nothing. Parts that are void already do
    not count as another class, so they do not grow.
    """
    if radius_px == 0:
        return mask.copy()
    size = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # Void must be neither the highest nor the lowest neighbour, or it would look like a class.
    is_void = mask == VOID
    highest = cv2.dilate(np.where(is_void, np.uint8(BACKGROUND), mask), disc)
    lowest = cv2.erode(np.where(is_void, np.uint8(MAX_CLASS_INDEX), mask), disc)
    return np.where(is_void | (highest > lowest), np.uint8(VOID), mask)

"""Objects from a mask that gives each one its own colour, such as VOC's SegmentationObject."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from db.masks import MaskArray
from db.palette import BACKGROUND, VOID, voc_color
from puzzlecam_app.interchange.drawn import DrawnObject

_NONE: Final = frozenset({(0, 0, 0), voc_color(VOID), (255, 255, 255)})


def objects_of_colors(colors: NDArray[np.uint8], mask: MaskArray) -> tuple[DrawnObject, ...]:
    """The objects of `colors`, uint8 (H, W, 3), one a colour, with their classes in `mask`, uint8 (H, W).

    Black, VOC's void and white are no objects. An object whose colour lies on several classes has the most
    frequent one, and only its pixels of that class. Pixels of a class without an object are in none.
    """
    wide = colors.astype(np.int32)
    present, numbers = np.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True)
    numbers = numbers.reshape(mask.shape) + 1
    objects = []
    for color, box in zip(present.tolist(), ndimage.find_objects(numbers), strict=True):
        if (color >> 16, color >> 8 & 255, color & 255) in _NONE:
            continue
        inside = numbers[box] == int(np.searchsorted(present, color)) + 1
        index = _usual_class(mask[box][inside])
        if index in {BACKGROUND, VOID}:
            continue
        objects.append(DrawnObject(index, box[0].start, box[1].start, inside & (mask[box] == index)))
    return tuple(objects)


def _usual_class(indices: NDArray[np.uint8]) -> int:
    """The most frequent class among `indices`; background if there is none."""
    counts = np.bincount(indices, minlength=256)
    counts[[BACKGROUND, VOID]] = 0
    return int(counts.argmax()) if counts.any() else BACKGROUND

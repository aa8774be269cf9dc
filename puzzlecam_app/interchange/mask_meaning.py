"""Signs that the indices of a mask do not mean what the class list says."""

from __future__ import annotations

import numpy as np
from PIL import Image

from db.masks import MaskArray
from db.palette import BACKGROUND, VOID, voc_color
from trainer.data.class_list import ClassList, Rgb


def exchanged_by_palette(image: Image.Image, mask: MaskArray, class_list: ClassList) -> dict[int, int]:
    """Indices in `mask` (uint8 HxW) that the palette of `image` colours as another index, and that index.

    The right colours are those of the class list, else those of VOC. Palettes that use any other colour say
    nothing. A picture program that saves a mask again with fewer colours makes such palettes.
    """
    palette = image.getpalette("RGB") if image.mode == "P" else None
    if not palette:
        return {}
    voc = {index: voc_color(index) for index in (*range(len(class_list.names) + 1), VOID)}
    right: dict[Rgb, int] = {color: index for index, color in (class_list.colors or voc).items()}
    meant: dict[int, int] = {}
    for index in np.flatnonzero(np.bincount(mask.ravel(), minlength=256)).tolist():
        color = palette[3 * index : 3 * index + 3]
        if len(color) < 3 or (color[0], color[1], color[2]) not in right:
            return {}
        meant[index] = right[color[0], color[1], color[2]]
    return {index: other for index, other in meant.items() if index != other}


def exchanges_ground(exchanged: dict[int, int]) -> bool:
    """Whether background has the colour of a class, or a class that of the background."""
    return BACKGROUND in exchanged or BACKGROUND in exchanged.values()

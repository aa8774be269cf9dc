"""Real photographs from an installed package, resized to the size of VOC pictures."""

from __future__ import annotations

import numpy as np
import skimage.data

from trainer.data.transforms import RgbImage, resize_image

NAMES = ("chelsea", "coffee", "astronaut", "rocket")


def photographs(size: tuple[int, int] = (375, 500)) -> list[RgbImage]:
    """Return four photographs, uint8 (H, W, 3), at the given size."""
    return [resize_image(np.asarray(getattr(skimage.data, name)(), np.uint8), size) for name in NAMES]

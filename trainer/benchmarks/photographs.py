"""Real photographs that an installed package brings along, at the size of VOC's."""

from __future__ import annotations

import numpy as np
import skimage.data

from trainer.data.transforms import RgbImage, resize_image

NAMES = ("chelsea", "coffee", "astronaut", "rocket")


def photographs(size: tuple[int, int] = (375, 500)) -> list[RgbImage]:
    """Four photographs, uint8 (H, W, 3), at the size asked."""
    return [resize_image(np.asarray(getattr(skimage.data, name)(), np.uint8), size) for name in NAMES]

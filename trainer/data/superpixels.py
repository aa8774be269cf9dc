"""Superpixels: pieces of a picture that look alike (Felzenszwalb and Huttenlocher, IJCV 2004)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb

from trainer.data.transforms import RgbImage, limited_size, resize_image

_MAX_SIDE = 256
_SCALE = 100.0


def superpixels(image_rgb: RgbImage, most: int) -> NDArray[np.uint8]:
    """Cut a picture into at most `most` connected pieces.

    Args:
        image_rgb: uint8 (H, W, 3).
        most: 1 to 255; no piece is smaller than one part in so many of the area.

    Returns:
        uint8 (h, w), numbers from 0, of the picture with its longer side limited to 256 pixels.
    """
    small = resize_image(image_rgb, limited_size(image_rgb.shape[0], image_rgb.shape[1], _MAX_SIDE))
    area = small.shape[0] * small.shape[1]
    pieces = felzenszwalb(small, scale=_SCALE, sigma=0.8, min_size=-(-area // most))
    return np.asarray(pieces, dtype=np.uint8)

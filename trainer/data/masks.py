"""Writing masks as palette PNGs of class indices, in VOC's format."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.labels import voc_colormap
from trainer.machine.durable_write import write_atomic


def write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    """Store class indices as an indexed PNG with VOC's colours; the file is written whole or not at all.

    Args:
        path: the file; its folder is created. `trainer.data.ground_truth.read_mask` reads it.
        mask: uint8 (H, W), 0 background, 1 .. K classes, 255 void.

    Raises:
        ValueError: the mask is not a uint8 array of two dimensions.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise ValueError(
            f"A mask must be uint8 (height, width), but this one is {mask.dtype} of shape {mask.shape}."
        )
    image = Image.fromarray(mask)
    image.putpalette(voc_colormap().tobytes())
    data = io.BytesIO()
    image.save(data, format="PNG")
    write_atomic(path, data.getvalue())

"""How much a mask differs from another one, as one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from db.palette import VOID


def mean_iou(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> float:
    """Mean intersection over union, over the classes (background included) that are in either mask.

    Args:
        old, new: uint8 (H, W) of class indices, of one size; pixels that are void (255) in either do not
            count.

    Returns:
        1.0 for equal masks, 0.0 where no class meets itself; 1.0 when every pixel is void.

    >>> old = np.array([[0, 0, 1, 1]], np.uint8)
    >>> round(mean_iou(old, np.array([[0, 1, 1, 1]], np.uint8)), 3)  # 1/2 and 2/3
    0.583
    """
    known = (old != VOID) & (new != VOID)
    pairs = np.bincount(
        old[known].astype(np.int64) * 256 + new[known].astype(np.int64), minlength=256 * 256
    ).reshape(256, 256)
    both = np.diag(pairs)
    either = pairs.sum(axis=0) + pairs.sum(axis=1) - both
    present = either > 0
    if not present.any():
        return 1.0
    return float((both[present] / either[present]).mean())

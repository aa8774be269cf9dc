"""How much two masks differ, as one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from db.palette import VOID


def mean_iou(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> float:
    """Mean IoU of two masks, over the classes (including background) that are in either of them.

    Args:
        old, new: uint8 (H, W) class indices, both of the same size; pixels that are void (255) in either
            mask do not count.

    Returns:
        A value in [0, 1]: 1 for equal masks, 0 if no class overlaps with itself. 1 if every pixel is void.

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

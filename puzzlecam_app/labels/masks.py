"""Masks whose classes are replaced by others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def with_classes_replaced(mask: NDArray[np.uint8], targets: Mapping[int, int]) -> NDArray[np.uint8]:
    """Replace class indices.

    Args:
        mask: uint8 (H, W).
        targets: New index by old one; other indices stay.

    Returns:
        uint8 (H, W), a copy.
    """
    table = np.arange(256, dtype=np.uint8)
    for index, target in targets.items():
        table[index] = target
    return table[mask]

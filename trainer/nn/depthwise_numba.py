"""The gradient of a depthwise convolution's weights as compiled loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.machine.compiled import compiled


@compiled
def sum_products(
    padded: NDArray[np.float32],
    gradient: NDArray[np.float32],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    first: int,
    last: int,
    sums: NDArray[np.float32],
) -> None:
    """Add the gradient of every kernel weight to `sums`, for some of the channels.

    Args:
        padded: (N, H, W, C), the input with its padding.
        gradient: (N, h, w, C), of the output.
        stride, dilation: of rows and columns.
        first, last: the channels from `first` to before `last`.
        sums: (k, l, C), changed in place.
    """
    count, height, width = gradient.shape[:3]
    down, across = stride
    for dy in range(sums.shape[0]):
        for dx in range(sums.shape[1]):
            below, beside = dy * dilation[0], dx * dilation[1]
            own = sums[dy, dx, first:last]
            for n in range(count):
                for y in range(height):
                    for x in range(width):
                        seen = padded[n, y * down + below, x * across + beside, first:last]
                        wanted = gradient[n, y, x, first:last]
                        for c in range(last - first):
                            own[c] += seen[c] * wanted[c]

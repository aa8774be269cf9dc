"""Colours that are told apart easily, for any number of classes."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from db.palette import MAX_CLASS_INDEX

_STEPS = range(0, 256, 17)
_LIGHTNESS = (0.45, 0.92)
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB colours to OKLab (Ottosson 2020), in which distances are about as large as they look.

    Args:
        rgb: float64 (N, 3), 0..255.

    Returns:
        float64 (N, 3): lightness 0..1, and two axes of colour.
    """
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


@cache
def distinct_colors(count: int) -> tuple[str, ...]:
    """Colours ``#rrggbb``, each as far as possible from those before it, from black and from white.

    The first colours do not depend on `count`, at most 254.
    """
    if not 0 <= count <= MAX_CLASS_INDEX:
        raise ValueError(f"There are at most {MAX_CLASS_INDEX} classes, not {count}.")
    rgb = np.array(list(product(_STEPS, repeat=3)), float)
    lab = oklab(rgb)
    is_usable = (lab[:, 0] > _LIGHTNESS[0]) & (lab[:, 0] < _LIGHTNESS[1])
    rgb, lab = rgb[is_usable], lab[is_usable]
    taken = oklab(np.array([[0.0, 0, 0], [255, 255, 255], [128, 128, 128]]))
    nearest = np.min([np.linalg.norm(lab - one, axis=1) for one in taken], axis=0)
    found = []
    for _ in range(count):
        best = int(nearest.argmax())
        found.append("#{:02x}{:02x}{:02x}".format(*rgb[best].astype(int)))
        nearest = np.minimum(nearest, np.linalg.norm(lab - lab[best], axis=1))
    return tuple(found)

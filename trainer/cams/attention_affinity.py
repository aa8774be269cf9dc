"""Class maps spread by a transformer's own attention, within boxes around what each map shows (CLIP-ES)."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from trainer.nn import puzzle

BOX_THRESHOLD = 0.4
"""Share of a map's maximum above which a cell counts as shown."""

_PASSES = 3
_SMALLEST = 1e-7


def class_aware_spread(maps: Tensor, attention: Tensor) -> Tensor:
    """Class-aware attention-based affinity (Lin et al., CVPR 2023, section 3.4).

    The attention is made doubly stochastic by three passes over columns and rows, made symmetric, and
    squared. Each map then takes its values from the cells in the boxes around its connected parts alone.

    Args:
        maps: (N, K, h, w), not negative.
        attention: (N, L, h, w); for each cell how much it attends to the L cells of its window. The windows
            are the n x n equal tiles of the maps, n = sqrt(h w / L); 1 for a whole picture.

    Returns:
        (N, K, h, w), each map from 0 to 1.

    Raises:
        ValueError: the attention belongs to maps of another size.
    """
    cells = maps.shape[-2] * maps.shape[-1]
    tiles = math.isqrt(cells // attention.shape[1])
    if tiles * tiles * attention.shape[1] != cells:
        raise ValueError(f"Attention to {attention.shape[1]} cells does not fit maps of {cells} cells.")
    if maps.shape[1] == 0:
        return maps
    scaled = stretched(maps)
    spread = [
        _spread_one(one_khw, attention_lhw.flatten(1).T)
        for one_khw, attention_lhw in zip(
            puzzle.tile(scaled, tiles), puzzle.tile(attention, tiles), strict=True
        )
    ]
    return stretched(puzzle.merge(torch.stack(spread), tiles))


def stretched(maps: Tensor) -> Tensor:
    """Each map (..., h, w) shifted and scaled to 0 .. 1; a constant one becomes 0."""
    above = maps - maps.amin(dim=(-2, -1), keepdim=True)
    return above / (above.amax(dim=(-2, -1), keepdim=True) + _SMALLEST)


def affinity_of(attention: Tensor) -> Tensor:
    """From attention (L, L), row i to column j, to the transition matrix (L, L) of the spread."""
    matrix = attention
    for _ in range(_PASSES):
        matrix = matrix / matrix.sum(dim=0, keepdim=True)
        matrix = matrix / matrix.sum(dim=1, keepdim=True)
    symmetric = (matrix + matrix.T) / 2
    return symmetric @ symmetric


def box_mask(map_hw: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The boxes around the connected parts (eight neighbours) of the cells above `BOX_THRESHOLD`.

    The published code first rounds the map to 255 levels, and it cuts the last row or column from a box that
    reaches the end of the picture. This function does neither.
    """
    inside = np.zeros(map_hw.shape, dtype=np.bool_)
    parts, _ = ndimage.label(map_hw > BOX_THRESHOLD * map_hw.max(), structure=np.ones((3, 3)))
    for box in ndimage.find_objects(parts):
        inside[box] = True
    return inside


def _spread_one(maps_khw: Tensor, attention: Tensor) -> Tensor:
    matrix = affinity_of(attention.float())
    inside = np.stack([box_mask(one) for one in maps_khw.float().cpu().numpy()])
    sources = maps_khw.flatten(1) * torch.from_numpy(inside).to(maps_khw.device).flatten(1)
    return (sources @ matrix.T).reshape(maps_khw.shape)

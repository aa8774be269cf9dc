"""The Chebyshev sum of the random walk with PyTorch, for CUDA and for machines without numba."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.masks.stencil import Stencil

Maps = NDArray[np.float32]

_PRODUCTS_AT_ONCE = 2**26
"""Classes times cells times square neighbourhood that are multiplied in one go: 256 MiB."""


def chebyshev_sum(
    weights_ohw: Maps,
    degree_hw: NDArray[np.float64],
    seeds_khw: Maps,
    coefficients: NDArray[np.float64],
    stencil: Stencil,
    *,
    device: torch.device,
) -> Maps:
    """Sum over k of coefficients[k] C_k(T) seeds; arguments as in `random_walk_numba.chebyshev_sum`.

    Returns:
        float32 (K, h, w) on the CPU; the work is done on `device`.
    """
    square = torch.from_numpy(_square_weights(weights_ohw, degree_hw, stencil)).to(device)
    seeds = torch.from_numpy(np.ascontiguousarray(seeds_khw, dtype=np.float32)).to(device)
    at_once = max(1, _PRODUCTS_AT_ONCE // square.numel())
    with torch.inference_mode():
        parts = [_chebyshev(square, part, coefficients.tolist()) for part in torch.split(seeds, at_once)]
    return np.asarray(torch.cat(parts).cpu().numpy(), dtype=np.float32)


def _chebyshev(square: Tensor, seeds: Tensor, coefficients: list[float]) -> Tensor:
    total = coefficients[0] * seeds
    previous, current = seeds, seeds
    for k, coefficient in enumerate(coefficients[1:], start=1):
        product = _product(square, current)
        following = product if k == 1 else 2.0 * product - previous
        previous, current = current, following
        total += coefficient * current
    return total


def _product(square: Tensor, vectors: Tensor) -> Tensor:
    """T times (K, h, w); `square` is (n, n, h, w), see `_square_weights`."""
    side, (height, width) = square.shape[0], square.shape[2:]
    padded = functional.pad(vectors, [side // 2] * 4)
    classes, rows, columns = padded.stride()
    # A view in which every cell sees its neighbourhood; nothing is copied.
    around = padded.as_strided(
        (vectors.shape[0], side, side, height, width), (classes, rows, columns, rows, columns)
    )
    return (around * square).sum(dim=(1, 2))


def _square_weights(weights_ohw: Maps, degree_hw: NDArray[np.float64], stencil: Stencil) -> Maps:
    """(n, n, h, w), n = 2 radius - 1: the row of T of every cell, laid out as its square neighbourhood."""
    reach = stencil.radius - 1
    square = np.zeros((2 * reach + 1, 2 * reach + 1, *degree_hw.shape), dtype=np.float32)
    square[reach, reach] = 1.0
    for pairs in stencil.pairs(*degree_hw.shape):
        dy, dx = pairs.offset
        weights = weights_ohw[pairs.number, *pairs.first]
        square[reach + dy, reach + dx, *pairs.first] = weights
        square[reach - dy, reach - dx, *pairs.second] = weights
    square /= degree_hw
    return square

"""The Chebyshev sum of the random walk on the CPU: rows of the stencil in compiled loops."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.machine.compiled import compiled
from trainer.machine.device import available_cpu_count
from trainer.masks.stencil import Stencil

Maps = NDArray[np.float32]

_CELLS_PER_THREAD = 20_000
"""Classes times cells below which handing rows to another thread 80 times costs more than it saves."""


def chebyshev_sum(
    weights_ohw: Maps,
    degree_hw: NDArray[np.float64],
    seeds_khw: Maps,
    coefficients: NDArray[np.float64],
    stencil: Stencil,
    *,
    threads: int | None = None,
) -> Maps:
    """Sum over k of coefficients[k] C_k(T) seeds, with Chebyshev polynomials C_k.

    Args:
        weights_ohw: float32 (O, h, w), see `trainer.masks.random_walk.transition_weights`.
        degree_hw: float64 (h, w), likewise.
        seeds_khw: float32 (K, h, w), K > 0.
        coefficients: float64 (d + 1,).
        stencil: the O offsets.
        threads: at most this many; None takes all cores.

    Returns:
        float32 (K, h, w).
    """
    # The recurrence C_{k+1} = 2 T C_k - C_{k-1}. A border of zeros spares the kernel all tests at the edges.
    pad = stencil.radius - 1
    border = ((0, 0), (pad, pad), (pad, pad))
    weights = np.pad(weights_ohw, border)
    current = np.pad(seeds_khw, border)
    previous, following = np.zeros_like(current), np.zeros_like(current)
    total = np.float32(coefficients[0]) * current
    inverse_degree = (1.0 / degree_hw).astype(np.float32)
    offsets = np.array(stencil.offsets, dtype=np.int64).reshape(-1, 2)
    bands = _bands(seeds_khw, threads)
    with ThreadPoolExecutor(len(bands)) as executor:
        for k, coefficient in enumerate(coefficients[1:], start=1):
            factor = np.float32(1.0 if k == 1 else 2.0)
            arguments = (weights, inverse_degree, offsets, pad, factor, np.float32(coefficient))
            vectors = (current, previous, following, total)
            _run(executor, [(*arguments, *vectors, first, last) for first, last in bands])
            previous, current, following = current, following, previous
    return np.ascontiguousarray(total[:, pad : total.shape[1] - pad, pad : total.shape[2] - pad])


def _run(executor: ThreadPoolExecutor, calls: list[tuple[Any, ...]]) -> None:
    if len(calls) == 1:
        _step(*calls[0])
        return
    for future in [executor.submit(_step, *call) for call in calls]:
        future.result()


def _bands(seeds_khw: Maps, threads: int | None) -> list[tuple[int, int]]:
    """Rows [first, last) of each thread."""
    height = seeds_khw.shape[1]
    count = min(threads or available_cpu_count(), height, max(1, seeds_khw.size // _CELLS_PER_THREAD))
    edges = [height * number // count for number in range(count + 1)]
    return list(itertools.pairwise(edges))


@compiled
def _step(
    weights: Any,
    inverse_degree: Any,
    offsets: Any,
    pad: int,
    factor: Any,
    coefficient: Any,
    current: Any,
    previous: Any,
    following: Any,
    total: Any,
    first_row: int,
    last_row: int,
) -> None:
    """following = factor T current - previous; total += coefficient following; on some rows, all classes."""
    classes = current.shape[0]
    width = current.shape[2] - 2 * pad
    sums = np.empty((classes, width), dtype=np.float32)
    for row in range(first_row, last_row):
        y = row + pad
        for k in range(classes):
            centre, own = current[k, y, pad : pad + width], sums[k]
            for x in range(width):
                own[x] = centre[x]
        for o in range(offsets.shape[0]):
            dy, dx = offsets[o, 0], offsets[o, 1]
            forth = weights[o, y, pad : pad + width]
            back = weights[o, y - dy, pad - dx : pad - dx + width]
            for k in range(classes):
                there = current[k, y + dy, pad + dx : pad + dx + width]
                mirrored = current[k, y - dy, pad - dx : pad - dx + width]
                own = sums[k]
                for x in range(width):
                    own[x] += forth[x] * there[x] + back[x] * mirrored[x]
        inverse = inverse_degree[row]
        for k in range(classes):
            own = sums[k]
            before = previous[k, y, pad : pad + width]
            after = following[k, y, pad : pad + width]
            summed = total[k, y, pad : pad + width]
            for x in range(width):
                value = factor * inverse[x] * own[x] - before[x]
                after[x] = value
                summed[x] += coefficient * value

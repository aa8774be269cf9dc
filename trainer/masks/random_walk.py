"""The random walk that spreads seeds up to the edges of objects (paper section 4.3; Ahn and Kwak 2018).

One step moves from a cell to a neighbour within the radius, with a probability proportional to
(1 - strongest edge on the path) ** beta. The transition matrix T of a 94 x 125 grid has 138 million entries.
Its 256th power is needed, but neither is ever built: T is similar to a symmetric matrix with spectrum in
[-1, 1], so with Chebyshev polynomials C_k

    T^n x = sum over k of c_k C_k(T) x,   c_k = 2^(1-n) binomial(n, (n-k)/2)   (k = 0 halved; n - k even),

and the terms beyond degree d weigh at most 2 exp(-d^2 / 2n) together: about 75 products with the 69-point
stencil replace eight products of dense matrices.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.masks.stencil import Stencil, half_disc

Maps = NDArray[np.float32]

TOLERANCE = 1e-5
"""Weight of the Chebyshev terms that are left out; the error of float32 arithmetic is about as large."""

ChebyshevSum = Callable[[Maps, NDArray[np.float64], Maps, NDArray[np.float64], Stencil], Maps]


def random_walk(
    seeds_khw: Maps,
    edges_hw: NDArray[np.float32],
    *,
    radius: int = 5,
    beta: float = 10.0,
    log2_steps: int = 8,
    device: torch.device | str = "cpu",
    threads: int | None = None,
    tolerance: float = TOLERANCE,
) -> Maps:
    """Spread seeds over the grid, stopped by edges: (seeds (1 - edge)) T ^ (2 ^ log2_steps).

    Args:
        seeds_khw: float32 (K, h, w), non-negative, e.g. CAMs at stride 4. K may be 0.
        edges_hw: float32 (h, w) in [0, 1], 1 where objects end. Outside the grid it counts as 1.
        radius: in cells; a step is shorter than this.
        beta: exponent of the affinities; the higher, the less the walk crosses weak edges.
        log2_steps: the walk takes 2 to the power of this steps.
        device: "cpu" (numba where it is installed, else torch) or a CUDA device (torch).
        threads: CPU threads of the numba kernel; None takes all cores if the grid is large enough.
        tolerance: weight of the terms that may be left out.

    Returns:
        float32 (K, h, w) in [0, max of the seeds]: weighted means of the seeds around each cell.

    Raises:
        ValueError: shapes do not fit, an edge lies outside [0, 1], or a seed is negative or not finite.
    """
    _check(seeds_khw, edges_hw)
    if log2_steps < 0:
        raise ValueError(f"log2_steps must not be negative, but is {log2_steps}.")
    masked = np.asarray(seeds_khw * (1.0 - edges_hw), dtype=np.float32)
    if masked.size == 0:
        return masked
    weights_ohw, degree_hw = transition_weights(edges_hw, half_disc(radius), beta)
    return _walk(masked, weights_ohw, degree_hw, radius, log2_steps, device, threads, tolerance)


def affinity_walk(
    seeds_khw: Maps,
    affinities_ohw: Maps,
    *,
    radius: int = 5,
    beta: float = 8.0,
    log2_steps: int = 8,
    device: torch.device | str = "cpu",
    threads: int | None = None,
    tolerance: float = TOLERANCE,
) -> Maps:
    """Spread seeds over the grid by given affinities: seeds T ^ (2 ^ log2_steps) (AffinityNet, 2018).

    Args:
        seeds_khw: float32 (K, h, w), non-negative.
        affinities_ohw: float32 (O, h, w) in [0, 1], see `path_affinities`.
        radius: of the O offsets, in cells.
        beta, log2_steps, device, threads, tolerance: see `random_walk`.

    Returns:
        float32 (K, h, w) in [0, max of the seeds]: weighted means of the seeds around each cell.

    Raises:
        ValueError: the affinities are not those of the radius and the grid.
    """
    stencil = half_disc(radius)
    if affinities_ohw.shape != (len(stencil.offsets), *seeds_khw.shape[1:]):
        raise ValueError(
            f"Radius {radius} has {len(stencil.offsets)} offsets, and the seeds are of shape "
            f"{seeds_khw.shape}, but the affinities are of shape {affinities_ohw.shape}."
        )
    if seeds_khw.size == 0:
        return seeds_khw
    weights_ohw, degree_hw = _transition(affinities_ohw.copy(), stencil, beta)
    return _walk(seeds_khw, weights_ohw, degree_hw, radius, log2_steps, device, threads, tolerance)


def _walk(
    masked: Maps,
    weights_ohw: Maps,
    degree_hw: NDArray[np.float64],
    radius: int,
    log2_steps: int,
    device: torch.device | str,
    threads: int | None,
    tolerance: float,
) -> Maps:
    # The walk keeps this mean. The rest is smaller, which reduces rounding errors to a third.
    mean = np.einsum("khw,hw->k", masked, degree_hw / degree_hw.sum())[:, None, None].astype(np.float32)
    coefficients = chebyshev_coefficients(2**log2_steps, tolerance)
    chebyshev_sum = _backend(torch.device(device), threads)
    walked = mean + chebyshev_sum(weights_ohw, degree_hw, masked - mean, coefficients, half_disc(radius))
    # Means of non-negative seeds are not negative; the truncated series can be, by its tolerance.
    return np.asarray(np.maximum(walked, 0.0), dtype=np.float32)


def path_affinities(edges_hw: NDArray[np.float32], stencil: Stencil) -> Maps:
    """Affinity, 1 minus the strongest edge on the path, for every cell and offset.

    Args:
        edges_hw: float32 (h, w) in [0, 1].
        stencil: O offsets.

    Returns:
        float32 (O, h, w); cell i holds the affinity of i and i + offset, 0 where that leaves the grid.
    """
    confidence = (1.0 - edges_hw).astype(np.float32)
    affinities = np.zeros((len(stencil.offsets), *edges_hw.shape), dtype=np.float32)
    for pairs in stencil.pairs(*edges_hw.shape):
        lowest = affinities[pairs.number, *pairs.first]
        lowest[:] = confidence[pairs.first]
        for step in pairs.path:
            np.minimum(lowest, confidence[pairs.shifted(step)], out=lowest)
    return affinities


def transition_weights(
    edges_hw: NDArray[np.float32], stencil: Stencil, beta: float
) -> tuple[Maps, NDArray[np.float64]]:
    """The transition matrix T = D^-1 W, given by half of the symmetric W and by the diagonal of D.

    W holds affinity ** beta for neighbours and 1 on the diagonal; D makes the rows of T sum to one.

    Returns:
        float32 (O, h, w): entries of W for cell and cell + offset, 0 where that leaves the grid;
        float64 (h, w): D, the sums of the rows of W, at least 1.
    """
    return _transition(path_affinities(edges_hw, stencil), stencil, beta)


def _transition(weights: Maps, stencil: Stencil, beta: float) -> tuple[Maps, NDArray[np.float64]]:
    """`transition_weights` of affinities, which are overwritten."""
    np.power(weights, np.float32(beta), out=weights)
    _, height, width = weights.shape
    degree = np.ones((height, width), dtype=np.float64)
    for pairs in stencil.pairs(height, width):
        weight = weights[pairs.number, *pairs.first]
        degree[pairs.first] += weight
        degree[pairs.second] += weight
    return weights, degree


@functools.cache
def chebyshev_coefficients(power: int, tolerance: float = TOLERANCE) -> NDArray[np.float64]:
    """Coefficients c_0 .. c_d of x ** power in Chebyshev polynomials; the rest weighs at most `tolerance`.

    The kept ones are scaled to sum to one, so that a constant stays exactly constant.

    >>> chebyshev_coefficients(2, 0.0)  # x^2 = 1/2 + 1/2 (2 x^2 - 1)
    array([0.5, 0. , 0.5])
    """
    weights = np.zeros(power + 1)
    for k in range(power % 2, power + 1, 2):
        # By logarithms, because the binomials of long walks are infinite as floats and slow as whole numbers.
        below = (power - k) // 2
        log_binomial = math.lgamma(power + 1) - math.lgamma(below + 1) - math.lgamma(power - below + 1)
        weights[k] = (1.0 if k == 0 else 2.0) * math.exp(log_binomial - power * math.log(2.0))
    weight_from = np.append(weights[::-1].cumsum()[::-1], 0.0)
    kept = weights[: int(np.argmax(weight_from <= tolerance))]
    coefficients: NDArray[np.float64] = kept / kept.sum()
    coefficients.setflags(write=False)
    return coefficients


def _backend(device: torch.device, threads: int | None) -> ChebyshevSum:
    if device.type == "cpu":
        try:
            from trainer.masks.backends import random_walk_numba
        except ImportError:
            pass  # numba supports new versions of Python late; torch does the same more slowly.
        else:
            return functools.partial(random_walk_numba.chebyshev_sum, threads=threads)
    from trainer.masks.backends import random_walk_torch

    return functools.partial(random_walk_torch.chebyshev_sum, device=device)


def _check(seeds_khw: Maps, edges_hw: NDArray[np.float32]) -> None:
    if seeds_khw.ndim != 3 or edges_hw.ndim != 2 or seeds_khw.shape[1:] != edges_hw.shape:
        raise ValueError(
            f"Seeds must be (K, height, width) and edges (height, width) of the same grid, but are of shape "
            f"{seeds_khw.shape} and {edges_hw.shape}."
        )
    if edges_hw.size and not (edges_hw.min() >= 0.0 and edges_hw.max() <= 1.0):
        raise ValueError(
            f"Edges must lie in [0, 1], but reach from {edges_hw.min()} to {edges_hw.max()}; "
            "give probabilities (after the sigmoid), without NaN."
        )
    if seeds_khw.size and not (seeds_khw.min() >= 0.0 and np.isfinite(seeds_khw.max())):
        raise ValueError("Seeds must be finite and not negative; apply ReLU to the CAMs first.")

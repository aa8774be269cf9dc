"""Random walk: powers of the dense matrix against Chebyshev polynomials on the stencil."""

from __future__ import annotations

import functools
import tracemalloc

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from trainer.benchmarks.comparison import Comparison, interleaved_seconds, seconds_of
from trainer.benchmarks.reference import dense_random_walk, dense_transition
from trainer.machine.device import choose_device
from trainer.masks.random_walk import random_walk

FULL_GRID = (94, 125)
SMALL_GRID = (47, 62)
CLASSES = 2


def compare(
    *, is_full: bool = False, grid: tuple[int, int] = FULL_GRID, repeats: int = 5
) -> list[Comparison]:
    """Compare a walk of 256 steps over one picture with two classes.

    Args:
        is_full: run the dense reference on the whole grid (minutes and gigabytes); otherwise it runs on a
            smaller one and is scaled.
        grid: (h, w) in cells.
        repeats: timings of ours to take the best of.
    """
    dense_s, error, dense_note = _dense(grid, grid if is_full else min(SMALL_GRID, grid))
    notes = (dense_note, _memory_note(grid))
    seeds, edges = scene(grid)
    rows = []
    for device in ("cpu", "cuda") if choose_device().device.type == "cuda" else ("cpu",):
        walk = functools.partial(random_walk, seeds, edges, device=device)
        rows.append(
            Comparison(
                name=f"random walk, {device}",
                setting=f"{grid[0]} x {grid[1]} cells, {CLASSES} classes, radius 5, beta 10, 256 steps",
                reference_s=dense_s,
                ours_s=interleaved_seconds(walk, repeats=repeats)[0],
                target_ratio=1000.0,
                error=error,
                notes=notes,
            )
        )
    return rows


def _dense(grid: tuple[int, int], small: tuple[int, int]) -> tuple[float, float, str]:
    """Return seconds of the dense walk on `grid` (run on `small`), our largest difference, and a note."""
    seeds, edges = scene(small)
    result: list[NDArray[np.floating]] = []
    build_s = seconds_of(lambda: dense_transition(edges, dtype=np.float32))
    whole_s = seconds_of(lambda: result.append(dense_random_walk(seeds, edges, dtype=np.float32)))
    if small == grid:
        error = float(np.abs(random_walk(seeds, edges) - result[0]).max())
        return whole_s, error, "The dense reference ran on the whole grid, in float32."
    error = float(np.abs(random_walk(seeds, edges) - dense_random_walk(seeds, edges)).max())
    factor = grid[0] * grid[1] / (small[0] * small[1])
    note = (
        f"The dense reference took {whole_s:.1f} s on {small[0]} x {small[1]} cells; its matrix products are "
        f"scaled by (cells)^3, the rest by (cells)^2. The difference was measured there, against float64."
    )
    return build_s * factor**2 + (whole_s - build_s) * factor**3, error, note


def scene(grid: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return seeds (K, h, w) and edges (h, w): thin strong lines on weak noise, as networks predict them."""
    generator = np.random.default_rng(0)
    seeds = generator.random((CLASSES, *grid), dtype=np.float32) ** 4
    coarse = generator.random((max(2, grid[0] // 12), max(2, grid[1] // 12)), dtype=np.float32)
    surface = cv2.resize(coarse, grid[::-1], interpolation=cv2.INTER_CUBIC)
    edges = np.exp(-((surface - 0.5) ** 2) / 0.002) * 0.95 + 0.04 * generator.random(grid)
    return seeds, edges.astype(np.float32).clip(0.0, 1.0)


def _memory_note(grid: tuple[int, int]) -> str:
    seeds, edges = scene(grid)
    tracemalloc.start()
    random_walk(seeds, edges, threads=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    cells = grid[0] * grid[1]
    memory = psutil.virtual_memory().total
    # Squaring needs the matrix and its square, in float32.
    dense_limit = int((memory / 8) ** 0.5)
    return (
        f"Memory: ours {peak / 2**20:.1f} MiB, dense {8 * cells**2 / 2**30:.1f} GiB. With the "
        f"{memory / 2**30:.0f} GiB here, dense ends at {dense_limit:,} cells, ours at "
        f"{int(memory / (peak / cells)):,}."
    )

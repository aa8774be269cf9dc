"""Seeds and their growth: the seeded region growing of DSRG (Huang et al., CVPR 2018, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from trainer.run.map_storage import Maps

UNSEEDED = 255
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=np.uint8)


def seeds_of(
    maps_khw: Maps,
    class_indices: Sequence[int],
    foreground_threshold: float,
    background_hw: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The cells whose class is sure.

    Args:
        maps_khw: float32 (K, h, w) in [0, 1].
        class_indices: mask index of each map.
        foreground_threshold: a map above this marks its class; the strongest map decides.
        background_hw: bool (h, w), cells that are background where no map exceeds the threshold.

    Returns:
        uint8 (h, w): 0 background, the index of a class, or `UNSEEDED`.
    """
    seeds = np.where(background_hw, 0, UNSEEDED).astype(np.uint8)
    if len(maps_khw):
        strongest = np.asarray(class_indices, dtype=np.uint8)[maps_khw.argmax(axis=0)]
        seeds = np.where(maps_khw.max(axis=0) > foreground_threshold, strongest, seeds)
    return seeds


def grown(
    seeds: NDArray[np.uint8],
    probabilities_lhw: NDArray[np.float32],
    class_indices: Sequence[int],
    *,
    foreground: float,
    background: float,
) -> NDArray[np.uint8]:
    """Seeds and all cells that are connected with a seed of their class through confident cells.

    A cell is confident if its most probable class is more probable than the threshold. Cells with a seed of
    another class are never taken.

    Args:
        seeds: uint8 (h, w), the original seeds, never grown ones; it is not changed.
        probabilities_lhw: float32 (L, h, w), after the CRF.
        class_indices: mask index of each of the L maps; 0 is background.
        foreground, background: thresholds of classes and of background, in [0, 1].

    Returns:
        uint8 (h, w) as `seeds`.
    """
    indices = np.asarray(class_indices, dtype=np.uint8)
    likely = indices[probabilities_lhw.argmax(axis=0)]
    sure = probabilities_lhw.max(axis=0) > np.where(likely == 0, background, foreground)
    candidates = np.where(sure, likely, UNSEEDED)
    candidates = np.where(seeds != UNSEEDED, seeds, candidates)
    result = seeds.copy()
    for index in np.unique(seeds[seeds != UNSEEDED]):
        pieces, _ = scipy.ndimage.label(candidates == index, structure=_EIGHT_NEIGHBOURS)
        with_seed = np.unique(pieces[seeds == index])
        result[np.isin(pieces, with_seed)] = index
    return result

"""The class-agnostic regressors of a cell: what the prior's maps say there, in some twenty numbers.

They are the same for every class, so a few masks of any classes teach how a map of this kind must be read:
where it leaks, how far an object reaches beyond its hot spot, what a rival's map means.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.live.features import CellFeatures
from trainer.live.grid import cell_counts

FLOOR = 0.02
"""Added to maps before the logarithm, so that an empty cell is unlikely but not impossible."""

PRIOR_COLUMN = 0
"""Column of `class_agnostic` with the prior's log score."""

CLASS_AGNOSTIC = 23
"""Columns of `class_agnostic`; the last one is 1."""

_BLUR_CELLS = (1, 2, 4)
_AFFINITY_POWER = 4


def log_score(maps: NDArray[np.float32], background_threshold: float) -> NDArray[np.float32]:
    """log((map + floor) / (threshold + floor)), float32: above 0 where the map exceeds the threshold."""
    score: NDArray[np.float32] = np.log((maps + np.float32(FLOOR)) / np.float32(background_threshold + FLOOR))
    return score


def class_agnostic(
    features: CellFeatures, prior_nk: NDArray[np.float32], background_threshold: float
) -> NDArray[np.float32]:
    """The regressors of every cell for each of K classes.

    Args:
        features: of the picture's n cells.
        prior_nk: float32 (n, K) in [0, 1], the prior's maps as means of cells.
        background_threshold: value that a map must exceed for its class to be in the mask.

    Returns:
        float32 (K, n, `CLASS_AGNOSTIC`).
    """
    height, width = cell_counts(features.limited_size)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    down = ((rows + 0.5) * 2 / height - 1).ravel()
    across = ((columns + 0.5) * 2 / width - 1).ravel()
    ones = np.ones(height * width, dtype=np.float32)
    cells = _centred(features)
    affinity = _affinity(cells)
    regressors = np.empty((prior_nk.shape[1], height * width, CLASS_AGNOSTIC), dtype=np.float32)
    for position in range(prior_nk.shape[1]):
        own = prior_nk[:, position]
        rival = _strongest_rival(prior_nk, position)
        plane = np.ascontiguousarray(own.reshape(height, width))
        columns_k = [
            log_score(own, background_threshold),
            own,
            own**2,
            log_score(rival, background_threshold),
            rival,
            np.maximum(own - rival, 0),
            *(_blurred(plane, sigma) for sigma in _BLUR_CELLS),
            cv2.dilate(plane, np.ones((5, 5), np.uint8)).ravel(),
            cv2.erode(plane, np.ones((3, 3), np.uint8)).ravel(),
            *_prototype_similarities(cells, own, rival),
            affinity @ own,
            affinity @ rival,
            across,
            down,
            across**2,
            down**2,
            ones * own.mean(),
            ones * (own > background_threshold).mean(),
            ones * (prior_nk.shape[1] > 1),
            ones,
        ]
        regressors[position] = np.stack(columns_k, axis=1)
    return regressors


def _centred(features: CellFeatures) -> NDArray[np.float32]:
    """Features minus their mean over the picture, each cell of length 1: float32 (n, D)."""
    values = features.values_hwd.reshape(-1, features.values_hwd.shape[2]).astype(np.float32)
    return _unit(values - values.mean(axis=0))


def _affinity(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row-stochastic affinity (n, n): the positive cosine of two cells to the power of `_AFFINITY_POWER`."""
    affinity: NDArray[np.float32] = np.maximum(cells @ cells.T, 0) ** _AFFINITY_POWER
    affinity /= affinity.sum(axis=1, keepdims=True) + np.float32(1e-6)
    return affinity


def _prototype_similarities(
    cells: NDArray[np.float32], own: NDArray[np.float32], rival: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine of each cell with what the prior takes for the class, and with what it takes for background."""
    inside = np.maximum(own - rival, 0) ** 2
    outside = np.maximum(1 - np.maximum(own, rival), 0) ** 4
    return cells @ _unit(inside @ cells), cells @ _unit(outside @ cells)


def _strongest_rival(prior_nk: NDArray[np.float32], position: int) -> NDArray[np.float32]:
    others = np.delete(prior_nk, position, axis=1)
    return others.max(axis=1) if others.shape[1] else np.zeros(len(prior_nk), dtype=np.float32)


def _blurred(plane: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32).ravel()


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-6)
    return unit

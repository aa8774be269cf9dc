"""The prior: what each cell is taken for before the seeds have their say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.class_list import VOID
from trainer.run.map_storage import ClassMaps

NO_LABEL = -1
"""Stands for void where positions of labels are stored."""

_REGION_SHARE = 0.8
"""Share of the prior that a region's label gets there; the rest allows for a region that is wrong."""

_SHARPNESS = 3.0
"""Slope of the softmax of the maps: a map 0.3 above the background is two and a half times as likely."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Probabilities of the labels in every cell of a picture's graph.

    Attributes:
        labels: the L labels, ascending; background is always among them.
        shares_nl: float64 (n, L) in [0, 1], summing to one over the labels.
        mask_hw: (h, w), position in `labels` of the label that most of the cell has in the mask;
            `NO_LABEL` where it is void.
    """

    labels: tuple[int, ...]
    shares_nl: NDArray[np.float64]
    mask_hw: NDArray[np.intp]


def mask_planes(mask: NDArray[np.uint8], size: tuple[int, int]) -> dict[int, NDArray[np.float32]]:
    """Share in [0, 1] of each label but void in each cell of a mask: float32 (h, w) by label.

    Args:
        mask: uint8 (H, W).
        size: (h, w) of the grid.
    """
    counts = cv2.calcHist([mask], [0], None, [256], [0, 256]).ravel()
    return {
        int(label): np.asarray(
            cv2.resize((mask == label).astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        )
        for label in np.flatnonzero(counts)
        if label != VOID
    }


def mask_prior(
    planes: Mapping[int, NDArray[np.float32]], labels: Sequence[int], size: tuple[int, int]
) -> Prior:
    """Share of each label in each cell of a mask; all labels are as likely where a cell is void.

    Args:
        planes: of the mask, see `mask_planes`.
        labels: all labels of the mask but void, and those of the seeds; ascending, background included.
        size: (h, w) of the grid.
    """
    nothing = np.zeros(size, dtype=np.float32)
    shares = (
        np.stack([planes.get(label, nothing) for label in labels], axis=-1)
        .reshape(-1, len(labels))
        .astype(np.float64)
    )
    known = shares.sum(axis=1, keepdims=True)
    shares = np.where(known > 0, shares / np.maximum(known, 1e-9), 1.0 / len(labels))
    position = np.where(known[:, 0] > 0, shares.argmax(axis=1), NO_LABEL)
    return Prior(tuple(labels), shares, position.reshape(size))


def with_uniform(prior: Prior, share_hw: NDArray[np.float64]) -> Prior:
    """Replace a share (h, w) in [0, 1] of each cell's prior by the uniform distribution."""
    share = share_hw.reshape(-1, 1)
    return replace(prior, shares_nl=(1.0 - share) * prior.shares_nl + share / len(prior.labels))


def evidence_shares(prior: Prior, maps: ClassMaps, background: float) -> NDArray[np.float64]:
    """Softmax of the class maps that the mask was made from: (n, L), summing to one over the labels.

    Args:
        prior: of the mask.
        maps: CAMs, before or after the random walk; maps of other classes than `prior.labels` are ignored.
        background: what counts as the background's map, the same value everywhere.
    """
    height, width = prior.mask_hw.shape
    value = np.full((height * width, len(prior.labels)), -np.inf)
    value[:, prior.labels.index(0)] = background
    for index, plane in zip(maps.class_indices, maps.maps_khw, strict=True):
        if index in prior.labels:
            scaled = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
            value[:, prior.labels.index(index)] = scaled.ravel()
    likely = np.exp(_SHARPNESS * (value - value.max(axis=1, keepdims=True)))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def with_evidence(prior: Prior, evidence_nl: NDArray[np.float64], share: float) -> Prior:
    """Replace a share in [0, 1] of the prior by `evidence_shares`."""
    return replace(prior, shares_nl=(1.0 - share) * prior.shares_nl + share * evidence_nl)


def contradicted_cells(prior: Prior, evidence_nl: NDArray[np.float64], below: float) -> NDArray[np.bool_]:
    """bool (h, w): cells where the evidence gives the mask's label a share below this; never void cells."""
    by_cell = evidence_nl.reshape(*prior.mask_hw.shape, -1)
    of_mask = np.take_along_axis(by_cell, np.maximum(prior.mask_hw, 0)[:, :, None], axis=-1)[:, :, 0]
    return np.asarray((of_mask < below) & (prior.mask_hw != NO_LABEL))


def with_regions(prior: Prior, regions_hw: NDArray[np.intp]) -> Prior:
    """Give most of the prior to the labels of regions.

    Args:
        prior: to change.
        regions_hw: (h, w), position of a label in the cells of its region, `NO_LABEL` elsewhere.
    """
    shares, regions = prior.shares_nl.copy(), regions_hw.ravel()
    inside = np.flatnonzero(regions != NO_LABEL)
    shares[inside] *= 1.0 - _REGION_SHARE
    shares[inside, regions[inside]] += _REGION_SHARE
    return replace(prior, shares_nl=shares)

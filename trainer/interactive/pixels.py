"""From shares of the cells to the labels of the pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.transforms import RgbImage
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.image_crf import ImageCrf
from trainer.masks.upsampling import strongest_map

_SHARPENING_POWER = 3.0
_UNIFORM_SHARE = 0.1
"""The walker seldom gives a label much more than half of a cell. Its shares are raised to a power before the
CRF, which gets a tenth of a uniform distribution with them, so that it can overrule them."""

_MARGIN_CELLS = 2
"""Outlines may move so far out of the cells that may change."""


class PixelLabels:
    """Labels of one picture's pixels; keeps the lattices of the dense CRF from call to call."""

    def __init__(self, image_rgb: RgbImage, crf_iterations: int, size: tuple[int, int]) -> None:
        """Args:
        image_rgb: uint8 (h, w, 3), the picture or a reduced copy of it.
        crf_iterations: of the dense CRF; 0 takes the strongest share of each pixel instead.
        size: (H, W) of the picture.
        """
        self._image, self._size = image_rgb, size
        self._crf_iterations = crf_iterations
        self._crfs: dict[int, ImageCrf] = {}

    def labels_of(self, labels: Sequence[int], shares_hwl: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Label of each pixel, uint8 (H, W), from shares (h, w, L); without pydensecrf2 the strongest one."""
        maps_lhw = np.ascontiguousarray(shares_hwl.transpose(2, 0, 1), dtype=np.float32)
        if self._crf_iterations and len(labels) > 1 and crf_available().available:
            position = self._crf(len(labels)).refine_maps(_sharpened(maps_lhw))
        else:
            position = strongest_map(maps_lhw, self._size)
        return np.asarray(labels, dtype=np.uint8)[position]

    def _crf(self, label_count: int) -> ImageCrf:
        if label_count not in self._crfs:
            config = CrfConfig(iterations=self._crf_iterations)
            self._crfs[label_count] = ImageCrf(self._image, label_count, config, self._size)
        return self._crfs[label_count]


def changed_where_open(
    mask: NDArray[np.uint8],
    found: NDArray[np.uint8],
    labels: Sequence[int],
    is_open_lhw: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """A mask that takes each label it was found to have where cells are open to that label.

    Args:
        mask: uint8 (H, W), what stays elsewhere.
        found: uint8 (H, W), labels that were found.
        labels: the L labels.
        is_open_lhw: bool (L, h, w), cells that may change to the label, and with them those around.
    """
    height, width = mask.shape
    changed = mask.copy()
    kernel = np.ones((2 * _MARGIN_CELLS + 1, 2 * _MARGIN_CELLS + 1), np.uint8)
    for label, is_open_hw in zip(labels, is_open_lhw, strict=True):
        if is_open_hw.any():
            open_cells = cv2.dilate(is_open_hw.astype(np.uint8), kernel)
            is_open = cv2.resize(open_cells, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
            np.copyto(changed, np.uint8(label), where=is_open.view(np.bool_) & (found == label))
    return changed


def _sharpened(maps_lhw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares (L, h, w) of the walker as probabilities for the CRF."""
    sharp = np.clip(maps_lhw, 1e-4, 1.0) ** _SHARPENING_POWER
    sharp /= sharp.sum(axis=0)
    return np.asarray((1.0 - _UNIFORM_SHARE) * sharp + _UNIFORM_SHARE / len(sharp), dtype=np.float32)

"""What a picture's own features predict from the mask so far: a linear classifier, fitted anew at each click.

If a mask is mostly right, cells that look like an object probably belong to it, wherever they are. Likewise a
click also counts for cells that look like its own. Ridge regression of the walker's shares on the features
takes milliseconds in closed form, because the feature map has few places.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from trainer.data.transforms import RgbImage
from trainer.interactive.seeds import Box, Seed, seed_points

_RIDGE = 1.0
_SEED_WEIGHT = 20.0
"""Weight of a place with a seed in the regression, against 1 for all others."""

_EXTRA_SCALE = 0.4
"""Scale of colour, of position and of the constant, against 1 for all features together."""

_LEAST_SHARE = 1e-3
"""Predictions are clipped to at least this."""


class PictureClassifier:
    """Predicts the labels of one picture's cells from its features, colours and positions."""

    def __init__(
        self,
        image_rgb: RgbImage,
        features_chw: NDArray[np.float32],
        image_size: tuple[int, int] | None = None,
    ) -> None:
        """Args:
        image_rgb: uint8 (H, W, 3), or a reduced copy of the picture.
        features_chw: float32 (C, h', w'), spanning the picture.
        image_size: (H, W) of the picture, if a reduced copy of it is given.
        """
        self._image_size = image_size or (image_rgb.shape[0], image_rgb.shape[1])
        height, width = features_chw.shape[1:]
        self._size = (height, width)
        small = cv2.resize(image_rgb, (width, height), interpolation=cv2.INTER_AREA)
        lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB))
        places = np.indices((height, width)).transpose(1, 2, 0)
        count = height * width
        self._inputs = np.hstack(
            [
                _standardized(features_chw.reshape(len(features_chw), count).T),
                _EXTRA_SCALE * _standardized(lab.reshape(count, 3)),
                _EXTRA_SCALE * _standardized(places.reshape(count, 2)),
                np.full((count, 1), _EXTRA_SCALE),
            ]
        )
        self._gram = self._inputs.T @ self._inputs + _RIDGE * np.eye(self._inputs.shape[1])

    def learned_shares(
        self,
        shares_nl: NDArray[np.float64],
        labels: Sequence[int],
        grid_size: tuple[int, int],
        seeds: Sequence[Seed],
    ) -> NDArray[np.float64]:
        """Shares of the labels, predicted by the classifier that fits the given shares and the seeds best.

        Args:
            shares_nl: (h * w, labels), the shares in each cell of a grid that spans the picture.
            labels: in the order of the shares.
            grid_size: (h, w).
            seeds: places of clicks and scribbles belong to their labels entirely, and count more than others;
                boxes are ignored.

        Returns:
            (h * w, labels) in (0, 1), summing to one.
        """
        (height, width), (rows, columns) = self._size, grid_size
        planes = shares_nl.reshape(rows, columns, len(labels)).transpose(2, 0, 1)
        coarse = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in planes]
        targets = np.stack(coarse, axis=-1).reshape(-1, len(labels))
        seeded = {
            self._place(y, x): labels.index(seed.label)
            for seed in seeds
            if not isinstance(seed, Box)
            for y, x in seed_points(seed)
        }
        places = list(seeded)
        targets[places] = np.eye(len(labels))[list(seeded.values())]
        # The matrix of all places was computed with the picture; only the seeds add to it.
        extra, at_seeds = _SEED_WEIGHT - 1.0, self._inputs[places]
        gram = self._gram + extra * (at_seeds.T @ at_seeds)
        right = self._inputs.T @ targets + extra * (at_seeds.T @ targets[places])
        predicted = self._inputs @ scipy.linalg.solve(gram, right, assume_a="pos")
        likely = np.clip(predicted, _LEAST_SHARE, 1.0)
        likely /= likely.sum(axis=1, keepdims=True)
        fine = [
            cv2.resize(likely[:, k].reshape(height, width), (columns, rows), interpolation=cv2.INTER_LINEAR)
            for k in range(len(labels))
        ]
        return np.stack(fine, axis=-1).reshape(-1, len(labels))

    def _place(self, y: int, x: int) -> int:
        (height, width), (rows, columns) = self._image_size, self._size
        return int((y * rows // height) * columns + x * columns // width)


def _standardized(values_nd: NDArray[np.generic]) -> NDArray[np.float64]:
    """Shifted to a mean of 0 and scaled to a mean square norm of 1."""
    centred = values_nd.astype(np.float64)
    centred -= centred.mean(axis=0)
    return centred / max(1e-6, float(np.sqrt(np.square(centred).sum(axis=1).mean())))

"""What a picture's own features say of the mask so far: a linear classifier, fitted anew at each click.

Where a mask is mostly right, cells that look like an object belong to it, wherever they are; a click says so
of the cells that look like its own. Ridge regression of the walker's shares on the features in closed form
takes milliseconds, as the features have few places.
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
"""Of a place with a seed, against 1 for one that only the mask speaks of."""

_BESIDES = 0.4
"""Scale of colour and of position, against the features as a whole."""

_LEAST = 1e-3


class PictureClassifier:
    """Learns masks of one picture from its features."""

    def __init__(self, image_rgb: RgbImage, features_chw: NDArray[np.float32]) -> None:
        """Args:
        image_rgb: uint8 (H, W, 3).
        features_chw: float32 (C, h', w'), spanning the picture.
        """
        self._image_size = (image_rgb.shape[0], image_rgb.shape[1])
        height, width = features_chw.shape[1:]
        self._size = (height, width)
        small = cv2.resize(image_rgb, (width, height), interpolation=cv2.INTER_AREA)
        lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB))
        places = np.indices((height, width)).transpose(1, 2, 0)
        count = height * width
        self._inputs = np.hstack(
            [
                _standardized(features_chw.reshape(len(features_chw), count).T),
                _BESIDES * _standardized(lab.reshape(count, 3)),
                _BESIDES * _standardized(places.reshape(count, 2)),
                np.full((count, 1), _BESIDES),
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
        """Shares of the labels, as the classifier that fits these ones and the seeds best gives them.

        Args:
            shares_nl: (h * w, labels) of each cell of a grid that spans the picture.
            labels: in the order of the shares.
            grid_size: (h, w).
            seeds: places of clicks and scribbles are wholly of their labels, and count more than others.

        Returns:
            (h * w, labels) in (0, 1), summing to one.
        """
        (height, width), (rows, columns) = self._size, grid_size
        planes = shares_nl.reshape(rows, columns, len(labels)).transpose(2, 0, 1)
        coarse = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in planes]
        wanted = np.stack(coarse, axis=-1).reshape(-1, len(labels))
        seeded = {
            self._place(y, x): labels.index(seed.label)
            for seed in seeds
            if not isinstance(seed, Box)
            for y, x in seed_points(seed)
        }
        places = list(seeded)
        wanted[places] = np.eye(len(labels))[list(seeded.values())]
        # Only places with seeds count otherwise than when the picture was set.
        extra, at_seeds = _SEED_WEIGHT - 1.0, self._inputs[places]
        gram = self._gram + extra * (at_seeds.T @ at_seeds)
        right = self._inputs.T @ wanted + extra * (at_seeds.T @ wanted[places])
        said = self._inputs @ scipy.linalg.solve(gram, right, assume_a="pos")
        likely = np.clip(said, _LEAST, 1.0)
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
    """Without their mean and with a mean square norm of 1."""
    centred = values_nd.astype(np.float64)
    centred -= centred.mean(axis=0)
    return centred / max(1e-6, float(np.sqrt(np.square(centred).sum(axis=1).mean())))

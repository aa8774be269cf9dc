"""Random views for training: scale, flip, crop, zero padding after normalisation (paper section 4.1).

A view is drawn first and then applied, so that a picture and its labels get the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.data.transforms import RgbImage, resize_image, scaled_size
from trainer.training_config import ViewConfig

IGNORE = 255


@dataclass(frozen=True)
class View:
    """A square crop of a resized, possibly mirrored picture.

    Attributes:
        size: (height, width) the picture is resized to.
        top, left: pixel of the resized, mirrored picture at the crop's top left corner; negative where the
            crop begins in the padding.
        crop: side of the crop in pixels.
        is_mirrored: whether the picture is flipped left to right after resizing.
    """

    size: tuple[int, int]
    top: int
    left: int
    crop: int
    is_mirrored: bool


def draw_view(rng: np.random.Generator, size: tuple[int, int], config: ViewConfig) -> View:
    """Draw a random view of a picture of `size` (height, width).

    The longer side gets a length from [min_side, max_side]. Along each axis the crop lies anywhere within the
    picture, or, where the picture is shorter, the picture lies anywhere within the crop.
    """
    longer = int(rng.integers(config.min_side, config.max_side + 1))
    resized = scaled_size(*size, longer / max(size))
    is_mirrored = bool(config.flip and rng.integers(2))
    top, left = (_offset(rng, side, config.crop) for side in resized)
    return View(resized, top, left, config.crop, is_mirrored)


def image_tensor(image_rgb: RgbImage, view: View, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """uint8 (H, W, 3) -> float32 (3, crop, crop), normalised by channel; zeros outside the picture."""
    resized = _mirrored(resize_image(image_rgb, view.size), view)
    std_c = np.asarray(std, dtype=np.float32)
    scale, shift = 1.0 / (255.0 * std_c), np.asarray(mean, dtype=np.float32) / std_c
    (rows, columns), (into_rows, into_columns) = _windows(view)
    canvas = np.zeros((view.crop, view.crop, 3), dtype=np.float32)
    canvas[into_rows, into_columns] = resized[rows, columns] * scale - shift
    return torch.from_numpy(canvas).permute(2, 0, 1).contiguous()


def label_tensor(labels: NDArray[np.uint8], view: View) -> Tensor:
    """uint8 (H, W) class indices -> int64 (crop, crop), nearest neighbour; `IGNORE` outside the picture."""
    height, width = view.size
    resized = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    mirrored = _mirrored(np.asarray(resized, dtype=np.uint8), view)
    (rows, columns), (into_rows, into_columns) = _windows(view)
    canvas = np.full((view.crop, view.crop), IGNORE, dtype=np.int64)
    canvas[into_rows, into_columns] = mirrored[rows, columns]
    return torch.from_numpy(canvas)


def at_cells(labels: Tensor, stride: int) -> Tensor:
    """Labels (H, W) -> those in the middle of each cell, (ceil(H / stride), ceil(W / stride))."""
    rows, columns = (
        torch.arange(0, side, stride).add(stride // 2).clamp(max=side - 1) for side in labels.shape
    )
    return labels[rows][:, columns]


def coverage_tensor(labels: Tensor, stride: int, class_count: int) -> Tensor:
    """How much of each feature cell every class covers: the area average of a view's labels.

    Args:
        labels: int64 (H, W), `IGNORE` where the class is unknown; see `label_tensor`.
        stride: pixels per cell; the last cells are filled up with unknown pixels.
        class_count: K, background not counted.

    Returns:
        float32 (K + 1, ceil(H / stride), ceil(W / stride)) in [0, 1], background first. Where the sum over
        the classes is below 1, the rest of the cell is unknown.
    """
    bottom, right = (-side % stride for side in labels.shape)
    filled = functional.pad(labels, (0, right, 0, bottom), value=IGNORE)
    rows, columns = (side // stride for side in filled.shape)
    coverage = torch.zeros(class_count + 1, rows, columns)
    for index in np.unique(filled.numpy()).tolist():
        if index != IGNORE:
            here = (filled == index).float().reshape(rows, stride, columns, stride)
            coverage[index] = here.mean(dim=(1, 3))
    return coverage


def _offset(rng: np.random.Generator, side: int, crop: int) -> int:
    room = side - crop
    return int(rng.integers(0, room + 1)) if room >= 0 else -int(rng.integers(0, -room + 1))


def _mirrored(array: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    return array[:, ::-1] if view.is_mirrored else array


def _windows(view: View) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Rows and columns of the resized picture that the crop shows, and those of the crop they go to."""
    sources, targets = [], []
    for start, side in zip((view.top, view.left), view.size, strict=True):
        first, last = max(0, start), min(side, start + view.crop)
        sources.append(slice(first, last))
        targets.append(slice(first - start, last - start))
    return (sources[0], sources[1]), (targets[0], targets[1])

"""Sizes, scaling and normalisation of uint8 RGB pictures."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RgbImage = NDArray[np.uint8]
ChannelValue = float | tuple[float, float, float]
"""One value for all channels, or one for each of R, G and B."""


def check_rgb(image_rgb: RgbImage) -> None:
    """Raise ValueError unless the array is a uint8 picture of shape (H, W, 3) with at least one pixel."""
    if image_rgb.ndim != 3 or image_rgb.shape[2] != 3 or image_rgb.dtype != np.uint8:
        raise ValueError(
            f"A picture must be a uint8 array of shape (height, width, 3), but this one is {image_rgb.dtype} "
            f"of shape {image_rgb.shape}; convert grey, 16-bit and transparent pictures to RGB first."
        )
    if 0 in image_rgb.shape:
        raise ValueError("The picture has no pixels.")


def limited_size(height: int, width: int, max_side: int) -> tuple[int, int]:
    """(H, W) scaled down so that the longer side is at most `max_side` pixels; never below 1 x 1."""
    factor = min(1.0, max_side / max(height, width))
    return scaled_size(height, width, factor)


def scaled_size(height: int, width: int, factor: float) -> tuple[int, int]:
    """(H, W) times a factor, rounded, never below 1 x 1."""
    return max(1, round(height * factor)), max(1, round(width * factor))


def resize_image(image_rgb: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Resample to `size` (H, W): area averages if a side shrinks, so without aliasing, else bilinear."""
    height, width = image_rgb.shape[:2]
    if (height, width) == size:
        return image_rgb
    shrinks = size[0] < height or size[1] < width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(image_rgb, (size[1], size[0]), interpolation=method)
    return np.asarray(resized, dtype=np.uint8)


def normalized_tensor(
    image_rgb: RgbImage, mean: ChannelValue, std: ChannelValue, device: torch.device | None = None
) -> Tensor:
    """uint8 (H, W, 3) -> float32 (1, 3, H, W), (x / 255 - mean) / std, on the device (a CPU if None).

    Bytes are copied to the device, a quarter of what float32 values would be.
    """
    means, stds = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
    factor, shift = (
        torch.from_numpy(np.broadcast_to(np.float32(values), (3,)).copy()).to(device=device)
        for values in (1.0 / (255.0 * stds), means / stds)
    )
    pixels = torch.from_numpy(np.ascontiguousarray(image_rgb)).to(device=device)
    return (pixels.float() * factor - shift).permute(2, 0, 1).unsqueeze(0)

"""Example pictures of a report: maps and masks over the photograph, as data URLs."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.labels import voc_colormap
from trainer.data.transforms import RgbImage, limited_size, resize_image
from trainer.masks.evaluation import strongest_class
from trainer.run.map_storage import ClassMaps

THUMBNAIL_PX = 240
_MASK_OPACITY = 0.6
_VOID = 255


def photograph(image_rgb: RgbImage) -> str:
    """The small picture as a data URL."""
    return _data_url(small_picture(image_rgb))


def heat_overlay(image_rgb: RgbImage, maps: ClassMaps) -> str:
    """`heat_picture` as a data URL."""
    return _data_url(heat_picture(image_rgb, maps))


def heat_picture(image_rgb: RgbImage, maps: ClassMaps, side_px: int = THUMBNAIL_PX) -> RgbImage:
    """The strongest map of each pixel as a heatmap over the small grey picture: dark is 0, yellow is 1."""
    small = small_picture(image_rgb, side_px)
    grey = np.repeat(
        np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[:, :, None], 3, axis=2
    )
    _, score = strongest_class(maps)
    height, width = small.shape[:2]
    heat = cv2.resize(score, (width, height), interpolation=cv2.INTER_AREA)
    colored = cv2.applyColorMap((255 * heat).clip(0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    return _blended(grey, np.asarray(colored, dtype=np.uint8), (0.3 + 0.6 * heat)[:, :, None])


def mask_overlay(image_rgb: RgbImage, mask: NDArray[np.uint8]) -> str:
    """`mask_picture` as a data URL."""
    return _data_url(mask_picture(image_rgb, mask))


def mask_picture(image_rgb: RgbImage, mask: NDArray[np.uint8], side_px: int = THUMBNAIL_PX) -> RgbImage:
    """A mask (H, W) of class indices in VOC's colours over the small picture; void is white."""
    small = small_picture(image_rgb, side_px)
    height, width = small.shape[:2]
    labels = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    opacity = np.where(labels > 0, _MASK_OPACITY, 0.0)[:, :, None]
    colors = voc_colormap()
    colors[_VOID] = 255
    return _blended(small, colors[labels], opacity)


def small_picture(image_rgb: RgbImage, side_px: int = THUMBNAIL_PX) -> RgbImage:
    """The picture with a longer side of at most `side_px`."""
    return resize_image(image_rgb, limited_size(image_rgb.shape[0], image_rgb.shape[1], side_px))


def _blended(below: RgbImage, above: RgbImage, opacity: NDArray[np.floating]) -> RgbImage:
    mixed = below * (1.0 - opacity) + above * opacity
    return np.asarray(mixed.round().clip(0, 255), dtype=np.uint8)


def as_jpeg(image_rgb: RgbImage) -> bytes:
    """A small picture as the bytes of a JPEG file."""
    data = io.BytesIO()
    Image.fromarray(image_rgb).save(data, "JPEG", quality=80)
    return data.getvalue()


def _data_url(image_rgb: RgbImage) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(as_jpeg(image_rgb)).decode()}"

"""Reading photographs for training: upright, 8-bit RGB; and finding those that cannot be read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from trainer.contract import FailureCode
from trainer.data.dataset import TaggedDataset
from trainer.data.transforms import RgbImage, scaled_size
from trainer.errors import TrainerError
from trainer.machine.device import available_cpu_count

MAX_PIXELS = 200_000_000
"""Larger pictures are refused before they fill the memory."""


class ImageReadError(TrainerError):
    """A picture is missing or damaged; the message names the file."""

    code = FailureCode.BAD_DATASET


def read_rgb(path: Path, *, at_least_side: int | None = None) -> RgbImage:
    """Read a picture as uint8 (H, W, 3), turned upright as EXIF says.

    Args:
        path: the file.
        at_least_side: pixels; a JPEG may come out smaller by 2, 4 or 8, as long as its longer side keeps at
            least this length. Decoding to a smaller size is several times as fast.

    Raises:
        ImageReadError: the file is missing, damaged, or has more than `MAX_PIXELS` pixels.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageReadError(
                    f"Picture {path} has {image.width} x {image.height} pixels, more than the limit of "
                    f"{MAX_PIXELS}; scale it down."
                )
            if at_least_side is not None:
                share = min(1.0, at_least_side / max(image.size))
                image.draft("RGB", scaled_size(image.width, image.height, share))
            upright = ImageOps.exif_transpose(image)
            return _as_rgb(upright)
    except FileNotFoundError as error:
        raise ImageReadError(
            f"Picture {path} does not exist; restore it or remove it from the list."
        ) from error
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ImageReadError(f"Picture {path} cannot be read ({error}); replace it.") from error


def unreadable_images(dataset: TaggedDataset, workers: int | None = None) -> dict[str, str]:
    """Decode every picture of a dataset; returns id -> reason for those that cannot be read.

    Args:
        dataset: the pictures.
        workers: number of threads; None means one per core.
    """

    def reason(path: Path) -> str | None:
        try:
            read_rgb(path, at_least_side=1)
        except ImageReadError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(workers or available_cpu_count()) as pool:
        reasons = pool.map(reason, (image.path for image in dataset.images))
        return {image.id: text for image, text in zip(dataset.images, reasons, strict=True) if text}


def _as_rgb(image: Image.Image) -> RgbImage:
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit grey at 255; the upper 8 of its 16 bits are what people see.
        grey = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(image.convert("RGB"), dtype=np.uint8)

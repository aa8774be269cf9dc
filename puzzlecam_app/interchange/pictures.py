"""Reads pictures as people see them, upright and in 8-bit RGB, and refuses those that are too large.

`trainer.data.images` reads them, so that people and models see the same pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings
from trainer.data import images
from trainer.data.rgb import bits_per_channel, is_transparent

RgbArray = npt.NDArray[np.uint8]

DEFAULT_MAX_PIXELS: Final[int] = Settings.model_fields["max_image_pixels"].default
MAX_FILE_BYTES: Final = 1 << 30


class PictureError(UserError):
    """A file that cannot be used as a picture."""


@dataclass(frozen=True)
class PictureInfo:
    """What is known about a picture file.

    `width` and `height` are those of the upright picture. `orientation` is EXIF's, 1..8. `bits` are those
    of a channel. `has_alpha` is true for any kind of transparency, `has_more_frames` for animations and for
    TIFFs with several pages.
    """

    width: int
    height: int
    orientation: int
    media_type: str
    mode: str
    bits: int
    has_alpha: bool
    has_more_frames: bool


def load_upright_rgb(
    source: Path | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS, where: str | None = None
) -> RgbArray:
    """Read a picture as uint8 HxWx3, turned upright as EXIF says (`trainer.data.images.read_rgb`).

    Errors name the file, or `where` if only its content is given.

    Raises:
        PictureError: Not a picture, damaged, or of more than `max_pixels` pixels.
    """
    with _for_people(where):
        return images.read_rgb(source, max_pixels=max_pixels)


def verify_picture(source: Path | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> PictureInfo:
    """Read a picture to its end and describe it.

    Raises:
        PictureError: Not a picture, damaged, or of more than `max_pixels` pixels.
    """
    with open_picture(source, max_pixels=max_pixels) as image:
        width, height = image.size
        mode, bits, has_alpha = image.mode, bits_per_channel(image), is_transparent(image)
        # A JPEG is read to its end, but only an eighth of each side is computed: five times as fast.
        image.draft(None, (max(1, width // 8), max(1, height // 8)))
        if image.format == "TIFF":
            # Pillow gives its size as it is after turning, and drops the orientation when it decodes.
            orientation = images.orientation(image)
            images.decode(image, source)
        else:
            images.decode(image, source)
            orientation = images.orientation(image)
            if orientation in images.SWAPS_SIDES:
                width, height = height, width
        return PictureInfo(
            width=width,
            height=height,
            orientation=orientation,
            media_type=Image.MIME.get(image.format or "", "application/octet-stream"),
            mode=mode,
            bits=bits,
            has_alpha=has_alpha,
            # Phones store a preview as a second picture of an MPO; that is not for people.
            has_more_frames=getattr(image, "n_frames", 1) > 1 and image.format != "MPO",
        )


@contextmanager
def open_picture(source: Path | bytes, *, max_pixels: int, where: str | None = None) -> Iterator[Image.Image]:
    """Open a picture without decoding it, after checking what its header claims.

    Errors of `trainer.data.images` inside the block become PictureError, too. They name the file, or `where`
    if only its content is given.

    Raises:
        PictureError: Not a picture, or of more than `max_pixels` pixels.
    """
    with _for_people(where), images.open_picture(source, max_pixels=max_pixels) as image:
        yield image


@contextmanager
def _for_people(where: str | None) -> Iterator[None]:
    try:
        yield
    except images.ImageReadError as error:
        file = where if error.where is None else str(error.where)
        raise PictureError(error.reason, where=file, remedy=error.remedy) from error

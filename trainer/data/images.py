"""Reads pictures as people see them: upright, 8-bit RGB. Training and the studio both use this reader."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from trainer.contract import MAX_PICTURE_PIXELS, MAX_PICTURE_PIXELS_VARIABLE, FailureCode
from trainer.data.rgb import bits_per_channel, is_transparent, obstacle, to_rgb
from trainer.errors import TrainerError

MAX_SIDE_PX: Final = 32_767
"""Browsers do not draw pictures with a longer side, and OpenCV does not scale them."""

# Pillow knows many more formats, some of which run other programs; nobody labels pictures in those.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
INSTALL_HEIF: Final = 'Save it as JPEG, or install the studio with its extra "heic" (the package pillow-heif)'
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SWAPS_SIDES: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height when the picture is turned upright."""

# The limit is a setting; Pillow would only warn, and at another size.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageReadError(TrainerError):
    """A picture is missing, damaged, too large or of a kind that cannot be read.

    Attributes:
        reason: what is wrong, without the file's name.
        where: the file; None if only its content was given.
        remedy: what to do about it, without a full stop.
    """

    code = FailureCode.BAD_DATASET

    def __init__(self, reason: str, *, where: Path | None, remedy: str) -> None:
        subject = "A picture" if where is None else f"Picture {where}"
        super().__init__(f"{subject} cannot be read: {reason}. {remedy}.")
        self.reason = reason
        self.where = where
        self.remedy = remedy


def read_rgb(
    source: Path | bytes, *, at_least_side: int | None = None, max_pixels: int | None = None
) -> NDArray[np.uint8]:
    """Read a picture as uint8 (H, W, 3), turned upright as EXIF says.

    Transparent parts become white. Of 16 bits per channel, the upper 8 of the depth that the picture uses
    are kept (`trainer.data.rgb.eight_of_16_bits`); wider channels are stretched from their smallest to their
    largest finite value. An animation gives its first frame.

    Args:
        source: the file, or its content.
        at_least_side: pixels; a JPEG may come out smaller by 2, 4 or 8, as long as its longer side keeps at
            least this length. Decoding to a smaller size is several times as fast.
        max_pixels: larger pictures are refused; None means `pixel_limit`.

    Raises:
        ImageReadError: the file is missing, damaged, of another kind, or too large.
    """
    with open_picture(source, max_pixels=max_pixels) as image:
        transparent, bits = is_transparent(image), bits_per_channel(image)
        if at_least_side is not None:
            share = min(1.0, at_least_side / max(image.size))
            image.draft(None, (max(1, round(image.width * share)), max(1, round(image.height * share))))
        decode(image, source)
        try:
            rgb = to_rgb(image, transparent=transparent, bits=bits, content=lambda: _content(source))
        except (OSError, ValueError) as error:
            raise _damaged(source, error) from error
        turn = _TURNS.get(orientation(image))
        return np.array(rgb if turn is None else rgb.transpose(turn), dtype=np.uint8)


@contextmanager
def open_picture(source: Path | bytes, *, max_pixels: int | None = None) -> Iterator[Image.Image]:
    """Open a picture without decoding it, after checking what its header claims.

    Raises:
        ImageReadError: not a picture, of a kind that cannot be read, or too large.
    """
    limit = pixel_limit() if max_pixels is None else max_pixels
    if Image.MAX_IMAGE_PIXELS is not None and limit > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = limit
    where = _where(source)
    try:
        image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_formats())
    except FileNotFoundError as error:
        raise ImageReadError("the file is missing", where=where, remedy="Put it back") from error
    except UnidentifiedImageError as error:
        if not can_read_heif() and _is_heif(source):
            raise ImageReadError(
                "HEIC pictures cannot be read here", where=where, remedy=INSTALL_HEIF
            ) from error
        raise ImageReadError(
            "not a picture in a format that can be read", where=where, remedy="Save it as JPEG or PNG"
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageReadError(str(error), where=where, remedy=_smaller(limit)) from error
    except Exception as error:
        # Pillow's readers raise nearly any exception for damaged headers.
        raise _damaged(source, error) from error
    with image:
        if image.width * image.height > limit:
            raise ImageReadError(
                f"{image.width} x {image.height} pixels are more than {limit} (a decompression bomb?)",
                where=where,
                remedy=_smaller(limit),
            )
        if max(image.size) > MAX_SIDE_PX:
            raise ImageReadError(
                f"{image.width} x {image.height} pixels: a side is longer than {MAX_SIDE_PX}",
                where=where,
                remedy="Cut it into parts",
            )
        if (reason := obstacle(image)) is not None:
            raise ImageReadError(
                f"the picture cannot be converted: {reason}", where=where, remedy="Save it as RGB with 8 bits"
            )
        yield image


def decode(image: Image.Image, source: Path | bytes) -> None:
    """Read the pixels of an opened picture.

    Raises:
        ImageReadError: the picture is truncated or damaged.
    """
    try:
        image.load()
    except Exception as error:
        raise _damaged(source, error) from error


def orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1..8; 1 if there is none.

    Pillow turns a TIFF when it is decoded, and it is upright afterwards. A PNG may have its orientation
    after its pixels, so decode it first.
    """
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken EXIF data is common and does not mean broken pixels.
        return 1
    return value if 1 <= value <= 8 else 1


def upright_size(path: Path) -> tuple[int, int]:
    """(H, W) of a picture turned upright; raises ImageReadError.

    A PNG that says only after its pixels how it is turned is measured as stored.
    """
    with open_picture(path) as image:
        width, height = image.size
        # Pillow gives a TIFF's size as it is after turning.
        is_turned = image.format != "TIFF" and orientation(image) in SWAPS_SIDES
    return (width, height) if is_turned else (height, width)


@cache
def can_read_heif() -> bool:
    """Whether HEIC pictures can be read: the optional package pillow-heif is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def pixel_limit() -> int:
    """Pictures with more pixels are refused; the studio's setting, which its training processes inherit."""
    value = os.environ.get(MAX_PICTURE_PIXELS_VARIABLE, "")
    return int(value) if value.isdecimal() and int(value) else MAX_PICTURE_PIXELS


def _formats() -> tuple[str, ...]:
    return (*_FORMATS, "HEIF") if can_read_heif() else _FORMATS


def _is_heif(source: Path | bytes) -> bool:
    if isinstance(source, bytes):
        head = source[:12]
    else:
        with source.open("rb") as file:
            head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def _content(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _damaged(source: Path | bytes, error: Exception) -> ImageReadError:
    reason = "truncated" if "truncated" in str(error).lower() else "damaged"
    return ImageReadError(
        f"the picture is {reason} ({error})", where=_where(source), remedy="Get it from its source again"
    )


def _smaller(max_pixels: int) -> str:
    return f"Scale it down to {max_pixels} pixels, or raise {MAX_PICTURE_PIXELS_VARIABLE} if you trust it"


def _where(source: Path | bytes) -> Path | None:
    return None if isinstance(source, bytes) else source

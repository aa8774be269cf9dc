"""Reads pictures as people see them, upright and in 8-bit RGB, and refuses those that are too large."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from puzzlecam_app.errors import UserError
from puzzlecam_app.settings import Settings

RgbArray = npt.NDArray[np.uint8]

DEFAULT_MAX_PIXELS: Final[int] = Settings.model_fields["max_image_pixels"].default
MAX_FILE_BYTES: Final = 1 << 30
SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"}
)
# Pillow knows many more formats, some of which run other programs; nobody labels pictures in those.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE: Final = frozenset({5, 6, 7, 8})

# The limit is a setting; Pillow would only warn, and at another size.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


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


def load_upright_rgb(source: Path | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> RgbArray:
    """Read a picture as uint8 HxWx3, turned upright as EXIF says.

    CMYK, grey and palette pictures are converted. Of 16 bits per channel, the upper 8 are kept; wider
    channels are stretched from their smallest to their largest value. Transparent parts become white. An
    animation gives its first frame.

    Raises:
        PictureError: Not a picture, damaged, or of more than `max_pixels` pixels.
    """
    with open_picture(source, max_pixels=max_pixels) as image:
        # Before decoding, which may change the mode.
        transparent = _has_alpha(image)
        decode(image, source)
        turn = _TURNS.get(_orientation(image))
        upright = image if turn is None else image.transpose(turn)
        return np.array(_rgb(upright, transparent=transparent), dtype=np.uint8)


def verify_picture(source: Path | bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> PictureInfo:
    """Read a picture to its end and describe it.

    Raises:
        PictureError: Not a picture, damaged, or of more than `max_pixels` pixels.
    """
    with open_picture(source, max_pixels=max_pixels) as image:
        width, height = image.size
        mode, bits, has_alpha = image.mode, _bits(image), _has_alpha(image)
        # A JPEG is read to its end, but only an eighth of each side is computed: five times as fast.
        image.draft(None, (max(1, width // 8), max(1, height // 8)))
        # Pillow turns TIFFs by itself, size and pixels, and then drops the orientation; a PNG may have
        # its orientation after its pixels.
        if image.format == "TIFF":
            orientation = _orientation(image)
            decode(image, source)
        else:
            decode(image, source)
            orientation = _orientation(image)
            if orientation in _ON_ITS_SIDE:
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
def open_picture(source: Path | bytes, *, max_pixels: int) -> Iterator[Image.Image]:
    """Open a picture without decoding it, after checking what its header claims.

    Raises:
        PictureError: Not a picture, or of more than `max_pixels` pixels.
    """
    if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = max_pixels
    where = _where(source)
    try:
        image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS)
    except FileNotFoundError as error:
        raise PictureError("the file is missing", where=where, remedy="Put it back") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            "not a picture in a format that can be read", where=where, remedy="Save it as JPEG or PNG"
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureError(str(error), where=where, remedy=_smaller(max_pixels)) from error
    except Exception as error:
        # Pillow's readers raise nearly any exception for damaged headers.
        raise _damaged(source, error) from error
    with image:
        if image.width * image.height > max_pixels:
            raise PictureError(
                f"{image.width} x {image.height} pixels are more than {max_pixels} (a decompression bomb?)",
                where=where,
                remedy=_smaller(max_pixels),
            )
        yield image


def decode(image: Image.Image, source: Path | bytes) -> None:
    """Read the pixels of an opened picture.

    Raises:
        PictureError: The picture is truncated or damaged.
    """
    try:
        image.load()
    except Exception as error:
        raise _damaged(source, error) from error


def _orientation(image: Image.Image) -> int:
    try:
        orientation = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken EXIF data is common and does not mean broken pixels.
        return 1
    return orientation if 1 <= orientation <= 8 else 1


def _bits(image: Image.Image) -> int:
    """Bits of a channel; Pillow's modes do not show 16-bit colour."""
    if image.mode in {"I", "F"}:
        return 32
    if image.mode.startswith("I;16"):
        return 16
    # Raw modes of the decoder end in the bits they are read from: "RGB;16B".
    for tile in getattr(image, "tile", []):
        arguments = tile[3] if isinstance(tile[3], tuple | list) else (tile[3],)
        if arguments and isinstance(arguments[0], str) and ";16" in arguments[0]:
            return 16
    return 8


def _has_alpha(image: Image.Image) -> bool:
    return "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}


def _rgb(image: Image.Image, *, transparent: bool) -> Image.Image:
    if image.mode.startswith("I;16"):
        upper = np.array(image).astype(np.uint16) >> 8
        image = Image.fromarray(upper.astype(np.uint8))
    elif image.mode in {"I", "F"}:
        image = Image.fromarray(_stretched(np.array(image, dtype=np.float64)))
    if not transparent:
        return image.convert("RGB")
    pixels = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")


def _stretched(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return np.rint(scaled).astype(np.uint8)


def _damaged(source: Path | bytes, error: Exception) -> PictureError:
    reason = "truncated" if "truncated" in str(error).lower() else "damaged"
    return PictureError(
        f"the picture is {reason} ({error})", where=_where(source), remedy="Get it from its source again"
    )


def _smaller(max_pixels: int) -> str:
    return f"Scale it down to {max_pixels} pixels, or raise PUZZLECAM_MAX_IMAGE_PIXELS if you trust it"


def _where(source: Path | bytes) -> str | None:
    return None if isinstance(source, bytes) else str(source)

"""Turns decoded pictures of any mode into 8-bit RGB, as people see them: the rules of docs/formats.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODES: Final = frozenset(
    {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I", "F"}
    | {"I;16", "I;16L", "I;16B", "I;16N"}
)
"""Pillow's modes that can be turned into RGB."""

_DEPTHS: Final = (8, 10, 12, 14, 16)
"""Bits that cameras and scanners use; files of 16 bits often contain fewer, and their upper bits are 0."""

_NARROW: Final = 8
"""Values that span less than this part of their depth would look the same, so they are stretched."""

_BITS_OF_SAMPLES, _PHOTOMETRIC, _PLANES, _SAMPLE_FORMAT = 258, 262, 284, 339
_UNSIGNED, _WHITE_IS_ZERO, _SEPARATE = 1, 0, 2


def obstacle(image: Image.Image) -> str | None:
    """Why an opened picture cannot be turned into RGB; None if it can."""
    if image.mode not in MODES:
        return f"its colours are stored as {image.mode}"
    # Pillow takes 16-bit values in separate planes for twice as many of 8 bits.
    if _tag(image, _PLANES, 1) == _SEPARATE and _tag(image, _BITS_OF_SAMPLES, (8,))[0] != 8:
        return "its channels are stored one after the other, with more than 8 bits"
    return None


def is_transparent(image: Image.Image) -> bool:
    """Whether a picture may have transparent parts; ask before decoding, which may change the mode."""
    return "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}


def bits_per_channel(image: Image.Image) -> int:
    """Bits of a channel in the file; ask before decoding. Pillow's modes do not show 16-bit colour."""
    if image.mode in {"I", "F"}:
        return 32
    if image.mode.startswith("I;16") or _tag(image, _BITS_OF_SAMPLES, (8,))[0] == 16:
        return 16
    # Raw modes of the decoder end in the bits they are read from: "RGB;16B".
    for tile in getattr(image, "tile", []):
        arguments = tile[3] if isinstance(tile[3], tuple | list) else (tile[3],)
        if arguments and isinstance(arguments[0], str) and ";16" in arguments[0]:
            return 16
    return 8


def to_rgb(image: Image.Image, *, transparent: bool, bits: int, content: Callable[[], bytes]) -> Image.Image:
    """A decoded picture in mode RGB.

    Args:
        image: the decoded picture, which has no `obstacle`.
        transparent: `is_transparent` before decoding; transparent parts become white.
        bits: `bits_per_channel` before decoding.
        content: returns the file's bytes; needed for 16-bit colour, of which
            Pillow keeps the upper 8 bits.
    """
    if image.mode.startswith("I") or image.mode == "F":
        grey = _grey(image)
        if not transparent:
            return grey.convert("RGB")
        pixels = grey.convert("RGBA")
    else:
        # Pillow cannot convert La to RGBA.
        plain = image.convert("LA") if image.mode == "La" else image
        pixels = plain.convert("RGBA" if transparent else "RGB")
        if bits == 16:
            pixels = _colour_of_16_bits(image, pixels, content)
    if pixels.mode == "RGB":
        return pixels
    return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")


def eight_of_16_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit values -> 8 bits.

    The depth is the smallest of 8, 10, 12, 14 and 16 bits that holds all values, and its upper 8 bits are
    kept: pictures of one camera are scaled alike, however bright each of them is. Values that span less than
    an eighth of the depth are stretched instead (`stretched`).
    """
    low, high = int(values.min()), int(values.max())
    depth = next(bits for bits in _DEPTHS if high < 1 << bits)
    if low < high and (high - low) * _NARROW < 1 << depth:
        return stretched(values.astype(np.float64))
    return (values >> (depth - 8)).astype(np.uint8)


def stretched(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Values -> 0 for the smallest finite one to 255 for the largest; equal values are 0.

    What is not a number is taken as 0, and infinity as the smallest or largest finite value.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(values.shape, np.uint8)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        return np.zeros(values.shape, np.uint8)
    known = np.nan_to_num(values, nan=0.0, posinf=high, neginf=low).clip(low, high)
    return np.rint((known - low) * (255.0 / (high - low))).astype(np.uint8)


def _grey(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits -> mode L, or LA if one of its values means transparent."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint16)
        pixels = eight_of_16_bits(values)
        if _tag(image, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
            pixels = 255 - pixels
        grey = Image.fromarray(pixels)
        hidden = image.info.get("transparency")
        if isinstance(hidden, int):
            grey.putalpha(Image.fromarray(np.where(values == hidden, 0, 255).astype(np.uint8)))
        return grey
    wide = np.asarray(image)
    if image.mode == "I" and _tag(image, _BITS_OF_SAMPLES, (0,))[0] == 32:
        unsigned = _tag(image, _SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
        wide = wide.view(np.uint32) if unsigned else wide
    return Image.fromarray(stretched(wide.astype(np.float64)))


def _colour_of_16_bits(image: Image.Image, pixels: Image.Image, content: Callable[[], bytes]) -> Image.Image:
    """The 8 bits of 16-bit colour that `eight_of_16_bits` says; `pixels` are the upper 8, RGB or RGBA."""
    upper = np.asarray(pixels)[..., :3]
    span = int(upper.max()) - int(upper.min())
    uses_all_bits = upper.max() >= 1 << (_DEPTHS[-2] - 8) and (span - 1) * _NARROW >= 1 << 8
    # Pillow compares a transparent colour of 16 bits with the upper 8.
    if uses_all_bits and not isinstance(image.info.get("transparency"), tuple):
        return pixels
    decoded = cv2.imdecode(np.frombuffer(content(), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.shape[2:] not in {(3,), (4,)}:
        return pixels
    wide = decoded.astype(np.uint16)
    colours = np.ascontiguousarray(wide[..., 2::-1])
    # OpenCV may turn a picture or read its channels in another way.
    if not np.array_equal(colours >> 8, upper):
        return pixels
    made = Image.fromarray(eight_of_16_bits(colours))
    if wide.shape[2] == 4:
        made.putalpha(Image.fromarray((wide[..., 3] >> 8).astype(np.uint8)))
    return made


def _tag(image: Image.Image, number: int, default: Any) -> Any:
    """Value of a TIFF tag; the default for a picture of another format or without the tag."""
    return getattr(image, "tag_v2", {}).get(number, default)

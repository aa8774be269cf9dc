"""Reads the masks of a dataset: class indices, never colours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.masks import MaskArray
from db.palette import BACKGROUND, VOID, voc_color
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.mask_meaning import exchanged_by_palette, exchanges_ground
from puzzlecam_app.interchange.pictures import (
    DEFAULT_MAX_PIXELS,
    PictureError,
    PictureInfo,
    open_picture,
)
from trainer.data.class_list import ClassList
from trainer.data.images import SWAPS_SIDES, decode

_PNG_BIT_DEPTH_AT: Final = 24
_SAVE_AS_INDICES: Final = "Save it as a palette PNG (mode P) whose indices are the classes"


class MaskFileError(UserError):
    """A mask that cannot be used."""


@dataclass(frozen=True)
class IndexMask:
    """The content of a mask file.

    Attributes:
        indices: class indices, uint8 HxW.
        exchanged: classes that the file's palette gives the colour of another class: index -> (that index,
            number of pixels).
    """

    indices: MaskArray
    exchanged: dict[int, tuple[int, int]]


def read_index_mask(data: bytes, picture: PictureInfo, *, class_list: ClassList) -> IndexMask:
    """Read a mask file.

    `data` is a PNG, either with a palette or grey with 8 or 16 bits, of the size of the upright `picture`,
    with the indices of `class_list`, which says what they mean, 0 (background) and 255 (void).

    Raises:
        MaskFileError: It is anything else.
    """
    with _decoded(data, picture, only_indices=True) as image:
        mask = _indices(image)
        exchanged = exchanged_by_palette(image, mask, class_list)
    if exchanges_ground(exchanged):
        raise MaskFileError(
            "the colours of the mask's palette exchange object and background: "
            + ", ".join(
                f"index {index} has the colour of index {other}" for index, other in exchanged.items()
            ),
            remedy="Save it with the palette of the class list; the picture program has changed the indices",
        )
    counted = {index: (other, int(np.count_nonzero(mask == index))) for index, other in exchanged.items()}
    mask = class_list.read(mask)
    unknown = [index for index in classes_in(mask) if index > len(class_list.names)]
    if unknown:
        shown = ", ".join(map(str, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise MaskFileError(
            f"the mask contains the indices {shown}, but the class list ends at {len(class_list.names)}",
            remedy="Correct the mask, or give the complete class list with --classes",
        )
    return IndexMask(mask, counted)


def read_values(data: bytes, picture: PictureInfo) -> MaskArray:
    """The values of a mask file of indices, uint8 (H, W), whatever they mean.

    Raises:
        MaskFileError: As `read_index_mask`.
    """
    with _decoded(data, picture, only_indices=True) as image:
        return _indices(image)


def read_colors(data: bytes, picture: PictureInfo) -> NDArray[np.uint8]:
    """The colours of a mask file, uint8 (H, W, 3). JPEG files are refused, because they change colours.

    Raises:
        MaskFileError: The file is no PNG, is partly transparent, or has another size than the `picture`.
    """
    with _decoded(data, picture, only_indices=False) as image:
        if "A" in image.getbands() and np.asarray(image.getchannel("A")).min(initial=255) < 255:
            raise MaskFileError(
                "parts of the mask are transparent, and nothing says which class that is",
                remedy="Save it without transparency",
            )
        return np.array(image.convert("RGB"))


@contextmanager
def _decoded(data: bytes, picture: PictureInfo, *, only_indices: bool) -> Iterator[Image.Image]:
    try:
        with open_picture(data, max_pixels=max(DEFAULT_MAX_PIXELS, picture.width * picture.height)) as image:
            if only_indices:
                _check_kind(image, data)
            elif image.format != "PNG":
                raise MaskFileError(
                    f"the mask is a {image.format} file, which may change colours", remedy="Save it as PNG"
                )
            _check_size(image, picture)
            decode(image, data)
            yield image
    except PictureError as error:
        raise MaskFileError(f"the mask cannot be read ({error.message})", remedy=_SAVE_AS_INDICES) from error


def classes_in(mask: MaskArray) -> tuple[int, ...]:
    """Indices of the classes in a mask, background and void left out, in rising order."""
    # Six times as fast as np.unique, which sorts.
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    return tuple(index for index in present.tolist() if index not in {BACKGROUND, VOID})


def _check_kind(image: Image.Image, data: bytes) -> None:
    if image.format != "PNG":
        raise MaskFileError(
            f"the mask is a {image.format} file; lossy or coloured formats change indices",
            remedy=_SAVE_AS_INDICES,
        )
    if image.mode == "P":
        return
    if image.mode in {"L", "LA"} and data[_PNG_BIT_DEPTH_AT] == 8:
        return
    if _has_16_bits(image):
        return
    if image.mode in {"1", "L"}:
        # Grey of fewer bits means brightness: Pillow spreads 0..3 over 0..255.
        raise MaskFileError("the mask is grey with fewer than 8 bits", remedy=_SAVE_AS_INDICES)
    raise MaskFileError(
        f"the mask is made of colours (mode {image.mode}), and colours are not read as classes",
        remedy=_remedy_for_colors(image),
    )


def _has_16_bits(image: Image.Image) -> bool:
    return image.mode == "I" or image.mode.startswith("I;16")


def _indices(image: Image.Image) -> MaskArray:
    """The indices of a decoded mask; wider values are never cut off.

    Raises:
        MaskFileError: A value is larger than an index can be, or parts are transparent.
    """
    values = np.array(image)
    if image.mode == "LA":
        if (values[..., 1] != 255).any():
            raise MaskFileError(
                "parts of the mask are transparent, and nothing says which class that is",
                remedy="Save it without transparency",
            )
        values = values[..., 0]
    if _has_16_bits(image) and values.max(initial=0) > VOID:
        raise MaskFileError(
            f"the mask has 16 bits and values up to {values.max()}, but indices end at {VOID}",
            remedy="Number the classes from 1 to 254, and use 255 for void",
        )
    return values.astype(np.uint8)


def _remedy_for_colors(image: Image.Image) -> str:
    colors = image.convert("RGB").getcolors(maxcolors=256)
    known = {voc_color(index) for index in range(256)}
    if colors is not None and all(color in known for _, color in colors):
        return f"{_SAVE_AS_INDICES}; its colours are VOC's, so a conversion with VOC's colour map is exact"
    return _SAVE_AS_INDICES


def _check_size(image: Image.Image, picture: PictureInfo) -> None:
    if image.size == (picture.width, picture.height):
        return
    reason = (
        f"the mask is {image.width} x {image.height} but the picture is {picture.width} x {picture.height}"
    )
    if picture.orientation in SWAPS_SIDES and image.size == (picture.height, picture.width):
        raise MaskFileError(
            f"{reason}; it was drawn on the picture as stored, without its EXIF rotation",
            remedy="Rotate the mask the way the picture is shown",
        )
    raise MaskFileError(reason, remedy="Give a mask of the picture's size")

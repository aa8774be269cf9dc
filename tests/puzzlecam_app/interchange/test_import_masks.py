"""Masks that people bring are read as indices, never as colours."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from db.palette import voc_palette
from puzzlecam_app.interchange.mask_files import MaskFileError, classes_in, read_index_mask
from puzzlecam_app.interchange.pictures import PictureInfo
from tests.helpers_pictures import png_header
from trainer.data.class_list import ClassList

PETS, ANIMALS = ClassList(("cat", "dog")), ClassList(("cat", "dog", "cow"))
MASK = np.array([[0, 1, 2], [255, 2, 2]], np.uint8)
PICTURE = PictureInfo(
    width=3,
    height=2,
    orientation=1,
    media_type="image/jpeg",
    mode="RGB",
    bits=8,
    has_alpha=False,
    has_more_frames=False,
)


def _encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _palette_image(mask: np.ndarray, palette: bytes = voc_palette()) -> Image.Image:
    image = Image.fromarray(mask)
    image.putpalette(palette)
    return image


def _grey_with_alpha(alpha: int) -> Image.Image:
    return Image.merge("LA", (Image.fromarray(MASK), Image.new("L", MASK.shape[::-1], alpha)))


@pytest.mark.parametrize(
    "image",
    [
        _palette_image(MASK),
        _palette_image(MASK, bytes(range(256)) * 3),
        Image.fromarray(MASK),
    ],
    ids=["VOC's palette", "any palette", "grey"],
)
def test_indices_are_read_whatever_the_colours(image: Image.Image) -> None:
    np.testing.assert_array_equal(read_index_mask(_encoded(image), PICTURE, class_list=PETS).indices, MASK)


@pytest.mark.parametrize("image", [Image.fromarray(MASK.astype(np.uint16)), _grey_with_alpha(255)])
def test_16_bits_and_an_opaque_alpha_channel_hold_indices_too(image: Image.Image) -> None:
    np.testing.assert_array_equal(read_index_mask(_encoded(image), PICTURE, class_list=PETS).indices, MASK)


def test_a_palette_of_few_bits_holds_indices_too() -> None:
    mask = np.array([[0, 1, 2], [3, 0, 1]], np.uint8)
    data = _encoded(_palette_image(mask), bits=2)
    assert data[24] == 2
    np.testing.assert_array_equal(read_index_mask(data, PICTURE, class_list=ANIMALS).indices, mask)


def test_transparency_of_the_background_does_not_matter() -> None:
    data = _encoded(_palette_image(MASK), transparency=0)
    np.testing.assert_array_equal(read_index_mask(data, PICTURE, class_list=PETS).indices, MASK)


@pytest.mark.parametrize(
    ("data", "reason", "remedy"),
    [
        (_encoded(_palette_image(MASK).convert("RGB")), "made of colours", "VOC's, so a conversion"),
        (_encoded(Image.fromarray(np.full((2, 3, 3), 77, np.uint8))), "made of colours", "palette PNG"),
        (_encoded(_palette_image(MASK).convert("RGBA")), "mode RGBA", "palette PNG"),
        (_encoded(Image.fromarray(MASK), "JPEG"), "is a JPEG file", "palette PNG"),
        (_encoded(_palette_image(MASK), "GIF"), "is a GIF file", "palette PNG"),
        (_encoded(Image.fromarray(MASK.astype(np.uint16) * 2)), "16 bits and values up to 510", "1 to 254"),
        (_encoded(_grey_with_alpha(7)), "parts of the mask are transparent", "without transparency"),
        (_encoded(Image.fromarray(MASK > 0)), "fewer than 8 bits", "palette PNG"),
        (png_header(3, 2, bits=2, color_type=0), "fewer than 8 bits", "palette PNG"),
        (_encoded(_palette_image(MASK.T.copy())), "2 x 3 but the picture is 3 x 2", "picture's size"),
        (_encoded(_palette_image(MASK))[:-40], "cannot be read", "palette PNG"),
        (b"not a picture", "cannot be read", "palette PNG"),
        (png_header(60_000, 60_000), "bomb", "palette PNG"),
    ],
)  # fmt: skip
def test_what_is_no_index_mask_is_refused_with_a_remedy(data: bytes, reason: str, remedy: str) -> None:
    with pytest.raises(MaskFileError, match=reason) as error:
        read_index_mask(data, PICTURE, class_list=PETS)
    assert remedy in str(error.value.remedy)


def test_an_index_beyond_the_class_list_is_named() -> None:
    mask = np.array([[0, 3, 1], [9, 255, 2]], np.uint8)
    with pytest.raises(MaskFileError, match="indices 3, 9, but the class list ends at 2"):
        read_index_mask(_encoded(_palette_image(mask)), PICTURE, class_list=PETS)


def test_a_mask_drawn_on_the_unturned_picture_is_told_so() -> None:
    turned = replace(PICTURE, width=2, height=3, orientation=6)
    with pytest.raises(MaskFileError, match="without its EXIF rotation"):
        read_index_mask(_encoded(_palette_image(MASK)), turned, class_list=PETS)


def test_classes_in_a_mask_leave_out_background_and_void() -> None:
    assert classes_in(MASK) == (1, 2)

"""Pictures of more than 8 bits are neither black nor flat, whatever values they hold."""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.helpers_pictures import png
from trainer.data.images import ImageReadError, open_picture, read_rgb
from trainer.data.rgb import eight_of_16_bits, stretched


def tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def grey(values: list[float], dtype: type[np.generic]) -> list[int]:
    """One row of values as the first channel of the picture that is read."""
    return read_rgb(tiff(np.array([values], dtype)))[0, :, 0].tolist()


def test_a_12_bit_picture_in_16_bits_is_not_black() -> None:
    assert grey([0, 0x800, 0xFFF], np.uint16) == [0, 128, 255]


@pytest.mark.parametrize(("highest", "shown"), [(0xFF, 255), (0x3FF, 255), (0x3FFF, 255), (0x4000, 0x40)])
def test_the_depth_is_one_that_cameras_use(highest: int, shown: int) -> None:
    assert eight_of_16_bits(np.array([0, highest], np.uint16)).tolist() == [0, shown]


def test_pictures_of_one_depth_are_scaled_alike_however_bright_they_are() -> None:
    dark, bright = (eight_of_16_bits(np.array([16, 800, top], np.uint16)) for top in (1100, 4000))
    assert dark[:2].tolist() == bright[:2].tolist()


def test_16_bit_values_close_together_are_stretched() -> None:
    assert grey([29_000, 30_000, 31_000], np.uint16) == [0, 128, 255]


def test_equal_16_bit_values_keep_their_brightness() -> None:
    assert grey([0x8000, 0x8000], np.uint16) == [0x80, 0x80]


def test_where_white_is_zero_16_bits_are_turned_round() -> None:
    assert read_rgb(tiff(np.array([[0, 0xFFFF]], np.uint16), photometric="miniswhite"))[0, :, 0].tolist() == [
        255,
        0,
    ]


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint32, np.float32])
def test_other_numbers_are_stretched_from_the_smallest_to_the_largest(dtype: type[np.generic]) -> None:
    assert grey([290, 295, 300], dtype) == [0, 128, 255]


def test_large_32_bit_numbers_without_a_sign_are_bright() -> None:
    assert grey([0, 4_000_000_000], np.uint32) == [0, 255]


def test_what_is_no_number_does_not_move_the_range() -> None:
    assert grey([290, 300, np.nan, np.inf, -np.inf], np.float32) == [0, 255, 0, 255, 0]


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf])
def test_a_picture_without_two_different_numbers_is_black(value: float) -> None:
    assert stretched(np.array([[value, value]])).tolist() == [[0, 0]]


def test_dark_16_bit_colour_is_scaled_by_its_depth_too() -> None:
    _, data = cv2.imencode(".png", np.array([[[0xFFF, 0x800, 0x10], [0, 0, 0]]], np.uint16))
    assert read_rgb(data.tobytes())[0].tolist() == [[1, 128, 255], [0, 0, 0]]


def test_dark_16_bit_colour_of_a_turned_tiff_is_upright() -> None:
    values = np.zeros((2, 3, 3), np.uint16)
    values[0, 0] = 0xFFF
    rgb = read_rgb(tiff(values, photometric="rgb", extratags=[(274, "H", 1, 3, True)]))
    assert (rgb[1, 2] > 0).all()
    assert rgb[0, 0].tolist() == [0, 0, 0]


def test_transparent_16_bit_pixels_are_white() -> None:
    rows = b"\0" + struct.pack(">4H", 100, 0xFFFF, 3000, 0)
    assert read_rgb(png(2, 1, 16, 4, rows))[0, :, 0].tolist() == [100 >> 4, 255]


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3)])
def test_a_16_bit_value_that_means_transparent_is_white(color_type: int, channels: int) -> None:
    rows = b"\0" + struct.pack(f">{2 * channels}H", *[100] * channels, *[3000] * channels)
    hidden = (b"tRNS", struct.pack(f">{channels}H", *[100] * channels))
    assert read_rgb(png(2, 1, 16, color_type, rows, hidden))[0, :, 0].tolist() == [255, 3000 >> 4]


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (np.zeros((4, 4, 3), np.uint16), {"photometric": "rgb", "planarconfig": "separate"}),
        (np.zeros((4, 4, 3), np.uint8), {"photometric": "cielab"}),
    ],
)
def test_colours_that_cannot_be_converted_are_refused_when_the_file_is_opened(
    values: np.ndarray, options: dict[str, str]
) -> None:
    data = tiff(values, **options)
    with pytest.raises(ImageReadError, match="cannot be converted") as error, open_picture(data):
        pass
    assert "Save it as RGB" in str(error.value)


def test_a_long_thin_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(100_000_000, 1, 8, 0, b""))
    with pytest.raises(ImageReadError, match="a side is longer than 32767"):
        read_rgb(path)


def test_a_picture_of_the_longest_side_is_read(tmp_path: Path) -> None:
    Image.new("L", (32_767, 1)).save(tmp_path / "a.png")
    assert read_rgb(tmp_path / "a.png").shape == (1, 32_767, 3)

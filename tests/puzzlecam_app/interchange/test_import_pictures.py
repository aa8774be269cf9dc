"""Pictures are read as people see them, or refused with a reason."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from puzzlecam_app.interchange.pictures import PictureError, load_upright_rgb, verify_picture
from tests.helpers_pictures import exif, jpeg_bytes, pixels, png_16_bit_rgb, png_header, save

# What a camera held that way stores, so that turning it as EXIF says gives the scene back.
STORED = {
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: scene.transpose(1, 0, 2)[::-1],
    7: lambda scene: scene.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda scene: scene.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_a_turned_picture_is_read_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    scene = pixels(width=5, height=3)
    path = tmp_path / f"a{suffix}"
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](scene)))
    stored.save(path, exif=exif(orientation), **({"lossless": True} if suffix == ".webp" else {}))

    np.testing.assert_array_equal(load_upright_rgb(path), scene)
    info = verify_picture(path)
    assert (info.width, info.height, info.orientation) == (5, 3, orientation)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path, orientation: int) -> None:
    path = save(tmp_path / "a.jpg", 16, 8, exif=exif(orientation))
    assert load_upright_rgb(path).shape == (8, 16, 3)
    assert verify_picture(path).orientation == 1


MODES = {
    ".jpg": ["L", "RGB", "CMYK"],
    ".png": ["1", "L", "LA", "P", "RGB", "RGBA"],
    ".webp": ["L", "RGB", "RGBA"],
    ".tif": ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"],
    ".gif": ["1", "L", "P"],
    ".bmp": ["1", "L", "P", "RGB", "RGBA"],
}


@pytest.mark.parametrize(("suffix", "mode"), [(suffix, mode) for suffix in MODES for mode in MODES[suffix]])
def test_every_mode_becomes_rgb_of_the_size_that_was_promised(tmp_path: Path, mode: str, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", 7, 5, mode=mode)
    rgb = load_upright_rgb(path)
    info = verify_picture(path)
    assert (rgb.dtype, rgb.shape) == (np.uint8, (info.height, info.width, 3))


def test_transparent_parts_are_white_and_not_what_hides_below(tmp_path: Path) -> None:
    rgba = np.zeros((1, 2, 4), np.uint8)
    rgba[0, 0] = (200, 0, 0, 0)
    rgba[0, 1] = (200, 0, 0, 255)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_upright_rgb(tmp_path / "a.png"), [[[255, 255, 255], [200, 0, 0]]])
    assert verify_picture(tmp_path / "a.png").has_alpha


def test_a_transparent_palette_entry_is_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.gif", transparency=0)
    np.testing.assert_array_equal(load_upright_rgb(tmp_path / "a.gif"), [[[255] * 3, [40, 50, 60]]])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_of_16_bit_grey_the_upper_half_is_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.array([[0x00FF, 0x8000, 0xFFFF]], np.uint16)).save(path)
    np.testing.assert_array_equal(load_upright_rgb(path)[0, :, 0], [0, 128, 255])
    assert verify_picture(path).bits == 16


def test_of_16_bit_colour_too() -> None:
    data = png_16_bit_rgb()
    np.testing.assert_array_equal(load_upright_rgb(data)[0, 0], [0x12, 0x80, 0xFF])
    assert verify_picture(data).bits == 16


def test_floating_point_is_stretched_and_survives_what_is_no_number(tmp_path: Path) -> None:
    Image.fromarray(np.array([[-1.0, 0.0, 1.0, np.nan]], np.float32)).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(load_upright_rgb(tmp_path / "a.tif")[0, :, 0], [0, 128, 255, 128])
    Image.fromarray(np.full((2, 2), 7.0, np.float32)).save(tmp_path / "flat.tif")
    assert load_upright_rgb(tmp_path / "flat.tif").max() == 0


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, suffix: str) -> None:
    black, white = (Image.new("RGB", (4, 3), colour) for colour in ("black", "white"))
    black.save(tmp_path / f"a{suffix}", save_all=True, append_images=[white])
    assert load_upright_rgb(tmp_path / f"a{suffix}").max() <= 2
    assert verify_picture(tmp_path / f"a{suffix}").has_more_frames


def test_the_preview_in_a_phones_picture_is_no_second_frame(tmp_path: Path) -> None:
    image = Image.fromarray(pixels())
    image.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[image.resize((4, 3))])
    info = verify_picture(tmp_path / "a.jpg")
    assert (info.media_type, info.has_more_frames) == ("image/mpo", False)


@settings(deadline=None, max_examples=30)
@given(kept=st.floats(0.3, 0.95), suffix=st.sampled_from(["JPEG", "PNG", "BMP", "TIFF", "WEBP"]))
def test_a_picture_cut_short_is_never_taken(kept: float, suffix: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels(64, 48)).save(buffer, suffix)
    data = buffer.getvalue()[: int(len(buffer.getvalue()) * kept)]
    with pytest.raises(PictureError):
        verify_picture(data)
    with pytest.raises(PictureError):
        load_upright_rgb(data)


@settings(deadline=None, max_examples=100)
@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_wrong_byte_leads_to_an_error_for_people_or_to_a_picture(position: int, value: int) -> None:
    data = bytearray(jpeg_bytes(24, 16))
    data[position % len(data)] = value
    try:
        info = verify_picture(bytes(data))
        rgb = load_upright_rgb(bytes(data))
    except PictureError:
        return
    assert rgb.shape == (info.height, info.width, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (png_header(20_000, 20_000), "decompression bomb"),
        (png_header(60_000, 60_000), "decompression bomb"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_remedy(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason) as error:
        verify_picture(data)
    assert error.value.remedy


def test_the_cap_is_the_callers() -> None:
    data = jpeg_bytes(64, 48)
    with pytest.raises(PictureError, match="64 x 48 pixels are more than 3071"):
        load_upright_rgb(data, max_pixels=64 * 48 - 1)
    assert load_upright_rgb(data, max_pixels=64 * 48).shape == (48, 64, 3)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.jpg: the file is missing"):
        load_upright_rgb(tmp_path / "gone.jpg")

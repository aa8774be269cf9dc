from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.images import ImageReadError, read_rgb
from trainer.data.unreadable import unreadable_images
from trainer.data.voc import VocDataset


def saved(path: Path, array: np.ndarray, **keywords: object) -> Path:
    Image.fromarray(array).save(path, **keywords)
    return path


def test_a_rotated_photograph_comes_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    path = saved(tmp_path / "a.png", np.zeros((2, 5, 3), np.uint8), exif=exif)
    assert read_rgb(path).shape == (5, 2, 3)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new("RGB", (3, 2), (255, 255, 255)).convert(mode).save(path)
    picture = read_rgb(path)
    assert (picture.shape, picture.dtype) == ((2, 3, 3), np.uint8)
    assert picture.min() == 255


def test_sixteen_bit_grey_keeps_its_upper_eight(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.full((1, 1), 0x8000, dtype=np.uint16))
    assert read_rgb(path).tolist() == [[[0x80, 0x80, 0x80]]]


def test_one_pixel_is_a_picture(tmp_path: Path) -> None:
    assert read_rgb(saved(tmp_path / "a.jpg", np.zeros((1, 1, 3), np.uint8)), at_least_side=320).shape == (
        1,
        1,
        3,
    )


def test_forty_megapixels_are_read_at_the_size_that_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (8000, 5000)).save(path, quality=10)
    height, width = read_rgb(path, at_least_side=640).shape[:2]
    assert 640 <= max(height, width) <= 1280
    assert width / height == pytest.approx(1.6, rel=0.01)


def test_a_picture_beyond_the_limit_of_the_studio_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUZZLECAM_MAX_IMAGE_PIXELS", "5")
    with pytest.raises(ImageReadError, match="3 x 2 pixels are more than"):
        read_rgb(saved(tmp_path / "a.png", np.zeros((2, 3, 3), np.uint8)))


def test_bad_files_are_found_with_their_reason(make_voc: Callable[..., Path]) -> None:
    root = make_voc(pictures=4)
    pictures = root / "JPEGImages"
    (pictures / "p0.png").write_bytes((pictures / "p0.png").read_bytes()[:200])
    (pictures / "p1.png").write_text("no picture", encoding="utf-8")
    (pictures / "p2.png").unlink()
    reasons = unreadable_images(VocDataset(root, "train"))
    assert list(reasons) == ["p0", "p1", "p2"]
    assert "p0.png cannot be read" in reasons["p0"]
    assert "p2.jpg cannot be read: the file is missing" in reasons["p2"]

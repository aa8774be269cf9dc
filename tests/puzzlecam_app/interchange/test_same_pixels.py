"""A model learns from the pixels that people see: one reader for the studio and the trainer."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from puzzlecam_app import display
from puzzlecam_app.interchange.pictures import load_upright_rgb
from puzzlecam_app.items import read_item
from puzzlecam_app.runs.dataset_folder import write_dataset
from puzzlecam_app.runs.snapshot import take_snapshot
from tests.helpers_pictures import Import, Studio, exif, pixels, png
from trainer.data.folder import open_dataset
from trainer.data.images import read_rgb


def transparent(path: Path) -> None:
    rgba = np.dstack([pixels(), np.tile(np.arange(0, 256, 32, dtype=np.uint8), (6, 1))])
    Image.fromarray(rgba).save(path)


def values(dtype: type[np.generic], *numbers: float) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(np.array([numbers], dtype)).save(path)


def of_mode(mode: str, **options: object) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(pixels()).convert(mode).save(path, **options)


def dark_16_bit_colour(path: Path) -> None:
    path.write_bytes(png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 0xFFF, 0x800, 0, 0, 0x80, 0x10)))


KINDS: dict[str, Callable[[Path], None]] = {
    "transparent.png": transparent,
    "transparent.webp": transparent,
    "transparent.tif": transparent,
    "grey_alpha.png": of_mode("LA"),
    "palette.png": of_mode("P", transparency=3),
    "palette.gif": of_mode("P", transparency=3),
    "bitmap.bmp": of_mode("1"),
    "cmyk.jpg": of_mode("CMYK"),
    "turned.jpg": of_mode("RGB", exif=exif(6)),
    "turned.png": of_mode("RGB", exif=exif(7)),
    "turned.tif": of_mode("RGB", exif=exif(5)),
    "float.tif": values(np.float32, 290, 295, 300, np.nan, np.inf),
    "int.tif": values(np.int32, -7, 70_000, 140_000),
    "16.png": values(np.uint16, 0, 40_000, 65_535),
    "12_in_16.png": values(np.uint16, 0, 2048, 4095),
    "12_in_16.tif": values(np.uint16, 0, 2048, 4095),
    "colour_12_in_16.png": dark_16_bit_colour,
}


@pytest.mark.parametrize("name", KINDS)
def test_labeler_browser_and_trainer_see_the_same_pixels(
    name: str, tmp_path: Path, studio: Studio, run: Import
) -> None:
    folder = tmp_path / "in" / "cat"
    folder.mkdir(parents=True)
    KINDS[name](folder / name)

    trained = read_rgb(folder / name)
    np.testing.assert_array_equal(load_upright_rgb(folder / name), trained)
    assert trained.max() > 200, "the picture is black"

    run(tmp_path / "in")
    with studio.database.read() as session:
        item, snapshot = read_item(session, 1), take_snapshot(session, 1)
    write_dataset(snapshot, studio.masks, tmp_path / "run")
    (of_run,) = open_dataset(tmp_path / "run", "all").images
    np.testing.assert_array_equal(read_rgb(of_run.path), trained)

    shown, media_type = display.picture(item, tmp_path / "cache", 10**6)
    assert media_type in {"image/png", "image/jpeg", "image/webp"}
    with Image.open(io.BytesIO(shown) if isinstance(shown, bytes) else shown) as browser:
        assert browser.mode in {"RGB", "L"}
        np.testing.assert_array_equal(np.asarray(browser.convert("RGB")), trained)

"""Saliency maps: where they come from, what is refused, and what they change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from trainer.data.dataset import TaggedImage
from trainer.data.saliency import (
    SaliencyError,
    check_saliency,
    saliency_fingerprint,
    saliency_of,
    spectral_residual,
)
from trainer.masks.pseudo_labels import salient_maps
from trainer.saliency_config import SaliencyConfig


def with_a_spot() -> np.ndarray:
    """A rough surface with a smooth spot."""
    image = np.random.default_rng(0).integers(80, 121, (96, 128, 3), dtype=np.uint8)
    image[60:72, 80:96] = (250, 40, 40)
    return image


def stored(folder: Path, name: str, pixels: np.ndarray) -> TaggedImage:
    Image.fromarray(pixels).save(folder / f"{name}.png")
    return TaggedImage(name, folder / f"{name}.png", (1,))


def test_the_spectral_residual_is_largest_at_the_spot() -> None:
    found = spectral_residual(with_a_spot())
    assert found.dtype == np.float32
    assert found.shape == (96, 128)
    assert (found.min(), found.max()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.05))
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 54 <= row <= 78
    assert 74 <= column <= 102


def test_it_follows_the_definition_on_a_picture_of_the_working_size() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    shifted = np.arange(64)[:, None] * np.arange(64)[None]
    fourier = np.exp(-2j * np.pi * shifted / 64)
    spectrum = fourier @ grey.astype(float) @ fourier
    log = np.log(np.abs(spectrum) + 1e-8)
    padded = np.pad(log, 1, mode="reflect")
    mean = sum(padded[y : y + 64, x : x + 64] for y in range(3) for x in range(3)) / 9
    turned = np.exp(log - mean) * spectrum / np.abs(spectrum)
    back = np.abs(fourier.conj() @ turned @ fourier.conj() / 64**2) ** 2
    found = spectral_residual(np.repeat(grey[..., None], 3, axis=2))
    # Smoothing keeps the order of far apart places: compare means of quarters.
    quarters = [
        [part.mean() for half in np.vsplit(maps, 2) for part in np.hsplit(half, 2)] for maps in (back, found)
    ]
    assert np.argsort(quarters[0]).tolist() == np.argsort(quarters[1]).tolist()


def test_a_picture_of_one_colour_stands_out_nowhere() -> None:
    assert not spectral_residual(np.full((5, 900, 3), 7, np.uint8)).any()


def test_a_folder_gives_grey_maps_between_0_and_1(tmp_path: Path) -> None:
    image = stored(tmp_path, "a", with_a_spot())
    maps = tmp_path / "maps"
    maps.mkdir()
    grey = np.arange(96 * 128, dtype=np.uint32).reshape(96, 128) % 256
    Image.fromarray(grey.astype(np.uint8)).save(maps / "a.png")
    config = SaliencyConfig(source="folder", folder=maps)
    check_saliency(config, [image])
    found = saliency_of(config, image, with_a_spot())
    assert found is not None
    np.testing.assert_allclose(found, grey / 255, atol=1e-6)
    assert saliency_of(SaliencyConfig(), image, with_a_spot()) is None


def test_missing_maps_and_maps_of_another_size_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    images = [stored(tmp_path, name, with_a_spot()) for name in ("a", "b")]
    maps = tmp_path / "maps"
    maps.mkdir()
    config = SaliencyConfig(source="folder", folder=maps)
    Image.new("L", (128, 96)).save(maps / "a.png")
    with pytest.raises(SaliencyError, match=r"no saliency map of 1 of 2 pictures, first b\.png"):
        check_saliency(config, images)
    before = saliency_fingerprint(config, images)
    Image.new("L", (96, 128)).save(maps / "b.png")
    assert saliency_fingerprint(config, images) != before
    with pytest.raises(SaliencyError, match="96 x 128 pixels, but its picture, upright, has 128 x 96"):
        check_saliency(config, images)
    (maps / "b.png").write_bytes(b"no picture")
    with pytest.raises(SaliencyError, match="cannot be read"):
        check_saliency(config, images)


@pytest.mark.parametrize("values", [{"source": "folder"}, {"source": "classical", "folder": "maps"}])
def test_a_folder_is_named_where_it_is_read_and_only_there(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"needs saliency\.folder"):
        SaliencyConfig.model_validate(values)


def test_cells_that_do_not_stand_out_lose_all_classes() -> None:
    maps = np.full((2, 2, 3), 0.5, np.float32)
    saliency = np.zeros((4, 6), np.float32)
    saliency[:2, :2] = 1
    saliency[2, 2] = 0.4  # a quarter of its cell: 0.1 in the mean
    found = salient_maps(maps, saliency, 0.1)
    np.testing.assert_array_equal(found[0], [[0.5, 0, 0], [0, 0.5, 0]])
    np.testing.assert_array_equal(salient_maps(maps, None, 0.1), maps)

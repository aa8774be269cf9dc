from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.errors import ArtifactError
from trainer.run.map_storage import ClassMaps, load_maps, save_maps


def test_maps_come_back_with_classes_and_size(tmp_path: Path) -> None:
    maps = np.random.default_rng(0).random((2, 3, 4), dtype=np.float32)
    save_maps(tmp_path / "a" / "b.safetensors", ClassMaps((3, 7), (12, 16), maps))
    stored = load_maps(tmp_path / "a" / "b.safetensors")
    assert (stored.class_indices, stored.image_size) == ((3, 7), (12, 16))
    np.testing.assert_allclose(stored.maps_khw, maps, atol=5e-4)


def test_a_picture_without_tags_has_no_maps(tmp_path: Path) -> None:
    save_maps(tmp_path / "a.safetensors", ClassMaps((), (12, 16), np.zeros((0, 3, 4), np.float32)))
    assert load_maps(tmp_path / "a.safetensors").maps_khw.shape == (0, 3, 4)


@pytest.mark.parametrize("data", [None, b"", b"rubbish"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "a.safetensors"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ArtifactError, match=r"a\.safetensors"):
        load_maps(path)


def test_classes_that_do_not_fit_the_maps_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_maps(path, ClassMaps((1,), (2, 2), np.zeros((2, 1, 1), np.float32)))
    with pytest.raises(ArtifactError, match="do not fit together"):
        load_maps(path)

"""Stored CAMs: what comes back, and what happens to broken files."""

import os
from pathlib import Path

import numpy as np
import pytest

from trainer.cams.compute import CamResult
from trainer.cams.storage import load_cams, save_cams
from trainer.errors import ArtifactError
from trainer.machine.durable_write import write_atomic


@pytest.fixture
def result():
    maps = np.linspace(0, 1, 2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
    return CamResult(
        class_names=("cat", "sofa"),
        image_size=(12, 16),
        cams_khw=maps,
        whole_khw=maps / 2,
        tiled_khw=maps / 4,
        disagreement_k=np.array([0.25, 0.5], dtype=np.float32),
        weak_k=np.array([False, True]),
        tiles_per_side=2,
        identity="model+settings",
    )


def test_cams_come_back_with_float16_precision(tmp_path, result):
    path = tmp_path / "cache" / "picture.safetensors"
    save_cams(path, result)
    loaded = load_cams(path)
    for name in ("cams_khw", "whole_khw", "tiled_khw"):
        assert getattr(loaded, name).dtype == np.float32
        np.testing.assert_allclose(getattr(loaded, name), getattr(result, name), atol=5e-4)
    np.testing.assert_allclose(loaded.disagreement_k, result.disagreement_k)
    assert loaded.weak_k.tolist() == [False, True]
    for name in ("class_names", "image_size", "tiles_per_side", "identity"):
        assert getattr(loaded, name) == getattr(result, name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"nowhere\.safetensors does not exist"):
        load_cams(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_a_damaged_file_is_named(tmp_path, result, damage):
    path = tmp_path / "picture.safetensors"
    save_cams(path, result)
    content = path.read_bytes()
    path.write_bytes({"cut": content[: len(content) // 2], "garbage": b"\x80\x04" * 40, "empty": b""}[damage])
    with pytest.raises(ArtifactError, match=r"picture\.safetensors is damaged.*compute the maps again"):
        load_cams(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"cams": np.zeros((1, 1, 1), np.float16)}, tmp_path / "other.safetensors")
    with pytest.raises(ArtifactError, match="not a CAM file"):
        load_cams(tmp_path / "other.safetensors")


def test_a_write_cut_short_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "picture.bin"
    write_atomic(path, b"old")

    def disk_full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in Path(tmp_path).iterdir()] == ["picture.bin"]

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer.run.checkpoints import CheckpointError, load_tensors, read_header, save_tensors

TENSORS = {
    "weight": torch.arange(6, dtype=torch.float32).reshape(2, 3).T,
    "count": torch.tensor(3),
    "short": torch.ones(2, dtype=torch.bfloat16),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "a.safetensors"
    save_tensors(path, "test", {"classes": ["cat"]}, TENSORS)
    return path


def test_tensors_and_header_come_back(path: Path) -> None:
    stored = load_tensors(path, "test")
    assert stored.header["classes"] == ["cat"]
    for name, tensor in TENSORS.items():
        assert stored.tensors[name].dtype == tensor.dtype
        torch.testing.assert_close(stored.tensors[name], tensor)
    assert read_header(path, "test") == stored.header


def test_equal_tensors_give_equal_hashes(path: Path, tmp_path: Path) -> None:
    save_tensors(tmp_path / "b.safetensors", "test", {}, TENSORS)
    assert read_header(path, "test")["sha256"] == read_header(tmp_path / "b.safetensors", "test")["sha256"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        load_tensors(tmp_path / "none.safetensors", "test")


def test_a_truncated_file_is_reported(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(
        CheckpointError, match=r"a\.safetensors is damaged.*delete a\.safetensors and run again"
    ):
        load_tensors(path, "test")


def test_a_flipped_bit_is_noticed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="does not match its hash"):
        load_tensors(path, "test")


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    with pytest.raises(CheckpointError, match="is of kind 'test'"):
        load_tensors(path, "other")


@pytest.mark.parametrize("data", [b"", b"not a tensor file at all"])
def test_something_else_is_no_checkpoint(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="is damaged"):
        load_tensors(path, "test")

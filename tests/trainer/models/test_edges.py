"""A stored edge branch: the same edges after loading, and edges that lie on the CAMs."""

import numpy as np
import pytest
import torch

from trainer.machine.device import choose_device
from trainer.models.edges import KIND, EdgeModel, load_edge_model, save_edge_network
from trainer.nn.affinity import EdgeNetwork
from trainer.nn.encoders import build_encoder
from trainer.recipes import load_recipe
from trainer.run.checkpoints import CheckpointError, save_tensors


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    torch.manual_seed(0)
    network = EdgeNetwork(build_encoder("lite0")).eval()
    path = tmp_path_factory.mktemp("models") / "affinity.safetensors"
    save_edge_network(path, network, load_recipe("tiny"))
    return path, network


def picture(height=45, width=60):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_loading_gives_the_same_edges(stored):
    path, network = stored
    loaded = load_edge_model(path, "cpu").edges(picture(), (12, 15))
    expected = EdgeModel(network, choose_device("cpu")).edges(picture(), (12, 15))
    assert loaded.shape == (12, 15)
    assert loaded.dtype == np.float32
    np.testing.assert_allclose(loaded, expected, atol=1e-5)
    assert 0 < loaded.min() < loaded.max() < 1


def test_the_mirror_image_has_mirrored_edges(stored):
    model = load_edge_model(stored[0], "cpu")
    mirrored = np.ascontiguousarray(picture()[:, ::-1])
    np.testing.assert_allclose(
        model.edges(mirrored, (12, 15)), model.edges(picture(), (12, 15))[:, ::-1], atol=1e-4
    )


def test_a_single_pixel_has_an_edge_map(stored):
    assert load_edge_model(stored[0], "cpu").edges(picture(1, 1), (1, 1)).shape == (1, 1)


def test_missing_damaged_and_foreign_files_are_told_apart(stored, tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        load_edge_model(tmp_path / "none.safetensors")
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(stored[0].read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        load_edge_model(damaged)
    foreign = tmp_path / "foreign.safetensors"
    save_tensors(foreign, "puzzlecam-classifier", {}, {"weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="puzzlecam-classifier"):
        load_edge_model(foreign)
    other = tmp_path / "other.safetensors"
    save_tensors(other, KIND, {"backbone": "lite0", "output_stride": 16}, {"weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="do not match its header"):
        load_edge_model(other)

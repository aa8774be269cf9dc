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


def test_a_large_picture_has_displacements_in_every_cell_and_the_mean_is_gone(tmp_path):
    torch.manual_seed(0)
    network = EdgeNetwork(build_encoder("lite0"), displacement=True)
    assert network.displacement is not None
    path = tmp_path / "affinity.safetensors"
    save_edge_network(path, network, load_recipe("tiny"))
    plain = load_edge_model(path, "cpu").displacements(picture(90, 620), (20, 150))
    assert plain.shape == (2, 20, 150)  # no fixed size that cuts off what is beyond 512 pixels
    assert np.abs(plain[:, :, 130:]).max() > 0
    network.displacement.mean.copy_(torch.tensor([1.0, -2.0]))
    save_edge_network(path, network, load_recipe("tiny"))
    moved = load_edge_model(path, "cpu").displacements(picture(90, 620), (20, 150))
    np.testing.assert_allclose(
        plain - moved, np.array([1, -2])[:, None, None] * np.ones_like(plain), atol=1e-4
    )
    network.train()
    assert not network.encoder.training


def test_an_edge_branch_alone_has_no_displacements(stored):
    model = load_edge_model(stored[0], "cpu")
    assert not model.has_displacements
    with pytest.raises(ValueError, match=r"affinity\.displacement"):
        model.displacements(picture(), (12, 15))


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

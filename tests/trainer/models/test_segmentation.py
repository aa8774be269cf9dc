"""A stored segmentation network: the same logits after loading, summed over scales and mirror images."""

import numpy as np
import pytest
import torch

from trainer.models.segmentation import KIND, load_segmentation_model, save_segmentation_network
from trainer.nn.encoders import build_encoder
from trainer.nn.segmentation import SegmentationNetwork
from trainer.recipes import load_recipe
from trainer.run.checkpoints import CheckpointError, save_tensors


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    torch.manual_seed(0)
    network = SegmentationNetwork(build_encoder("lite0"), 3).eval()
    path = tmp_path_factory.mktemp("models") / "segment.safetensors"
    save_segmentation_network(path, network, load_recipe("tiny"), ["cat", "dog"])
    return path, network


@pytest.fixture(scope="module")
def model(stored, exact_cpu):
    return load_segmentation_model(stored[0], exact_cpu)


def picture(height=45, width=60):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_loading_keeps_classes_and_function(stored, model):
    _, network = stored
    assert model.class_names == ("cat", "dog")
    grey = np.full((32, 32, 3), 128, np.uint8)
    value = (128 / 255 - 0.5) / 0.5
    with torch.no_grad():
        expected = network(torch.full((1, 3, 32, 32), value))[0]
    torch.testing.assert_close(model.logits(grey, scales=(1.0,), flip=False), expected, atol=1e-3, rtol=1e-3)


def test_logits_are_summed_over_scales(model):
    both = model.logits(picture(), scales=(1.0, 0.5), flip=False)
    parts = [model.logits(picture(), scales=(scale,), flip=False) for scale in (1.0, 0.5)]
    assert both.shape == (3, 45, 60)
    torch.testing.assert_close(both, parts[0] + parts[1])


def test_the_mirror_image_has_mirrored_logits(model):
    mirrored = np.ascontiguousarray(picture()[:, ::-1])
    torch.testing.assert_close(
        model.logits(mirrored, scales=(1.0,)),
        model.logits(picture(), scales=(1.0,)).flip(-1),
        atol=1e-3,
        rtol=1e-3,
    )


def test_large_pictures_are_looked_at_small(model):
    assert model.logits(picture(90, 120), scales=(1.0,), max_side=40).shape == (3, 30, 40)


def test_a_file_that_contradicts_its_header_is_named(tmp_path):
    path = tmp_path / "segment.safetensors"
    save_tensors(path, KIND, {"backbone": "lite0"}, {"weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"segment\.safetensors do not match its header"):
        load_segmentation_model(path)

"""The directions of ICD, learned from pictures on disk, against numpy on the same features."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from trainer.benchmarks.photographs import photographs
from trainer.classify_config import ClassifyConfig, IcdConfig
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.data.superpixels import superpixels
from trainer.data.transforms import normalized_tensor
from trainer.machine.device import choose_device
from trainer.nn.encoders import build_encoder
from trainer.nn.icd import IcdNetwork
from trainer.training.icd_directions import learn_directions


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> TaggedDataset:
    """Two pictures of a cat, one with cat and cup, none of a dog."""
    root = tmp_path_factory.mktemp("pictures")
    cat, cup = photographs((64, 64))[:2]
    images = []
    for name, pixels, tags in (("a", cat, (1,)), ("b", cat[::-1], (1,)), ("c", cup, (1, 2))):
        path = root / f"{name}.png"
        Image.fromarray(np.ascontiguousarray(pixels)).save(path)
        images.append(TaggedImage(name, path, tags))
    return TaggedDataset(root, "train", ("cat", "cup", "dog"), images)


def test_the_direction_is_the_first_axis_of_single_tag_pictures_towards_the_cams(
    dataset: TaggedDataset,
) -> None:
    torch.manual_seed(0)
    config = ClassifyConfig(method="icd", icd=IcdConfig(width=8), batch_statistics="frozen")
    network = IcdNetwork(build_encoder("lite0"), 3, config).train()
    learn_directions(network, dataset, choose_device("cpu"), 64)
    assert network.training
    network.eval()
    spec = network.encoder.spec
    with torch.no_grad():
        pictures = [
            normalized_tensor(np.asarray(Image.open(image.path)), spec.mean, spec.std)
            for image in dataset.images[:2]
        ]
        features = torch.cat([network.last_features(one) for one in pictures])
        cams = network.classifier(features)[:, 0].relu().flatten().numpy()
    cells = features.movedim(1, -1).reshape(-1, features.shape[1]).double().numpy()
    moved = cells - cells.mean(0)
    standard = moved / np.where(moved.std(0) > 1e-6, moved.std(0), 1.0)
    axis = np.linalg.svd(standard, full_matrices=False)[2][0]
    direction = network.directions[0].numpy()
    assert abs(direction @ axis) > 0.99
    scores = standard @ direction
    assert cams[scores > 0].mean() >= cams[scores < 0].mean()
    assert not network.directions[1:].any()


def test_superpixels_are_few_and_follow_colours() -> None:
    halves = np.zeros((40, 60, 3), np.uint8)
    halves[:, 30:] = 255
    pieces = superpixels(halves, 10)
    assert pieces[20, 10] != pieces[20, 50]
    assert pieces.dtype == np.uint8
    photograph = photographs((96, 128))[0]
    assert 2 <= superpixels(photograph, 20).max() + 1 <= 20

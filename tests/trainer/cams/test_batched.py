"""Maps of several pictures at once are those of one picture after another."""

import numpy as np
import pytest
import torch

from trainer.cams.batched import PictureRequest, batched_cams
from trainer.cams.config import CamConfig
from trainer.cams.sources import CamSource, CamSources
from trainer.cams.trained import TrainedClassifier
from trainer.classify_config import ClassifyConfig
from trainer.masks.pseudo_labels import threshold_labels
from trainer.nn.encoders import build_encoder
from trainer.nn.methods import build_classifier

SIZES = ((75, 100), (100, 75), (75, 100), (66, 90), (40, 41), (1, 30), (75, 100))
NAMES = ("cat", "dog", "cow")


class CountingClassifier(TrainedClassifier):
    """Notes the shapes of what passes the network."""

    def features(self, images):
        self.shapes.append(tuple(images.shape))
        return super().features(images)


def _classifier(exact_cpu, seed, power=0.0):
    torch.manual_seed(seed)
    encoder = build_encoder("lite0", output_stride=16)
    network = build_classifier(encoder, len(NAMES), ClassifyConfig())
    made = CountingClassifier(network, NAMES, exact_cpu, f"random-{seed}", power)
    made.shapes = []
    return made


@pytest.fixture(scope="module")
def sources(exact_cpu):
    classifiers = _classifier(exact_cpu, 0, power=2.0), _classifier(exact_cpu, 1)
    config = CamConfig(scales=(0.5, 1.0, 1.5))
    return CamSources([CamSource(classifiers[0], 0.7), CamSource(classifiers[1], 0.3)], config)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


TAGS = (("cat",), ("dog", "cow"), ("cow",), NAMES, (), ("cat",), ("horse", "dog"))


@pytest.mark.parametrize("most", [1, 2, 8])
def test_ragged_pictures_have_the_maps_that_they_have_alone(sources, pictures, most):
    requests = [PictureRequest.of(sources, *one) for one in zip(pictures, TAGS, strict=True)]
    together = batched_cams(sources, requests, torch.device("cpu"), most)
    for maps, picture, tags in zip(together, pictures, TAGS, strict=True):
        alone = sources.multi_scale(picture, tags)
        assert maps.shape == alone.shape
        np.testing.assert_allclose(maps.numpy(), alone, atol=2e-4)
        size = picture.shape[:2]
        agree = threshold_labels(maps.numpy(), 0.45, size) == threshold_labels(alone, 0.45, size)
        assert agree.mean() >= 0.999


def test_views_of_one_size_pass_the_network_together(sources, pictures):
    first = sources.first
    requests = [PictureRequest.of(sources, *one) for one in zip(pictures, TAGS, strict=True)]
    first.shapes.clear()
    batched_cams(sources, requests, torch.device("cpu"), 8)
    at_full_size = [shape[0] for shape in first.shapes if shape[2:] == (96, 128)]
    assert at_full_size == [6]  # three pictures of 75 x 100 and their mirror images
    assert sum(shape[0] for shape in first.shapes) == 3 * 2 * len(pictures)


def test_the_batch_is_limited(sources, pictures):
    first = sources.first
    requests = [PictureRequest.of(sources, *one) for one in zip(pictures, TAGS, strict=True)]
    first.shapes.clear()
    batched_cams(sources, requests, torch.device("cpu"), 2)
    assert max(shape[0] for shape in first.shapes) == 4


def test_no_pictures_are_no_maps(sources):
    assert batched_cams(sources, [], torch.device("cpu"), 4) == []

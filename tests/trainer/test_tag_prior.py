"""The prior of a picture's tags is the probability that the classifier was trained to give."""

import numpy as np
import torch

from trainer.data.transforms import normalized_tensor, resize_image
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.tag_prior import log_tag_probabilities
from trainer.trained import TrainedClassifier


def test_it_is_that_of_the_pooled_maps_of_the_picture_and_its_mirror_image(exact_cpu):
    torch.manual_seed(0)
    network = CamNetwork(build_encoder("lite0"), 2).eval()
    picture = np.random.default_rng(0).integers(0, 255, (48, 96, 3), dtype=np.uint8)
    small = normalized_tensor(resize_image(picture, (32, 64)), 0.5, 0.5)
    with torch.no_grad():
        logits = [network(view).mean(dim=(0, 2, 3)) for view in (small, small.flip(-1))]
    expected = torch.sigmoid((logits[0] + logits[1]) / 2 - 3.0)

    classifier = TrainedClassifier(network, ("cat", "dog"), exact_cpu, "test")
    found = log_tag_probabilities(classifier, picture, side=64, logit_offset=-3.0)
    torch.testing.assert_close(found.exp(), expected, rtol=1e-3, atol=1e-6)
    assert (found <= 0).all()

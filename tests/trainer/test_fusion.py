"""Folded batch normalisation computes the same."""

import pytest
import timm
import torch
from torch import nn

from trainer.nn.fusion import fold_batch_norm


def _with_lively_statistics(network):
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) * 0.1)
            module.running_var.copy_(torch.rand(module.num_features, generator=generator) + 0.5)
    return network.eval()


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18"])
def test_the_network_computes_the_same_without_batch_normalisation(name):
    network = _with_lively_statistics(timm.create_model(name, pretrained=False))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        before = network.forward_features(images)
        fold_batch_norm(network)
        after = network.forward_features(images)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_a_normalisation_that_follows_no_convolution_stays():
    network = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)).eval()
    fold_batch_norm(network)
    assert isinstance(network[1], nn.BatchNorm2d)


def test_a_network_in_training_is_refused():
    with pytest.raises(ValueError, match="evaluation mode"):
        fold_batch_norm(nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainer.config import BackboneConfig
from trainer.nn.classifier import CamNetwork, class_logits, init_head_from_imagenet
from trainer.nn.encoders import Encoder
from trainer.nn.normalization import keep_frozen, set_normalization
from trainer.pretrained.encoders import load_encoder
from trainer.training_config import BatchStatistics


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(BackboneConfig(name="lite0"))


def test_maps_are_the_weighted_features_of_equation_1(encoder: Encoder) -> None:
    network = CamNetwork(encoder, 3).eval()
    images = torch.randn(2, 3, 32, 48)
    with torch.inference_mode():
        maps = network(images)
        features = encoder(images)
        theta = network.classifier.weight[:, :, 0, 0]
        expected = torch.einsum("kc,nchw->nkhw", theta, features)
        # Pooling is linear: the logits may be computed from maps or from pooled features.
        from_features = features.mean(dim=(2, 3)) @ theta.T
    assert maps.shape == (2, 3, 2, 3)
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(class_logits(maps), from_features, rtol=1e-4, atol=1e-4)


def test_a_warm_head_is_the_centred_mean_of_the_imagenet_rows(encoder: Encoder) -> None:
    network = CamNetwork(encoder, 2)
    park_bench, studio_couch = 703, 831
    init_head_from_imagenet(network, [[park_bench, studio_couch], []])
    rows = encoder.imagenet_rows
    assert rows is not None
    expected = (rows[park_bench] + rows[studio_couch]) / 2 - rows.mean(dim=0)
    torch.testing.assert_close(network.classifier.weight[0, :, 0, 0], expected)
    assert torch.all(network.classifier.weight[1] == 0)


def test_a_warm_head_needs_pretrained_weights() -> None:
    network = CamNetwork(load_encoder(BackboneConfig(name="lite0", pretrained=False)), 1)
    with pytest.raises(ValueError, match="head_init = random"):
        init_head_from_imagenet(network, [[281]])


@pytest.mark.parametrize(("statistics", "moves"), [("batch", True), ("frozen", False)])
def test_frozen_statistics_stay_while_their_scales_are_trained(
    statistics: BatchStatistics, moves: bool
) -> None:
    network = CamNetwork(load_encoder(BackboneConfig(name="lite0")), 2, batch_statistics=statistics).train()
    norm = next(module for module in network.modules() if isinstance(module, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    network(torch.randn(2, 3, 32, 32)).sum().backward()
    assert torch.equal(norm.running_mean, before) is not moves
    assert norm.weight.grad is not None


def test_group_normalisation_replaces_every_batch_normalisation(encoder: Encoder) -> None:
    network = CamNetwork(
        load_encoder(BackboneConfig(name="lite0", pretrained=False)), 2, batch_statistics="group"
    ).train()
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    alone = network(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert alone.shape == (1, 2, 2, 2)


def test_group_normalisation_keeps_scale_and_shift() -> None:
    norm = nn.BatchNorm2d(6)
    nn.init.constant_(norm.weight, 2.0)
    nn.init.constant_(norm.bias, 3.0)
    network = nn.Sequential(nn.Conv2d(1, 6, 1), norm)
    set_normalization(network, "group")
    assert isinstance(network[1], nn.GroupNorm)
    assert (network[1].weight.unique().item(), network[1].bias.unique().item()) == (2.0, 3.0)
    # The greatest number of groups, 32 at most, that divides the channels.
    assert network[1].num_groups == 2


def test_keep_frozen_touches_only_batch_normalisation() -> None:
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout()).train()
    keep_frozen(network)
    assert [module.training for module in network] == [False, True]

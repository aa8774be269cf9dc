"""The edge branch: any encoder, any picture size, and an encoder that stays as it is."""

import pytest
import torch

from trainer.nn.affinity import EdgeNetwork
from trainer.nn.encoders import build_encoder


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return EdgeNetwork(build_encoder("lite0"))


@pytest.mark.parametrize("size", [(1, 1), (32, 48), (37, 50), (4, 65)])
def test_pictures_of_any_size_get_one_logit_per_four_pixels(network, size):
    logits = network.eval()(torch.zeros(2, 3, *size))
    assert logits.shape == (2, -(-size[0] // 4), -(-size[1] // 4))


@pytest.mark.parametrize("name", ["resnet50", "resnest50"])
def test_widths_come_from_the_encoder(name):
    network = EdgeNetwork(build_encoder(name))
    assert [branch[0].in_channels for branch in network.branches] == [64, 256, 512, 1024, 2048]
    assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 8, 8)


def test_training_changes_the_branch_alone(network):
    before = {name: tensor.clone() for name, tensor in network.encoder.state_dict().items()}
    network.train()
    network(torch.rand(2, 3, 32, 32)).sum().backward()
    assert all(parameter.grad is None for parameter in network.encoder.parameters())
    assert all(parameter.grad is not None for parameter in network.branches.parameters())
    for name, tensor in network.encoder.state_dict().items():
        assert torch.equal(tensor, before[name]), name

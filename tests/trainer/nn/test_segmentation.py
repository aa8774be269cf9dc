"""DeepLabv3+ on our encoders."""

import pytest
import torch
from torch import nn

from trainer.nn.encoders import build_encoder
from trainer.nn.segmentation import SegmentationNetwork


def batch_norms(module):
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


@pytest.mark.parametrize("size", [(1, 1), (32, 48), (37, 50)])
def test_pictures_of_any_size_get_logits_of_their_size(size):
    network = SegmentationNetwork(build_encoder("lite0"), 4).eval()
    assert network(torch.zeros(2, 3, *size)).shape == (2, 4, *size)


@pytest.mark.parametrize(("name", "stride"), [("resnest50", 16), ("lite0", 8)])
def test_other_encoders_and_strides_fit_too(name, stride):
    network = SegmentationNetwork(build_encoder(name, output_stride=stride), 3).eval()
    assert network(torch.zeros(1, 3, 32, 48)).shape == (1, 3, 32, 48)


def test_an_encoder_of_stride_32_is_refused():
    with pytest.raises(ValueError, match="output stride 8 or 16, but its is 32"):
        SegmentationNetwork(build_encoder("lite0", output_stride=32), 3)


def test_frozen_statistics_stay_while_the_decoder_normalises_by_groups():
    network = SegmentationNetwork(build_encoder("lite0"), 3, batch_statistics="frozen").train()
    before = {name: buffer.clone() for name, buffer in network.encoder.named_buffers()}
    network(torch.rand(1, 3, 32, 32)).sum().backward()
    assert not batch_norms(network.decoder)
    assert batch_norms(network.encoder)
    for name, buffer in network.encoder.named_buffers():
        assert torch.equal(buffer, before[name]), name
    assert all(parameter.grad is not None for parameter in network.encoder.network.conv_stem.parameters())


def test_the_decoder_can_keep_batch_statistics():
    network = SegmentationNetwork(build_encoder("lite0"), 3, decoder_statistics="batch").train()
    assert all(norm.training for norm in batch_norms(network.decoder))
    assert not any(norm.training for norm in batch_norms(network.encoder))

"""DeepLabv3+ on our encoders."""

import pytest
import torch
from torch import nn

from trainer.nn.depthwise import DepthwiseConv2d
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
    with pytest.raises(ValueError, match="output stride 8 or 16, but this one has 32"):
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


def test_a_frozen_encoder_gets_no_gradient_and_keeps_its_weights_and_statistics():
    network = SegmentationNetwork(
        build_encoder("lite0"),
        3,
        batch_statistics="batch",
        decoder_statistics="batch",
        is_encoder_trained=False,
    ).train()
    before = {name: tensor.clone() for name, tensor in network.encoder.state_dict().items()}
    network(torch.rand(2, 3, 64, 64)).sum().backward()
    assert not any(parameter.requires_grad for parameter in network.encoder.parameters())
    assert all(parameter.grad is not None for parameter in network.decoder.parameters())
    for name, tensor in network.encoder.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_the_pyramid_reads_the_features_that_the_classifier_reads():
    encoder = build_encoder("lite0").eval()
    pictures = torch.rand(1, 3, 64, 64)
    stages, features = encoder.stages_and_features(pictures)
    torch.testing.assert_close(features, encoder(pictures))
    for stage, expected in zip(stages, encoder.stages(pictures), strict=True):
        torch.testing.assert_close(stage, expected)
    assert features.shape[1] == encoder.channels
    seen = []
    network = SegmentationNetwork(encoder, 3).eval()
    network.decoder.aspp.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    network(pictures)
    torch.testing.assert_close(seen[0], features)


def test_the_dilated_convolutions_of_the_pyramid_take_the_fast_way_back():
    decoder = SegmentationNetwork(build_encoder("lite0"), 3).decoder
    dilated = [
        part
        for part in decoder.modules()
        if isinstance(part, nn.Conv2d) and part.groups > 1 < part.dilation[0]
    ]
    assert [part.dilation[0] for part in dilated] == [6, 12, 18]
    assert all(isinstance(part, DepthwiseConv2d) for part in dilated)

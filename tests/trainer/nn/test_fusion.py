"""Folded batch normalisation computes the same."""

import copy

import pytest
import timm
import torch
from torch import nn

from trainer.nn.affinity import EdgeNetwork
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.nn.fusion import FoldedCopy, fold_batch_norm
from trainer.nn.pixels import PixelNetwork
from trainer.nn.segmentation import SegmentationNetwork


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


def _encoder():
    return _with_lively_statistics(build_encoder("lite0"))


@pytest.mark.parametrize(
    "network",
    [
        lambda encoder: PixelNetwork(encoder, 3),
        EdgeNetwork,
        lambda encoder: SegmentationNetwork(encoder, 3, is_encoder_trained=False, decoder_dropout=0.0),
    ],
)
def test_networks_on_a_frozen_encoder_learn_from_its_folded_copy_and_store_the_encoder_as_it_is(network):
    encoder = _encoder()
    built = network(encoder).train()
    before = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    built(images)
    for name in ("forward", "stages", "stages_and_features"):
        setattr(encoder, name, lambda *_arguments: pytest.fail("The encoder itself was computed."))
    built(images).sum().backward()
    assert list(built.state_dict()) == list(before)
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, before[f"encoder.{name}"]), name
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_a_folded_copy_computes_what_the_network_does_and_follows_weights_that_are_loaded():
    encoder, images = _encoder(), torch.randn(1, 3, 64, 64)
    folded = FoldedCopy(encoder)
    with torch.no_grad():
        torch.testing.assert_close(folded.of(encoder)(images), encoder(images), atol=1e-4, rtol=1e-4)
        assert folded.of(encoder) is folded.of(encoder)
        other = {name: tensor * 0.9 for name, tensor in encoder.state_dict().items()}
        nn.ModuleDict({"encoder": encoder}).load_state_dict(
            {f"encoder.{name}": tensor for name, tensor in other.items()}
        )
        torch.testing.assert_close(folded.of(encoder)(images), encoder(images), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["lite0", "resnet50"])
def test_a_trained_network_with_frozen_statistics_gets_the_gradients_of_the_plain_one(name):
    torch.manual_seed(0)
    encoder = _with_lively_statistics(build_encoder(name))
    folded = CamNetwork(encoder, 2, batch_statistics="frozen").double().train()
    plain = copy.deepcopy(folded)
    images = torch.randn(2, 3, 64, 96, dtype=torch.float64)
    outputs = [folded(images), plain.classifier(plain.encoder(images))]
    torch.testing.assert_close(*outputs)
    for output in outputs:
        output.square().sum().backward()
    expected = dict(plain.named_parameters())
    assert set(dict(folded.named_parameters())) == set(expected)
    for parameter_name, parameter in folded.named_parameters():
        grad = expected[parameter_name].grad
        scale = grad.abs().max().item()
        torch.testing.assert_close(parameter.grad, grad, rtol=1e-3, atol=1e-5 * scale, msg=parameter_name)


def test_a_segmentation_network_with_frozen_statistics_is_trained_folded_too():
    torch.manual_seed(0)
    network = SegmentationNetwork(_encoder(), 3, decoder_dropout=0.0).train()
    plain = copy.deepcopy(network)
    plain.encoder.eval()
    images = torch.randn(1, 3, 64, 64)
    stages, features = plain.encoder.stages_and_features(images)
    expected = plain.head(plain.decoder([images, *stages[:-1], features]))
    logits = network(images)
    torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-3)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in network.encoder.parameters())
